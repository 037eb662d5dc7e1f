import type { Backend } from '../../src/backend/backend.js';
import { loadNativeBackend } from '../../src/backend/native.js';
import { loadProcfsBackend } from '../../src/backend/procfs/index.js';
import type { Requirement } from './requirements.js';

export type TestedName = 'native' | 'procfs';

export const TESTED: readonly TestedName[] = ['native', 'procfs'];

const LOADERS: Record<TestedName, () => Backend> = { native: loadNativeBackend, procfs: loadProcfsBackend };

/** Whether the backend loads here: the addon may not be built. */
export function hasBackend(name: TestedName): Requirement {
  try {
    LOADERS[name]();
    return { available: true, reason: '' };
  } catch (error) {
    return { available: false, reason: (error as Error).message };
  }
}

/** A backend of its own, which has opened nothing yet. */
export function loadBackend(name: TestedName): Backend {
  return LOADERS[name]();
}
