// On Windows a witness is a file beside the lock. An owner that was killed leaves it behind.
import type { BesideName } from '../../backend/backend.js';
import { isGone } from '../../backend/system-error.js';
import type { LockPath } from './lock-path.js';
import { privateName } from './names.js';
import { PRIVATE_GRACE } from './ownerless.js';
import { LockView } from './view.js';

/**
 * Deletes a witness that nobody holds, unless a record still stands that it is the witness of: without it nothing
 * shows that the owner of that record is dead. An owner that holds it meanwhile keeps it, because the kernel deletes
 * no file that another program has open and does not share.
 */
export function sweepBeside(lockPath: LockPath, name: string, { lockName, inode }: BesideName): void {
  const { backend, parent } = lockPath;
  const { mtimeMs } = backend.files.statAt(parent, name);
  if (Math.abs(Date.now() - mtimeMs) <= PRIVATE_GRACE) return;
  const nonce = backend.openWitness?.readIfFree(parent, name) ?? null;
  if (nonce === null) return;
  // The private directory comes first, because it may become the lock.
  if (nonce !== '' && stands(lockPath.sibling(privateName(lockName, nonce)))) return;
  if (isWitnessOf(lockPath.sibling(lockName), inode)) return;
  backend.files.unlinkAt(parent, name);
}

function stands({ backend, parent, name }: LockPath): boolean {
  try {
    backend.files.statAt(parent, name);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** @throws NotALockError (ERR_NOT_A_LOCK) where something else stands in the lock's place. */
function isWitnessOf(lockPath: LockPath, inode: string): boolean {
  const view = LockView.open(lockPath);
  if (view === null) return false;
  const claims = view.otherClaims();
  try {
    return [view, ...claims].some(({ owner }) => owner?.status.inode === inode);
  } finally {
    for (const claim of claims) claim.close();
    view.close();
  }
}
