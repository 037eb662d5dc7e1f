// Clearing means to retire, unlink and remove a directory that another process made, because it was found
// stale. Reclaiming a lock means to clear the directory at the lock's own path and to publish an event. A
// sweep publishes none.
import { ownerAgeOf, type ReclaimedLock, reclaimEvent } from '../events.js';
import type { LockState } from './assess.js';
import { isRetiredName, retiredName } from './names.js';
import { newNonce } from './nonce.js';
import { removeDirectory, retireOwner, unlinkOwnFile } from './retire.js';
import type { LockView } from './view.js';

/**
 * Clears a directory that was found stale, through the descriptors on which it was judged.
 * @returns false when another process was faster.
 * @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY) when the directory holds other files. Nothing was touched.
 */
export function clearStale(view: LockView): boolean {
  view.refuseForeignFiles();
  const files = view.leftovers();
  if (view.owner !== null) {
    const nonce = newNonce();
    if (!retireOwner(view, nonce)) return false;
    files.push(retiredName(nonce));
  }
  view.closeOwner();
  const deleted = files.filter((name) => unlinkOwnFile(view, name));
  const isOursToRemove = deleted.length > 0 || files.length === 0;
  if (isOursToRemove) removeDirectory(view);
  return isOursToRemove || view.owner !== null;
}

/**
 * Reclaims a stale lock: clears it and publishes a reclaim event.
 * @param why the state in which it was found.
 * @returns as {@link clearStale}.
 */
export function reclaimStale(view: LockView, why: Pick<LockState, 'verdict' | 'description'>): boolean {
  const cleared = clearStale(view);
  if (cleared && reclaimEvent.isHeard) {
    const reclaimed = reclaimedFrom(view, why);
    if (reclaimed !== null) reclaimEvent.publish({ path: view.lockPath.path, ...reclaimed });
  }
  return cleared;
}

/**
 * Whose lock is taken by {@link reclaimStale}. null when another process has released or reclaimed it already: then it
 * only tidies up.
 */
export function reclaimedFrom(
  view: LockView,
  { verdict, description }: Pick<LockState, 'verdict' | 'description'>,
): ReclaimedLock | null {
  if (view.owner === null && view.leftovers().some(isRetiredName)) return null;
  return { owner: view.record, ownerAge: ownerAgeOf(view.record), verdict, description };
}
