/**
 * The place where a record stands, and what equal boot ids prove there. Copies of one running machine share
 * their boot id, their namespaces and the numbers of their processes. Where copies can meet, a process that
 * is missing here may therefore live in another copy.
 */
import { traitsOf } from '../backend/filesystem-traits.js';
import { compareBoot } from '../identity/compare.js';
import type { Judged } from './judged.js';
import type { Answer } from './rows.js';

/**
 * - `one-kernel`: a lock that its owner and the observer see on the same type of filesystem, which one kernel
 *   alone can have.
 * - `passed-through`: the same, but a FUSE daemon shows it, and what lies below may be shared.
 * - `shared`: a lock or a file on a filesystem that several kernels can have, as one of the two sees it. Two
 *   types that differ are two views of one directory, such as an overlay and its layer, and count as shared
 *   too.
 * - `file`: a file that is no lock, on a filesystem of one kernel. Where its writer saw it is not recorded.
 * - `unseen`: a lock that its owner recorded on a filesystem of one kernel, while the observer has no file.
 * - `unknown`: nothing is known.
 */
export type Place = 'one-kernel' | 'passed-through' | 'shared' | 'file' | 'unseen' | 'unknown';

export function placeOf({ record, seen }: Judged): Place {
  const { filesystem: recorded, nonce } = record;
  const { filesystem } = seen;
  if (filesystem === null) {
    return recorded === null ? 'unknown' : traitsOf(recorded).oneKernel ? 'unseen' : 'shared';
  }
  const { oneKernel, passesThrough } = traitsOf(filesystem);
  if (!oneKernel) return 'shared';
  if (recorded === filesystem) return passesThrough ? 'passed-through' : 'one-kernel';
  // A record without a nonce is in no lock.
  return recorded === null && nonce === null ? 'file' : 'shared';
}

/** The answer if the end of a process counts as the death of the owner here, else null. */
export function countedDeath(judged: Judged, answer: Answer): Answer | null {
  switch (placeOf(judged)) {
    case 'passed-through':
      return { ...answer, certainty: 'assumed' };
    case 'shared':
      return isDeathAssumed(judged) ? { ...answer, certainty: 'assumed' } : null;
    default:
      return answer;
  }
}

/**
 * True where a death counts although only equal boot ids suggest it and a copy of the machine may be at work:
 * the caller trusts the boot id, or the lock that is seen records no lease, so that nothing else would ever
 * decide.
 */
export function isDeathAssumed({ record, seen, options }: Judged): boolean {
  if (options.trustBootId === true) return true;
  return record.nonce !== null && seen.filesystem !== null && record.lease === null;
}

/**
 * True when the boot ids are equal and prove one boot. A file that is mounted over boot_id can be equal on
 * two machines, so it proves that only together with a filesystem of one kernel.
 */
export function bootDecides(judged: Judged): boolean {
  const { identity, seen } = judged;
  if (compareBoot(identity, seen.self) !== 'same') return false;
  return isSameKernel(judged) || placeOf(judged) === 'one-kernel';
}

/** True when the boot ids are equal and the kernel's own. */
export function isSameKernel({ identity, seen }: Judged): boolean {
  return (
    compareBoot(identity, seen.self) === 'same' &&
    identity.bootIdNative === true &&
    seen.self.bootIdNative === true
  );
}
