import { ownerAgeOf, reclaimEvent } from '../events.js';
import type { LockState } from './assess.js';
import { isRetiredName, retiredName } from './names.js';
import { newNonce } from './nonce.js';
import { removeDirectory, retireOwner, unlinkOwnFile } from './retire.js';
import type { LockView } from './view.js';

/**
 * Frees a lock that was found stale, through the descriptors on which it was judged.
 * @returns false: somebody else was faster.
 * @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY) before anything is touched, when the directory holds other files.
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

/** {@link clearStale} for a lock, of which whoever listens is told; `standing` is why it was found stale. */
export function reclaimStale(view: LockView, standing: Pick<LockState, 'verdict' | 'description'>): boolean {
  // What somebody else has released or reclaimed already is only tidied up.
  const wasFree = view.owner === null && view.leftovers().some(isRetiredName);
  const cleared = clearStale(view);
  if (cleared && !wasFree && reclaimEvent.isHeard) {
    const { verdict, description } = standing;
    const owner = view.record;
    reclaimEvent.publish({ path: view.place.path, owner, ownerAge: ownerAgeOf(owner), verdict, description });
  }
  return cleared;
}
