// Clearing means to retire, unlink and remove a directory that another process made, because it was found
// stale. Reclaiming a lock means to clear the directory at the lock's own path and to publish an event. A
// sweep publishes none.
import { ownerAgeOf, type ReclaimedLock, reclaimEvent } from '../events.js';
import type { LockState } from './assess.js';
import { isRetiredName, retiredName } from './names.js';
import { newNonce } from './nonce.js';
import { refuseUnlessRemovable } from './removable.js';
import { type Removal, removeDirectory, removeWithLast, retireOwner, unlinkOwnFile } from './retire.js';
import type { LockView } from './view.js';

/**
 * `cleared`: the owner is retired, and its directory gone. `remains`: the owner is retired, but the directory still holds
 * something. `crowded`: some of very many leftovers were deleted, and nothing else was touched. `overtaken`: another
 * process was faster. `replaced`: what stands there now was not judged yet.
 */
export type Clearing = 'cleared' | 'remains' | 'crowded' | 'overtaken' | 'replaced';

/**
 * Clears a directory that was found stale, through the descriptors on which it was judged.
 * @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY) when the directory holds other files; EACCES, EPERM or EROFS when this
 * process may not remove it. Nothing was touched then.
 */
export function clearStale(view: LockView): Clearing {
  view.refuseForeignFiles();
  const files = view.leftovers();
  refuseUnlessRemovable(view.lockPath, view.owner === null && files.length === 0);
  // Behind so many leftovers there may be files of somebody else. A retired record is nobody's, whatever else is there;
  // one of them stays, because it says that the lock is free.
  if (!view.isWhole() && deleteAll(view, files.filter(isRetiredName).slice(1)) > 0) return 'crowded';
  if (view.owner !== null) {
    const nonce = newNonce();
    const isJudged = (claimed: string) => view.isUnchangedOwner(claimed);
    const retirement = retireOwner(view, view.ownerName, nonce, isJudged);
    if (retirement !== 'retired') return retirement === 'gone' ? 'overtaken' : 'replaced';
    files.push(retiredName(nonce));
    view.lockPath.backend.openWitness?.forget(view.owner.descriptor);
  }
  view.closeOwner();
  const removal = removeWith(view, files);
  if (removal !== 'gone') return removal === 'removed' ? 'cleared' : 'remains';
  return view.owner !== null ? 'remains' : 'overtaken';
}

/** Deletes the files and then the directory. `gone`: others have deleted all of them, and go on to remove the directory. */
function removeWith(view: LockView, files: readonly string[]): Removal | 'gone' {
  const last = files.at(-1);
  if (last === undefined) return removeDirectory(view);
  const deleted = deleteAll(view, files.slice(0, -1));
  const removal = removeWithLast(view, last);
  return removal === 'gone' && deleted > 0 ? removeDirectory(view) : removal;
}

/** @returns how many of the files this process deleted. */
function deleteAll(view: LockView, names: readonly string[]): number {
  return names.filter((name) => unlinkOwnFile(view, name)).length;
}

/** True when this process has freed the lock, even if its directory is still there. */
export function hasFreed(clearing: Clearing): boolean {
  return clearing === 'cleared' || clearing === 'remains';
}

/**
 * Reclaims a stale lock: clears it and publishes a reclaim event.
 * @param why the state in which it was found.
 * @returns as {@link clearStale}.
 */
export function reclaimStale(view: LockView, why: Pick<LockState, 'verdict' | 'description'>): Clearing {
  const clearing = clearStale(view);
  if (hasFreed(clearing) && reclaimEvent.isHeard) {
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
