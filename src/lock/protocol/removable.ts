// Checks before a directory is cleared that this process may also remove it. Otherwise it would delete the record and
// then be stopped by the last step, and leave an empty directory that names nobody.
import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
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
export function refuseUnlessRemovable({ lockPath }: OpenLockDirectory): void {
  const { parentPath, name } = lockPath;
  try {
    accessSync(parentPath, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (REFUSALS.has(errnoOf(error))) throw error;
  }
  if (!lockPath.backend.actsOnOpenDirectory) return;
  // Paths are asked because the descriptors of the addon mean nothing to the node:fs of Deno. What was renamed in
  // between is no danger: this only comes before the refusal of the kernel itself.
  const parent = attempt(() => statSync(parentPath));
  const user = process.geteuid?.();
  if (parent === null || (parent.mode & STICKY) === 0 || user === 0 || user === parent.uid) return;
  const directory = attempt(() => lstatSync(join(parentPath, name)));
  if (directory === null || user === directory.uid) return;
  const words = 'only its owner may remove a directory from a sticky one';
  throw systemError('EPERM', 'unlinkat', { path: name }, words);
}

/** null when it cannot be said: then the kernel refuses what it will not do. */
function attempt(stat: () => Stats): Stats | null {
  try {
    return stat();
  } catch {
    return null;
  }
}
