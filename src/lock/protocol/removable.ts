// Checks before a directory is cleared that this process may also remove it. Otherwise it would delete the record and
// then be stopped by the last step, and leave an empty directory that names nobody.
import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { errnoOf, systemError } from '../../backend/system-error.js';
import type { LockPath } from './lock-path.js';

/** The bit of a directory in which files are removed by their owners alone, such as /tmp (inode(7)). */
const STICKY = 0o1000;

/** The errors that say that this process cannot remove a name from a directory. Any other is of the moment. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EROFS', 'EPERM']);

/**
 * It asks about paths and not about open descriptors, because these may be known to the addon alone: fs.fstatSync of
 * Deno answers EBADF for them.
 * @throws EACCES or EROFS of the parent directory; EPERM where it is sticky and both directories are another
 * user's.
 */
export function refuseUnlessRemovable({ parentPath, name }: LockPath): void {
  try {
    accessSync(parentPath, constants.W_OK | constants.X_OK);
    if (mayRemove(parentPath, name)) return;
  } catch (error) {
    if (REFUSALS.has(errnoOf(error))) throw error;
    return;
  }
  throw systemError(
    'EPERM',
    'unlinkat',
    { path: name },
    'only its owner may remove a directory from a sticky one',
  );
}

function mayRemove(parentPath: string, name: string): boolean {
  const user = process.geteuid?.();
  const parent = statSync(parentPath);
  if ((parent.mode & STICKY) === 0 || user === 0 || user === parent.uid) return true;
  // path.join() would take away a "..", which may lead through a symbolic link.
  return user === lstatSync(`${parentPath}/${name}`).uid;
}
