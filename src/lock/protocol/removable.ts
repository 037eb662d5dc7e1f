// Checks before a directory is cleared that this process may also remove it. Otherwise it would delete the record and
// then be stopped by the last step, and leave an empty directory that names nobody.
import { accessSync, constants, fstatSync } from 'node:fs';
import { errnoOf, systemError } from '../../backend/system-error.js';
import type { OpenLockDirectory } from './retire.js';

/** The bit of a directory in which files are removed by their owners alone, such as /tmp (inode(7)). */
const STICKY = 0o1000;

/** The errors that say that this process cannot remove a name from a directory. Any other is of the moment. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EROFS', 'EPERM']);

/**
 * @throws EACCES or EROFS of the parent directory; EPERM where it is sticky and both directories are another
 * user's.
 */
export function refuseUnlessRemovable({ lockPath, directory }: OpenLockDirectory): void {
  try {
    accessSync(lockPath.parentPath, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (REFUSALS.has(errnoOf(error))) throw error;
  }
  // The descriptors of the portable backend are numbers of its own.
  if (!lockPath.backend.actsOnOpenDirectory) return;
  const parent = fstatSync(lockPath.parent);
  const user = process.geteuid?.();
  if ((parent.mode & STICKY) === 0 || user === 0 || user === parent.uid) return;
  if (user === fstatSync(directory).uid) return;
  const words = 'only its owner may remove a directory from a sticky one';
  throw systemError('EPERM', 'unlinkat', { path: lockPath.name }, words);
}
