// Checks before a directory is cleared that this process may also remove it. Otherwise it would delete the record and
// then be stopped by the last step, and leave an empty directory that names nobody.
import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { errnoOf, isSystemError, systemError } from '../../backend/system-error.js';
import type { LockPath } from './lock-path.js';

/** The bit of a directory in which files are removed by their owners alone, such as /tmp (inode(7)). */
const STICKY = 0o1000;

const NOT_WRITABLE =
  'permission denied: to reclaim a lock takes the right to write to it and to its parent directory, as root, its owner, or a group with umask 002 has';

/**
 * It asks about paths and not about open descriptors, because these may be known to the addon alone: fs.fstatSync of
 * Deno answers EBADF for them.
 * @param isEmpty nothing is to be deleted from the lock itself, whose mode does not count then.
 * @throws EACCES or EROFS of the parent directory or the lock; EPERM where the parent is sticky and both directories are
 * another user's.
 */
export function refuseUnlessRemovable({ parentPath, name }: LockPath, isEmpty: boolean): void {
  // path.join() would take away a "..", which may lead through a symbolic link.
  const path = `${parentPath}/${name}`;
  refuseUnlessWritable(parentPath);
  if (!isEmpty) refuseUnlessWritable(path);
  if (mayRemove(parentPath, path)) return;
  throw systemError(
    'EPERM',
    'unlinkat',
    { path: name },
    'only its owner may remove a directory from a sticky one',
  );
}

/** Other errors are of the moment. */
function refuseUnlessWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EACCES') throw systemError('EACCES', 'access', { path }, NOT_WRITABLE);
    if (code === 'EROFS' || code === 'EPERM') throw error;
  }
}

function mayRemove(parentPath: string, path: string): boolean {
  const user = process.geteuid?.();
  try {
    const parent = statSync(parentPath);
    if ((parent.mode & STICKY) === 0 || user === 0 || user === parent.uid) return true;
    return user === lstatSync(path).uid;
  } catch (error) {
    if (isSystemError(error)) return true;
    throw error;
  }
}
