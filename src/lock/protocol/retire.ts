// Retiring an owner means to rename its owner.json in two steps, the second of which frees the lock. Each release
// and each clearing begins with it. Two steps tidy up afterwards: unlinking deletes the retired file, and removing
// deletes the directory.
import type { Descriptor } from '../../backend/descriptor.js';
import { sleepSync } from '../../backend/sleep.js';
import { errnoOf, isGone, isSystemError } from '../../backend/system-error.js';
import { NotALockError } from '../../errors.js';
import type { LockPath } from './lock-path.js';
import { claimedName, isRetiredName, isShadowName, OWNER_FILE, retiredName } from './names.js';
import { newNonce } from './nonce.js';

/** How often the removal of a directory that holds nothing but shadows is retried, a millisecond apart. */
const SHADOW_PATIENCE = 50;

/** A lock directory that is held open, and the path at which it was found. */
export interface OpenLockDirectory {
  readonly lockPath: LockPath;
  readonly directory: Descriptor;
}

/**
 * `retired`: the lock is free. `gone`: another process took the file away. `replaced`: it was not the file that was
 * judged, and it has its name back, or keeps the claimed one, under which it is judged anew.
 */
export type Retirement = 'retired' | 'gone' | 'replaced';

/**
 * Frees the lock whose record stands under the name `from`. A program can replace the file between the verdict and a
 * rename. So the first rename, to `claimed.<nonce>`, frees nothing; only what is then found to be the judged file goes
 * on to `retired.<nonce>`. When several processes try, one succeeds.
 * @param isJudged compares the file of that name with the one that was judged.
 */
export function retireOwner(
  open: OpenLockDirectory,
  from: string,
  nonce: string,
  isJudged: (claimed: string) => boolean,
): Retirement {
  const claimed = claimedName(nonce);
  if (!renameOwn(open, from, claimed)) return 'gone';
  try {
    if (!isJudged(claimed)) {
      putBack(open, claimed);
      return 'replaced';
    }
  } catch (error) {
    if (isGone(error)) return 'gone';
    throw error;
  }
  const isRetired = renameOwn(open, claimed, retiredName(nonce));
  // The lock is free from here on. By path this rename may report ENOENT although it succeeded, because a waiter may
  // delete the directory as soon as the new name appears, before the check with which the call ends.
  return isRetired || !open.lockPath.backend.actsOnOpenDirectory ? 'retired' : 'gone';
}

/**
 * Gives a claimed owner.json its name back, unless there is another by now. Where the filesystem has neither
 * RENAME_NOREPLACE nor hard links, the file stays as it is, because it is judged under this name too.
 */
export function putBack(open: OpenLockDirectory, claimed: string): void {
  const { lockPath, directory } = open;
  const { files } = lockPath.backend;
  try {
    files.renameNoReplaceAt(directory, claimed, directory, OWNER_FILE);
    return;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (isGone(error) || error.code === 'EEXIST') return;
  }
  // link(2) leaves the claimed name in place. Its claimer could still free the lock by it, and what has its name back
  // would then be the record of nobody. So the claim is taken from it first.
  const taken = claimedName(newNonce());
  try {
    if (!renameOwn(open, claimed, taken)) return;
    // A process that is killed after this step leaves two names of one file, which are judged alike.
    files.linkAt(directory, taken, OWNER_FILE);
    // The owner may have released the file by its other name since.
    removeWithLast(open, taken);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
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
 * {@link unlinkOwnFile} of the last file, and {@link removeDirectory}.
 * @returns `gone` when another process deleted the file, and goes on to remove the directory.
 */
export function removeWithLast(lock: OpenLockDirectory, name: string): Removal | 'gone' {
  const { lockPath, directory } = lock;
  const { files } = lockPath.backend;
  try {
    if (files.unlinkLastAt === undefined) files.unlinkAt(directory, name);
    else if (files.unlinkLastAt(lockPath.parent, lockPath.name, directory, name)) return 'removed';
  } catch (error) {
    if (isGone(error)) return 'gone';
    throw error;
  }
  return removeDirectory(lock);
}

/** `shadows`: files that were deleted while open are still in the directory (FUSE, NFS). `occupied`: other files are. */
export type Removal = 'removed' | 'shadows' | 'occupied';

/**
 * Removes the directory if it is empty and still the one at its path. Otherwise it stays, which is no error.
 * @returns `removed` also when another process has removed it.
 * @throws NotALockError (ERR_NOT_A_LOCK) when a filesystem is mounted there.
 */
export function removeDirectory(lock: OpenLockDirectory): Removal {
  for (let waited = 0; ; waited += 1) {
    if (tryRemoveDirectory(lock)) return 'removed';
    if (waited === SHADOW_PATIENCE) return 'shadows';
    if (!holdsOnlyShadows(lock)) return 'occupied';
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
    if (code === 'EBUSY') throw new NotALockError(lockPath.path, MOUNT_POINT);
    throw error;
  }
}

/** What stands at a path whose directory cannot be one that mkdir(2) made there. */
export const MOUNT_POINT = 'a mount point, or the root of a subvolume';

/**
 * True as well for an empty directory: shadows vanish once the last close has reached the FUSE daemon. On Windows a file that
 * another process reads keeps its name until then, though it is deleted.
 */
function holdsOnlyShadows({ lockPath, directory }: OpenLockDirectory): boolean {
  const { files, actsOnOpenDirectory } = lockPath.backend;
  const isShadow = (name: string) => isShadowName(name) || (!actsOnOpenDirectory && isRetiredName(name));
  try {
    return files.list(directory, 10).every(isShadow);
  } catch (error) {
    if (isGone(error)) return true;
    throw error;
  }
}
