// Clearing means to retire, unlink and remove a directory that another process made, because it was found
// stale. Reclaiming a lock means to clear the directory at the lock's own path and to publish an event. A
// sweep publishes none.
import { ownerAgeOf, type ReclaimedLock, reclaimEvent } from '../events.js';
import type { LockState } from './assess.js';
import { isRetiredName, retiredName } from './names.js';
import { newNonce } from './nonce.js';
import { refuseUnlessRemovable } from './removable.js';
import { removeDirectory, retireOwner, unlinkOwnFile } from './retire.js';
import type { LockView } from './view.js';

/** `overtaken`: another process was faster. `replaced`: what stands there now was not judged yet. */
export type Clearing = 'cleared' | 'overtaken' | 'replaced';

/**
 * Clears a directory that was found stale, through the descriptors on which it was judged.
 * @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY) when the directory holds other files; EACCES, EPERM or EROFS when this
 * process may not remove it. Nothing was touched then.
 */
export function clearStale(view: LockView): Clearing {
  view.refuseForeignFiles();
  refuseUnlessRemovable(view);
  const files = view.leftovers();
  if (view.owner !== null) {
    const nonce = newNonce();
    const isJudged = (claimed: string) => view.isUnchangedOwner(claimed);
    const retirement = retireOwner(view, view.ownerName, nonce, isJudged);
    if (retirement !== 'retired') return retirement === 'gone' ? 'overtaken' : 'replaced';
    files.push(retiredName(nonce));
    view.lockPath.backend.openWitness?.forget(view.owner.descriptor);
  }
  view.closeOwner();
  const deleted = files.filter((name) => unlinkOwnFile(view, name));
  const isOursToRemove = deleted.length > 0 || files.length === 0;
  if (isOursToRemove) removeDirectory(view);
  return isOursToRemove || view.owner !== null ? 'cleared' : 'overtaken';
}

/**
 * Reclaims a stale lock: clears it and publishes a reclaim event.
 * @param why the state in which it was found.
 * @returns as {@link clearStale}.
 */
export function reclaimStale(view: LockView, why: Pick<LockState, 'verdict' | 'description'>): Clearing {
  const clearing = clearStale(view);
  if (clearing === 'cleared' && reclaimEvent.isHeard) {
    const reclaimed = reclaimedFrom(view, why);
    if (reclaimed !== null) reclaimEvent.publish({ path: view.lockPath.path, ...reclaimed });
  }
  return clearing;
}

/**
 * Describes the lock that {@link reclaimStale} takes. null when another process has released or reclaimed it
 * already, so that nothing but its remains are removed.
 */
export function reclaimedFrom(
  view: LockView,
  { verdict, description }: Pick<LockState, 'verdict' | 'description'>,
): ReclaimedLock | null {
  if (view.owner === null && view.leftovers().some(isRetiredName)) return null;
  return { owner: view.record, ownerAge: ownerAgeOf(view.record), verdict, description };
}
