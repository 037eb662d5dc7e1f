import { BackendUnavailableError } from '../errors.js';
import type { Backend, BackendName } from './backend.js';
import { loadNativeBackend } from './native.js';
import { loadProcfsBackend } from './procfs/index.js';

/** A backend and why it is this one, in words for the diagnostics dump. */
export interface SelectedBackend {
  readonly backend: Backend;
  readonly reason: string;
}

const LOADERS: Readonly<Record<string, () => Backend>> = {
  native: loadNativeBackend,
  procfs: loadProcfsBackend,
};

let selected: SelectedBackend | undefined;

/**
 * The backend of this thread, chosen at the first call: the addon where it loads, else plain Node on /proc.
 * `KERNEL_IDENTITY_BACKEND` forces one; a forced backend that cannot load throws ERR_BACKEND_UNAVAILABLE.
 */
export function selectBackend(): SelectedBackend {
  selected ??= choose(process.env.KERNEL_IDENTITY_BACKEND ?? '');
  return selected;
}

/** {@link selectBackend} without the reason. */
export function currentBackend(): Backend {
  return selectBackend().backend;
}

function choose(forced: string): SelectedBackend {
  if (forced !== '') {
    return { backend: loadForced(forced), reason: 'forced by KERNEL_IDENTITY_BACKEND' };
  }
  const failures: string[] = [];
  for (const name of ['native', 'procfs'] satisfies BackendName[]) {
    try {
      const backend = LOADERS[name]?.();
      if (backend !== undefined) {
        return { backend, reason: failures.length === 0 ? 'the addon loaded' : failures.join('; ') };
      }
    } catch (error) {
      failures.push(`${name} backend: ${messageOf(error)}`);
    }
  }
  throw new BackendUnavailableError(`no backend can be loaded: ${failures.join('; ')}`);
}

function loadForced(name: string): Backend {
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (load === undefined) {
    throw new BackendUnavailableError(
      `KERNEL_IDENTITY_BACKEND=${name} is not one of: ${Object.keys(LOADERS).join(', ')}`,
    );
  }
  try {
    return load();
  } catch (error) {
    throw new BackendUnavailableError(
      `KERNEL_IDENTITY_BACKEND=${name} asks for a backend that cannot load: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
