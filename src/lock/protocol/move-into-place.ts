// The step by which a lock appears: a prepared directory gets the lock's name, which must be free.
import type { Descriptor } from '../../backend/descriptor.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { errnoOf, isGone, lacksNoReplace } from '../../backend/system-error.js';
import type { LockPath } from './lock-path.js';
import { LockView } from './view.js';

/** @returns false when another process has the lock. */
export function moveIntoPlace(draft: LockPath, lockPath: LockPath, nonce: string): boolean {
  try {
    lockPath.backend.files.renameNoReplaceAt(draft.parent, draft.name, lockPath.parent, lockPath.name);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST' || code === 'ENOTEMPTY') return false;
    if (lacksNoReplace(error)) return moveOverOwnDirectory(draft, lockPath, nonce);
    if (hasMovedDespite(error, lockPath, nonce)) return true;
    throw error;
  }
}

/**
 * Publishes in two steps: mkdir(2) decides which process may, and rename(2) then replaces the empty directory
 * that it has just made. The rename cannot replace a lock, because rename(2) refuses a directory that is not
 * empty.
 */
function moveOverOwnDirectory(draft: LockPath, lockPath: LockPath, nonce: string): boolean {
  const { files } = lockPath.backend;
  try {
    files.mkdirAt(lockPath.parent, lockPath.name);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    files.renameAt(draft.parent, draft.name, lockPath.parent, lockPath.name);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST' || code === 'ENOTEMPTY') return false;
    removeEmptyDirectory(lockPath);
    if (hasMovedDespite(error, lockPath, nonce)) return true;
    throw error;
  }
}

/** True when the rename happened although it reported an error of the network or the disk. */
function hasMovedDespite(error: unknown, lockPath: LockPath, nonce: string): boolean {
  return !isGone(error) && nonceAt(lockPath) === nonce;
}

/**
 * Checks that our directory is the one at the lock's path. It compares inodes where they are stable, and the
 * nonce in owner.json elsewhere.
 */
export function isPublished(lockPath: LockPath, directory: Descriptor, type: string, nonce: string): boolean {
  if (traitsOf(type).stableInodes) {
    try {
      if (lockPath.backend.files.isAt(lockPath.parent, lockPath.name, directory)) return true;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return nonceAt(lockPath) === nonce;
}

function nonceAt(lockPath: LockPath): string | null {
  const view = LockView.open(lockPath);
  try {
    return view?.record?.nonce ?? null;
  } finally {
    view?.close();
  }
}

function removeEmptyDirectory(lockPath: LockPath): void {
  try {
    lockPath.backend.files.rmdirAt(lockPath.parent, lockPath.name);
  } catch {
    // It is gone or not empty, so it is no longer ours to remove.
  }
}
