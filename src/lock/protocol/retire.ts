// Retiring an owner means to rename its owner.json, which frees the lock. Each release and each clearing
// begins with it. Two steps tidy up afterwards: unlinking deletes the retired file, and removing deletes the
// directory.
import type { Descriptor } from '../../backend/descriptor.js';
import { sleepSync } from '../../backend/sleep.js';
import { errnoOf, isGone } from '../../backend/system-error.js';
import type { LockPath } from './lock-path.js';
import { claimedName, isShadowName, OWNER_FILE, retiredName } from './names.js';

/** How often the removal of a directory that holds nothing but shadows is retried, a millisecond apart. */
const SHADOW_PATIENCE = 50;

/** A lock directory that is held open, and the path at which it was found. */
export interface OpenLockDirectory {
  readonly lockPath: LockPath;
  readonly directory: Descriptor;
}

/**
 * Renames owner.json through the descriptor of the directory that was judged. This one step frees the lock.
 * When several processes try, one succeeds.
 * @returns false when owner.json was gone.
 */
export function retireOwner(open: OpenLockDirectory, nonce: string): boolean {
  if (open.lockPath.backend.actsOnOpenDirectory) return renameOwn(open, OWNER_FILE, retiredName(nonce));
  // A rename by path can hit the directory of a successor; the backend then undoes it. The lock must not look
  // released before that is known, so the first name is `claimed`, which protects the lock for the grace.
  const claimed = claimedName(nonce);
  if (!renameOwn(open, OWNER_FILE, claimed)) return false;
  // The lock is free from here on. This rename may report ENOENT although it succeeded, because a waiter may
  // delete the directory as soon as the new name appears, before the check with which the call ends.
  renameOwn(open, claimed, retiredName(nonce));
  return true;
}

/** @returns false when `from` was gone. */
function renameOwn({ lockPath, directory }: OpenLockDirectory, from: string, to: string): boolean {
  try {
    lockPath.backend.files.renameAt(directory, from, directory, to);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Deletes the lock's own file `name` through the directory's descriptor. When several processes try, one
 * succeeds, and only that one goes on to remove the directory. If two removed an empty directory by its name,
 * the second could hit one that an older program has made in the meantime.
 * @returns false when the file was gone.
 */
export function unlinkOwnFile({ lockPath, directory }: OpenLockDirectory, name: string): boolean {
  try {
    lockPath.backend.files.unlinkAt(directory, name);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Removes the directory if it is empty and still the one at its path. Otherwise it stays, which is no error:
 * another process has removed it, or a file that was deleted while open has left a shadow in it (FUSE, NFS).
 */
export function removeDirectory(lock: OpenLockDirectory): void {
  for (let waited = 0; ; waited += 1) {
    if (tryRemoveDirectory(lock) || waited === SHADOW_PATIENCE || !holdsOnlyShadows(lock)) return;
    sleepSync(1);
  }
}

/** @returns false when the directory is not empty. */
function tryRemoveDirectory({ lockPath, directory }: OpenLockDirectory): boolean {
  const { files } = lockPath.backend;
  try {
    // An older program may have made an empty directory here a moment ago, so the inode is compared first.
    // Our open descriptor keeps its number from being used again.
    files.rmdirIfAt(lockPath.parent, lockPath.name, directory);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    const code = errnoOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    // sshfs reports EPERM for a directory that is not empty.
    if (code === 'EPERM' && files.list(directory, 1).length > 0) return false;
    throw error;
  }
}

/** True as well for an empty directory: shadows vanish once the last close has reached the FUSE daemon. */
function holdsOnlyShadows({ lockPath, directory }: OpenLockDirectory): boolean {
  try {
    return lockPath.backend.files.list(directory, 10).every(isShadowName);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}
