import type { Descriptor } from '../../backend/descriptor.js';
import { errnoOf, isGone } from '../../backend/system-error.js';
import { sleepSync } from '../../sleep.js';
import type { LockPath } from './lock-path.js';
import { claimedName, isShadowName, OWNER_FILE, retiredName } from './names.js';

/** Times that a directory with nothing but shadows in it is tried again, a millisecond apart. */
const SHADOW_PATIENCE = 50;

/** A lock directory that is held open, and the place where it stands. */
export interface OpenLockDirectory {
  readonly place: LockPath;
  readonly directory: Descriptor;
}

/**
 * Takes owner.json out of the lock through the descriptor of the directory that was judged: the one step by which a
 * lock becomes free. Of several that try, one succeeds.
 * @returns false: owner.json was gone.
 */
export function retireOwner(open: OpenLockDirectory, nonce: string): boolean {
  if (open.place.backend.actsOnOpenDirectory) return renameOwn(open, OWNER_FILE, retiredName(nonce));
  // By path the rename can meet a successor's directory, and is taken back then. Until that is known the lock must not
  // look released: a name that is not `retired` leaves it alone for the grace.
  const claimed = claimedName(nonce);
  if (!renameOwn(open, OWNER_FILE, claimed)) return false;
  // Now it is free whatever comes. This step may say `gone` though it was done: whoever waits removes the directory as
  // soon as the name appears, before the look that follows the call.
  renameOwn(open, claimed, retiredName(nonce));
  return true;
}

/** @returns false: `from` was gone. */
function renameOwn({ place, directory }: OpenLockDirectory, from: string, to: string): boolean {
  try {
    place.backend.files.renameAt(directory, from, directory, to);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Deletes the lock's own file `name` through the directory's descriptor. Of several that try, one succeeds: it alone
 * goes on to remove the directory. Two that remove one empty directory by its name could find there, the second time,
 * one that an older program has just made.
 * @returns false: it was gone.
 */
export function unlinkOwnFile({ place, directory }: OpenLockDirectory, name: string): boolean {
  try {
    place.backend.files.unlinkAt(directory, name);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Removes the directory if it is still the one at its place, and empty. That it is not is no error: somebody else
 * removed it, or a file deleted while open still casts its shadow (FUSE, NFS).
 */
export function removeDirectory(lock: OpenLockDirectory): void {
  for (let waited = 0; ; waited += 1) {
    if (tryRemoveDirectory(lock) || waited === SHADOW_PATIENCE || !holdsOnlyShadows(lock)) return;
    sleepSync(1);
  }
}

/** @returns false: it is not empty. */
function tryRemoveDirectory({ place, directory }: OpenLockDirectory): boolean {
  const { files } = place.backend;
  try {
    // Not the empty directory that an older program made a moment ago. Our descriptor keeps the inode from reuse.
    files.rmdirIfAt(place.parent, place.name, directory);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    const code = errnoOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    // sshfs says EPERM for a directory that is not empty.
    if (code === 'EPERM' && files.list(directory, 1).length > 0) return false;
    throw error;
  }
}

/** Nothing is left in it but shadows, which vanish as soon as the last close has reached the FUSE daemon, or nothing. */
function holdsOnlyShadows({ place, directory }: OpenLockDirectory): boolean {
  try {
    return place.backend.files.list(directory, 10).every(isShadowName);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}
