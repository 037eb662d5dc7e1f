import { compareIdentities } from '../identity/compare.js';
import { probeIdentity } from '../identity/read.js';
import type { Reason } from '../judge/verdict.js';
import type { SearchedLock } from './holder-search.js';

/** True when the recorded process lives here. A number that a lock alone keeps alive may be anybody's. */
export function isHeldByRecorded({ owner, verdict }: Pick<SearchedLock, 'owner' | 'verdict'>): boolean {
  if (owner === null || owner.pid === null || verdict?.state !== 'alive') return false;
  if (owner.identity === null) return LEGACY_PROCESS.has(verdict.reason);
  const found = probeIdentity(owner.pid);
  return found !== null && compareIdentities(owner.identity, found) === 'same';
}

/** The reasons by which the process with the recorded number is the owner. */
const LEGACY_PROCESS: ReadonlySet<Reason> = new Set(['legacy-start-matches', 'legacy-born-before-record']);
