import { NotALockError } from '../../errors.js';
import { type ForeignLock, openForeign, openForeignDirectory } from '../../formats/foreign-lock.js';
import type { LockPath } from './lock-path.js';
import { LockView } from './view.js';

/** Most openings of a path at which files and directories take turns. */
const ATTEMPTS = 8;

/**
 * Opens what stands at the path: a lock directory, or a file or symbolic link. A directory without owner.json is one of a
 * lock, whatever is in it.
 * @returns null when the path does not exist.
 * @throws NotALockError (ERR_NOT_A_LOCK) for a directory whose owner.json no lock wrote; system errors.
 */
export function openLockOrFile(lockPath: LockPath): LockView | ForeignLock | null {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return LockView.open(lockPath);
    } catch (error) {
      if (!(error instanceof NotALockError)) throw error;
      const foreign = openForeign(lockPath);
      if (foreign !== 'directory') return foreign;
      // The error is about the directory's owner.json, or about a file that stood here before the directory.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Opens also a directory that another program uses as a lock, which is judged and reclaimed, but at whose path no lock is
 * acquired. Otherwise like {@link openLockOrFile}.
 */
export function openLock(lockPath: LockPath): LockView | ForeignLock | null {
  const found = openLockOrFile(lockPath);
  if (!(found instanceof LockView) || found.owner !== null) return found;
  let isFound = false;
  try {
    const foreign = openForeignDirectory(lockPath);
    isFound = foreign === null;
    return foreign ?? found;
  } finally {
    if (!isFound) found.close();
  }
}
