// Publishing means to prepare the directory of a lock under a private name and then to rename it to the
// lock's path. Discarding means to delete it again when that fails.
import type { FileOperations, OpenDirectory, OpenFile } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { typeOfFile } from '../../backend/fuse-type.js';
import { isGone, isRefusedByNode, isShortage, isSystemError } from '../../backend/system-error.js';
import { formatOwnerRecord, type NewOwnerRecord } from '../../record/format.js';
import type { WitnessRecord } from '../../record/owner-record.js';
import type { LockPath } from './lock-path.js';
import { isPublished, moveIntoPlace } from './move-into-place.js';
import { NEW_OWNER_FILE, OWNER_FILE, privateName } from './names.js';
import { newRecord, type RecordOptions } from './new-record.js';
import { newNonce } from './nonce.js';
import {
  InheritableLifeline,
  needsOwnLifeline,
  type OwnLifeline,
  ownOffset,
  SharedLifeline,
} from './own-lifeline.js';
import { removeDirectory, unlinkOwnFile } from './retire.js';

/** A lock that this process holds: its directory, its owner.json, and what was written there. */
export interface PublishedLock {
  readonly lockPath: LockPath;
  readonly record: NewOwnerRecord;
  /** The text of owner.json. */
  readonly content: string;
  /** Descriptor of the lock directory. */
  readonly directory: Descriptor;
  /** The device and inode that identify the directory. */
  readonly directoryId: Pick<OpenDirectory, 'device' | 'inode'>;
  /** The open owner.json. The witness is a lock on its descriptor. */
  readonly owner: OpenFile;
  /** The lifeline of the lock's own. null when it has none. */
  readonly lifeline: OwnLifeline | null;
}

export interface PublishOptions extends RecordOptions {
  /** No witness is taken, because the processes that shall hold the lock share only its lifeline. */
  readonly withoutWitness?: boolean | undefined;
}

/** `swept`: another process swept our private directory, so try again. `contended`: the lock is not free. */
export type PublishResult = PublishedLock | 'swept' | 'contended';

/**
 * Makes a complete lock directory under a private name, with the witness already taken, and publishes it in
 * one step. No other process ever sees the lock without its owner.
 */
export function publishLock(lockPath: LockPath, options: PublishOptions): PublishResult {
  const nonce = newNonce();
  const draft = lockPath.sibling(privateName(lockPath.name, nonce));
  const { files } = lockPath.backend;
  const made = files.createDirectoryAt(draft.parent, draft.name);
  if (made === null) return 'swept';
  const directory = made.descriptor;
  let owner: OpenFile | null = null;
  let lifeline: OwnLifeline | null = null;
  let published = false;
  try {
    owner = files.createAt(directory, NEW_OWNER_FILE);
    const type = typeOfFile(owner);
    const witness = options.withoutWitness === true ? null : takeWitness(lockPath, made, owner);
    // The lifeline of a lock that may be handed over must be one that a child process can inherit.
    if (options.handOver === true) {
      lifeline = InheritableLifeline.take(lockPath.backend, ownOffset(nonce, owner.status));
    } else if (needsOwnLifeline(type, witness)) {
      lifeline = SharedLifeline.take(lockPath.backend, ownOffset(nonce, owner.status));
    }
    const record = newRecord(nonce, options, type, witness, lifeline?.text ?? null);
    const content = formatOwnerRecord(record);
    files.write(owner.descriptor, content);
    shareWithOthers(files, owner.descriptor, directory);
    files.renameAt(directory, NEW_OWNER_FILE, directory, OWNER_FILE);
    if (!moveIntoPlace(draft, lockPath, nonce)) return 'contended';
    published = isPublished(lockPath, directory, type, nonce);
    if (!published) return 'contended';
    return { lockPath, record, content, directory, directoryId: made, owner, lifeline };
  } catch (error) {
    // Another process swept our private directory while this one was stopped for longer than the grace.
    if (isGone(error) && wasSwept(draft, owner)) return 'swept';
    throw error;
  } finally {
    if (!published) {
      discard(draft, lockPath, directory, owner);
      lifeline?.drop();
    }
  }
}

/**
 * Write-locks owner.json and checks that other processes can see the lock.
 * @returns null when locks do not work on this system or on this file.
 */
function takeWitness({ backend }: LockPath, directory: OpenDirectory, owner: OpenFile): WitnessRecord | null {
  const { descriptor, status, filesystem } = owner;
  if (!traitsOf(filesystem.type).testableWitness || !backend.capabilities().takeWitness.available)
    return null;
  try {
    backend.witness.take(descriptor);
  } catch (error) {
    if (isShortage(error)) throw error;
    return null;
  }
  // A sandbox (gVisor) may grant a lock that others do not see, so a second file description tests it.
  if (backend.witness.testAt(directory.descriptor, NEW_OWNER_FILE, filesystem.type) !== 'held') return null;
  // An overlay that cannot keep the numbers of its directories gives them a device of their own.
  const isStable = directory.device === status.device;
  return {
    device: status.device,
    fsid: filesystem.fsid,
    inode: status.inode,
    directory: isStable ? directory.inode : null,
  };
}

/** Lets others read the record and judge it. Nobody but its user and group can write it, whatever the umask. */
function shareWithOthers(files: FileOperations, owner: Descriptor, directory: Descriptor): void {
  try {
    files.takeModeOf(owner, directory);
  } catch (error) {
    // FAT has no modes, NFS may refuse root, and Node's permission model refuses every fchmod(2). The lock itself does
    // not depend on them: without, other users cannot read who holds it.
    if (!isSystemError(error) && !isRefusedByNode(error)) throw error;
  }
}

/** Deletes our directory when it was not published, or when it is not at the lock's path after all. */
function discard(draft: LockPath, lockPath: LockPath, directory: Descriptor, owner: OpenFile | null): void {
  const { files } = draft.backend;
  try {
    // NFS and FUSE leave a shadow of a file that is deleted while open, and the directory would not be empty.
    if (owner !== null) files.close(owner.descriptor);
    const open = { lockPath: draft, directory };
    unlinkOwnFile(open, NEW_OWNER_FILE);
    unlinkOwnFile(open, OWNER_FILE);
    removeDirectory(open);
    removeDirectory({ lockPath, directory });
  } catch {
    // The disk is full or fails. The next sweep finds what is left.
  } finally {
    files.close(directory);
  }
}

/** True when another process has removed the private directory, or has so far only deleted the file in it. */
function wasSwept(draft: LockPath, owner: OpenFile | null): boolean {
  const { files } = draft.backend;
  try {
    if (owner !== null && files.statDescriptor(owner.descriptor).links === 0) return true;
    files.statAt(draft.parent, draft.name);
    return false;
  } catch {
    return true;
  }
}
