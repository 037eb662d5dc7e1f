// A lock is prepared under a private name, and gets its own when the kernel's lock and the record are there. So whoever is
// killed in between leaves nothing at the lock's path, and whoever stood still finds nobody else's directory there for its
// own.
import type { OpenDirectory } from '../backend/backend.js';
import { PRIVATE_NAME_EXTRA, privateName } from '../backend/private-name.js';
import { errnoOf, isGone, isShortage, isSystemError, lacksNoReplace } from '../backend/system-error.js';
import type { LockPath } from '../lock/protocol/lock-path.js';
import { newNonce } from '../lock/protocol/nonce.js';
import { formatDirectoryRecord, newDirectoryRecord } from './directory-record.js';
import { fitsWith } from './guard.js';
import { KernelMade } from './kernel-made.js';
import { Making } from './making.js';

/** The name in the private names of a lock's directories. Locks with long names share one in each directory. */
export function nameInDrafts(lockName: string): string {
  return fitsWith(lockName, PRIVATE_NAME_EXTRA) ? lockName : 'lock';
}

/**
 * Makes the lock's directory.
 * @returns null when another has the lock, or this process stood still for so long that its directory had grown old; `refused`
 * where nothing can be renamed without replacing.
 * @throws EMFILE, ENOLCK and other system errors. Nothing is left then, unless the removal fails as well.
 */
export function publishDraft(lockPath: LockPath, staleMs: number): KernelMade | 'refused' | null {
  const { files } = lockPath.backend;
  const { parent, name } = lockPath;
  const draftName = privateName(nameInDrafts(name), newNonce());
  const making = new Making(staleMs);
  const draft = files.createDirectoryAt(parent, draftName);
  // It stood still for so long that another process has swept it.
  if (draft === null) return null;
  let made: KernelMade | null = null;
  try {
    const isShown = showOwner(lockPath, draftName, draft);
    const isMoved = moveIntoPlace(lockPath, draftName);
    if (isMoved === 'refused') return isMoved;
    if (isMoved && !making.hasPaused()) made = new KernelMade(lockPath, draft, isShown);
    return made;
  } finally {
    if (made === null) discard(lockPath, draftName, draft);
  }
}

/**
 * Locks a byte of the new directory, and then writes into an attribute which one. A directory without an attribute is like
 * one of proper-lockfile, which is nobody's to take before its time is old and while there is a lock on it.
 * @returns whether others see the lock.
 * @throws EMFILE, ENFILE, ENOMEM or ENOLCK where descriptors or memory have run out.
 */
function showOwner({ backend, parent }: LockPath, draftName: string, draft: OpenDirectory): boolean {
  const { directoryWitness, files } = backend;
  if (directoryWitness === null) return false;
  const record = newDirectoryRecord(backend, draft);
  let isShown = false;
  try {
    directoryWitness.take(draft.descriptor, record.offset);
    // A sandbox (gVisor) may grant a lock that others do not see, so a second file description tests it.
    const other = files.openAt(parent, draftName);
    try {
      isShown = directoryWitness.test(other, record.offset) === 'held';
    } finally {
      files.close(other);
    }
    if (isShown) directoryWitness.writeRecord(draft.descriptor, formatDirectoryRecord(record));
  } catch (error) {
    if (!isSystemError(error) || isShortage(error)) throw error;
  }
  return isShown;
}

/** @returns false when the lock is not free, or another process has swept the draft. */
function moveIntoPlace({ backend, parent, name }: LockPath, draftName: string): boolean | 'refused' {
  try {
    // Without RENAME_NOREPLACE it would replace an empty directory, and so the lock of another.
    backend.files.renameNoReplaceAt(parent, draftName, parent, name);
    return true;
  } catch (error) {
    if (lacksNoReplace(error)) return 'refused';
    if (errnoOf(error) === 'EEXIST' || isGone(error)) return false;
    throw error;
  }
}

/** Removes the directory, under whichever name it stands. */
function discard({ backend, parent, name }: LockPath, draftName: string, draft: OpenDirectory): void {
  for (const one of [draftName, name]) {
    try {
      backend.files.rmdirIfAt(parent, one, draft.descriptor);
    } catch {
      // It has the other name. If no removal works, a later acquisition sweeps the draft.
    }
  }
  backend.files.close(draft.descriptor);
}
