import type { Backend } from '../../src/backend/backend.js';
import { loadNativeBackend } from '../../src/backend/native.js';
import { loadPortableBackend } from '../../src/backend/portable/index.js';
import { loadProcfsBackend } from '../../src/backend/procfs/index.js';
import type { Requirement } from './requirements.js';
import type { Unbranded } from './unbranded.js';

export type TestedBackend = Unbranded<Backend>;
export type TestedName = 'native' | 'procfs';
export type AnyName = TestedName | 'portable';

/** The backends that can identify processes. */
export const TESTED: readonly TestedName[] = ['native', 'procfs'];

/** Also the portable one, which cannot identify processes and leaves the decision to the lease. */
export const EVERY: readonly AnyName[] = [...TESTED, 'portable'];

const LOADERS: Record<AnyName, () => Backend> = {
  native: loadNativeBackend,
  procfs: loadProcfsBackend,
  portable: () => loadPortableBackend(),
};

/** Checks whether the backend loads on this machine: the addon may not have been built. */
export function hasBackend(name: AnyName): Requirement {
  try {
    LOADERS[name]();
    return { available: true, reason: '' };
  } catch (error) {
    return { available: false, reason: (error as Error).message };
  }
}

/**
 * Checks whether processes of a test that do not choose a backend get this one. `KERNEL_IDENTITY_BACKEND` may ask for
 * another, though this one loads too.
 */
export function usesBackend(name: AnyName): Requirement {
  const asked = process.env.KERNEL_IDENTITY_BACKEND ?? '';
  if (asked === '' || asked === name) return hasBackend(name);
  return {
    available: false,
    reason: `needs the backend ${name}, and KERNEL_IDENTITY_BACKEND asks for ${asked}`,
  };
}

/** Loads a fresh backend, which has opened nothing yet. */
export function loadBackend(name: AnyName): TestedBackend {
  return LOADERS[name]() as TestedBackend;
}
