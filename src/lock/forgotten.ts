import { whereTaken } from './call-site.js';
import type { PublishedLock } from './protocol/publish.js';

/**
 * Hears of locks whose handle was garbage-collected: nobody can release them any more. Such a lock stays held, because the
 * work for which it was taken may go on.
 */
const handles = new FinalizationRegistry(warnOfForgotten);

/** Call {@link unwatchHandle} when the lock is given up. `published` must not lead to the handle. */
export function watchHandle(handle: object, published: PublishedLock): void {
  handles.register(handle, published, handle);
}

export function unwatchHandle(handle: object): void {
  handles.unregister(handle);
}

function warnOfForgotten({ lockPath, record }: PublishedLock): void {
  const where = whereTaken(record.nonce);
  process.emitWarning(
    `the lock '${lockPath.path}' was never released, and nothing refers to its handle any more. ` +
      `It stays held until this process ends. Release it, or keep the handle for as long as the lock is meant.${where}`,
    { code: 'KERNEL_IDENTITY_LOCK_FORGOTTEN' },
  );
}
