import { randomBytes } from 'node:crypto';
import { removeDirectory, retireOwner, unlinkOwnFile } from './retire.js';
import type { LockView } from './view.js';

/**
 * Frees a lock that was found stale, through the descriptors on which it was judged.
 * @returns false: somebody else was faster.
 * @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY) before anything is touched, when the directory holds other files.
 */
export function clearStale(view: LockView): boolean {
  view.refuseForeignFiles();
  if (view.owner !== null && !retireOwner(view, randomBytes(16).toString('hex'))) return false;
  for (const name of view.leftovers()) unlinkOwnFile(view, name);
  removeDirectory(view);
  return true;
}
