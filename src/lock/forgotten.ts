import { whereTaken } from './call-site.js';
import type { PublishedLock } from './protocol/publish.js';

/**
 * Hears of locks whose handle was garbage-collected: nobody can release them any more. Such a lock stays held, because the
 * work for which it was taken may go on.
 */
const handles = new FinalizationRegistry(warnOfForgotten);

/** Milliseconds. */
const SHORT_WORK = 100;
/**
 * Handles that are younger than that. The registry does not get them, because most locks are released before, and a
 * thousand entries a second would make V8's heap grow by 20 MB.
 */
const young = new Map<object, PublishedLock>();
let isTimerSet = false;

/** Call {@link unwatchHandle} when the lock is given up. `published` must not lead to the handle. */
export function watchHandle(handle: object, published: PublishedLock): void {
  young.set(handle, published);
  if (isTimerSet) return;
  isTimerSet = true;
  setTimeout(watchThoseThatLast, SHORT_WORK).unref();
}

export function unwatchHandle(handle: object): void {
  if (!young.delete(handle)) handles.unregister(handle);
}

function watchThoseThatLast(): void {
  isTimerSet = false;
  for (const [handle, published] of young) handles.register(handle, published, handle);
  young.clear();
}

function warnOfForgotten({ lockPath, record }: PublishedLock): void {
  const where = whereTaken(record.nonce);
  process.emitWarning(
    `the lock '${lockPath.path}' was never released, and nothing refers to its handle any more. ` +
      `It stays held until this process ends. Release it, or keep the handle for as long as the lock is meant.${where}`,
    { code: 'KERNEL_IDENTITY_LOCK_FORGOTTEN' },
  );
}
