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

/** Loads a fresh backend, which has opened nothing yet. */
export function loadBackend(name: AnyName): TestedBackend {
  return LOADERS[name]() as TestedBackend;
}
