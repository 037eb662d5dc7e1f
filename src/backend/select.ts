import { closeSync, openSync } from 'node:fs';
import { types } from 'node:util';
import { BackendUnavailableError } from '../errors.js';
import type { Backend, BackendName } from './backend.js';
import { loadNativeBackend } from './native.js';
import { loadPortableBackend } from './portable/index.js';
import { loadProcfsBackend } from './procfs/index.js';
import { isShortage, reasonOf, systemError } from './system-error.js';
import { loadThinBackend } from './thin/index.js';
import { whyNotProven } from './thin/proven.js';

/** A backend, and in words for the diagnostics dump the reason why it was selected. */
export interface SelectedBackend {
  readonly backend: Backend;
  readonly reason: string;
}

const LOADERS: Readonly<Record<BackendName, () => Backend>> = {
  native: () => (process.platform === 'linux' ? loadNativeBackend() : loadThinBackend()),
  procfs: loadProcfsBackend,
  portable: () => loadPortableBackend(),
};

/** Advice for a user whose forced backend does not load. */
const REMEDIES: Readonly<Record<BackendName, string>> = {
  native:
    'Reinstall the package for this platform, allow addons where they are refused (--allow-addons), or unset the variable',
  procfs: 'Mount /proc and allow reading it (--allow-fs-read), or unset the variable',
  portable: 'Unset the variable',
};

let selected: SelectedBackend | undefined;

/**
 * The backend of this thread, chosen at the first call. On Linux it is `native` where the addon loads, else
 * `procfs`. On Windows and macOS it is `native` where that addon was tested on such a machine, else, and on other systems,
 * `portable`. On Linux `portable` is used only when the user asks for it,
 * because it would judge by the little that it knows although the kernel knows more. The environment variable
 * `KERNEL_IDENTITY_BACKEND` forces one.
 * @throws {BackendUnavailableError} ERR_BACKEND_UNAVAILABLE: the forced backend, or on Linux either of the
 * two, cannot load. EMFILE, ENFILE or ENOMEM: descriptors or memory have run out; the next call chooses anew.
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
  if (process.platform !== 'linux') return chooseElsewhere();
  const failures: string[] = [];
  for (const name of ['native', 'procfs'] as const) {
    try {
      const backend = LOADERS[name]();
      return { backend, reason: failures.length === 0 ? 'the addon loaded' : failures.join('; ') };
    } catch (error) {
      refuseShortageOf(error);
      failures.push(`${name} backend: ${reasonOf(error)}`);
    }
  }
  throw new BackendUnavailableError(
    `no backend can be loaded: ${failures.join('; ')}. ` +
      'KERNEL_IDENTITY_BACKEND=portable needs neither, but cannot prove that an owner is dead: see docs/portable.md.',
  );
}

/** An addon that no such machine has run may crash while it is loaded, which no program can catch. So it is not tried. */
function chooseElsewhere(): SelectedBackend {
  const objection = whyNotProven();
  if (objection !== null) return { backend: loadPortableBackend(), reason: objection };
  try {
    return { backend: LOADERS.native(), reason: 'the addon loaded' };
  } catch (error) {
    refuseShortageOf(error);
    return { backend: loadPortableBackend(), reason: `native backend: ${reasonOf(error)}` };
  }
}

/**
 * Throws the shortage of descriptors or memory for which a backend did not load. Otherwise a process that is
 * short of them for a moment would do without its addon for life. Some loaders do not pass on why they
 * failed, so a descriptor is tried.
 */
function refuseShortageOf(error: unknown): void {
  for (let cause = error; types.isNativeError(cause); cause = cause.cause) {
    if (isShortage(cause)) throw cause;
    // The words of glibc and of musl for ENOMEM. A static TLS block that does not fit never will; its message goes on.
    if (/: (Cannot allocate memory|Out of memory)$/.test(cause.message))
      throw systemError('ENOMEM', 'dlopen');
  }
  try {
    closeSync(openSync('/dev/null', 'r'));
  } catch (refusal) {
    if (isShortage(refusal)) throw refusal;
  }
}

function loadForced(name: string): Backend {
  if (!isBackendName(name)) {
    const names = Object.keys(LOADERS).join(', ');
    throw new BackendUnavailableError(`KERNEL_IDENTITY_BACKEND=${name} is not one of: ${names}`);
  }
  try {
    return LOADERS[name]();
  } catch (error) {
    refuseShortageOf(error);
    throw new BackendUnavailableError(
      `KERNEL_IDENTITY_BACKEND=${name} asks for a backend that cannot load: ${reasonOf(error)}. ${REMEDIES[name]}.`,
      { cause: error },
    );
  }
}

function isBackendName(name: string): name is BackendName {
  return Object.hasOwn(LOADERS, name);
}
