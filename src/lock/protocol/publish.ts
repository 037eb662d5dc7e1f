import type { Filesystem, OpenDirectory, OpenFile } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isOneKernelFilesystem, traitsOf } from '../../backend/filesystem-traits.js';
import { errnoOf, isGone } from '../../backend/system-error.js';
import { currentObserver } from '../../identity/observer.js';
import { selfIdentity } from '../../identity/read.js';
import { formatOwnerRecord, type NewOwnerRecord } from '../../record/format.js';
import type { WitnessRecord } from '../../record/owner-record.js';
import type { LockPath } from './lock-path.js';
import { NEW_OWNER_FILE, OWNER_FILE, privateName } from './names.js';
import { newNonce } from './nonce.js';
import { removeDirectory, unlinkOwnFile } from './retire.js';
import { LockView } from './view.js';

/** A lock that this process holds, as the file system knows it. */
export interface PublishedLock {
  readonly place: LockPath;
  readonly record: NewOwnerRecord;
  /** Of owner.json. */
  readonly content: string;
  /** Descriptor of the lock directory. */
  readonly directory: Descriptor;
  /** What it is known by. */
  readonly directoryId: Pick<OpenDirectory, 'device' | 'inode'>;
  /** owner.json; the witness is a lock on this very descriptor. */
  readonly owner: OpenFile;
}

export interface PublishOptions {
  readonly label?: string;
  /** ms */
  readonly lease?: number;
}

/** ms */
const DEFAULT_LEASE = 30_000;

/** `swept`: somebody took our private directory for an orphan; try again. `contended`: the lock is not free. */
export type PublishResult = PublishedLock | 'swept' | 'contended';

/**
 * Makes a complete lock directory under a private name, its witness already taken, and lets it appear at its place
 * in one step, so that nobody ever sees a lock without its owner.
 */
export function publishLock(place: LockPath, options: PublishOptions): PublishResult {
  const nonce = newNonce();
  const draft = place.sibling(privateName(place.name, nonce));
  const { files } = place.backend;
  const made = files.createDirectoryAt(draft.parent, draft.name);
  if (made === null) return 'swept';
  const directory = made.descriptor;
  let owner: OpenFile | null = null;
  let published = false;
  try {
    owner = files.createAt(directory, NEW_OWNER_FILE);
    const { filesystem } = owner;
    const record = newRecord(nonce, options, filesystem, takeWitness(place, directory, owner));
    const content = formatOwnerRecord(record);
    files.write(owner.descriptor, content);
    files.renameAt(directory, NEW_OWNER_FILE, directory, OWNER_FILE);
    if (!moveIntoPlace(draft, place, nonce)) return 'contended';
    published = isAtPlace(place, directory, filesystem, nonce);
    if (!published) return 'contended';
    return { place, record, content, directory, directoryId: made, owner };
  } catch (error) {
    // Our private directory is gone: taken for an orphan while this process was stopped for longer than the grace.
    if (isGone(error) && wasSwept(draft, owner)) return 'swept';
    throw error;
  } finally {
    if (!published) discard(draft, place, directory, owner);
  }
}

/** Write-locks owner.json, and makes sure that others can see it. null: no lock works here, or not on this file. */
function takeWitness({ backend }: LockPath, directory: Descriptor, owner: OpenFile): WitnessRecord | null {
  const { descriptor, status, filesystem } = owner;
  if (!isOneKernelFilesystem(filesystem.type) || !backend.capabilities().takeWitness.available) return null;
  try {
    backend.witness.take(descriptor);
  } catch {
    return null;
  }
  // A sandbox may accept a lock and show it to nobody (gVisor): look through another description of the file.
  if (backend.witness.testAt(directory, NEW_OWNER_FILE, filesystem.type) !== 'held') return null;
  return { device: status.device, fsid: filesystem.fsid, inode: status.inode };
}

function newRecord(
  nonce: string,
  options: PublishOptions,
  filesystem: Filesystem,
  witness: WitnessRecord | null,
): NewOwnerRecord {
  return {
    starttime: ownTicksAsRead(),
    createdAtMs: Date.now(),
    nonce,
    identity: selfIdentity(),
    filesystem: filesystem.type,
    witness,
    lease: needsLease(filesystem, witness) ? { durationMs: options.lease ?? DEFAULT_LEASE } : null,
    label: options.label,
  };
}

/** Without a witness an owner needs a lease, and also with one that plain Node cannot test in /proc/locks. */
function needsLease({ type }: Filesystem, witness: WitnessRecord | null): boolean {
  const { showsChanges, locksByStDev } = traitsOf(type);
  // A lease whose renewal other kernels never see would look expired to them.
  return showsChanges && (witness === null || !locksByStDev);
}

let ticksAsRead: number | null | undefined;

/** What older programs will read of this process in /proc, hence without the time-namespace shift taken out. */
function ownTicksAsRead(): number | null {
  if (ticksAsRead === undefined) {
    const { backend, pidInProc } = currentObserver();
    const stat = pidInProc === null ? 'ENOENT' : backend.processes.stat(pidInProc);
    ticksAsRead = typeof stat === 'string' ? null : stat.startTicks;
  }
  return ticksAsRead;
}

/** @returns false: somebody else's lock stands there. */
function moveIntoPlace(draft: LockPath, place: LockPath, nonce: string): boolean {
  try {
    return moveNoReplace(draft, place) ?? moveOverOwnDirectory(draft, place);
  } catch (error) {
    // After an error of the network or the disk nobody knows whether it happened; the nonce does.
    if (!isGone(error) && nonceAt(place) === nonce) return true;
    throw error;
  }
}

/** null: the kernel, a seccomp filter, the file system or plain Node has no RENAME_NOREPLACE. */
function moveNoReplace(draft: LockPath, place: LockPath): boolean | null {
  try {
    place.backend.files.renameNoReplaceAt(draft.parent, draft.name, place.parent, place.name);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST' || code === 'ENOTEMPTY') return false;
    if (code === 'ENOSYS' || code === 'EINVAL' || code === 'EPERM') return null;
    throw error;
  }
}

/**
 * mkdir(2) decides who may publish, and rename(2) replaces the empty directory just made. Never a lock: rename
 * refuses a directory that is not empty.
 */
function moveOverOwnDirectory(draft: LockPath, place: LockPath): boolean {
  const { files } = place.backend;
  try {
    files.mkdirAt(place.parent, place.name);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    files.renameAt(draft.parent, draft.name, place.parent, place.name);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST' || code === 'ENOTEMPTY') return false;
    removeEmpty(place);
    throw error;
  }
}

/** Did our directory arrive? By inode where one kernel numbers the files, else by what stands written there. */
function isAtPlace(place: LockPath, directory: Descriptor, filesystem: Filesystem, nonce: string): boolean {
  if (isOneKernelFilesystem(filesystem.type)) {
    try {
      if (place.backend.files.isAt(place.parent, place.name, directory)) return true;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return nonceAt(place) === nonce;
}

function nonceAt(place: LockPath): string | null {
  const view = LockView.open(place);
  try {
    return view?.record?.nonce ?? null;
  } finally {
    view?.close();
  }
}

/** Takes back a private directory that was not published, or one that was and turned out not to stand there. */
function discard(draft: LockPath, place: LockPath, directory: Descriptor, owner: OpenFile | null): void {
  const { files } = draft.backend;
  try {
    // A file deleted while it is open casts a shadow on NFS and FUSE, which would keep the directory.
    if (owner !== null) files.close(owner.descriptor);
    const open = { place: draft, directory };
    unlinkOwnFile(open, NEW_OWNER_FILE);
    unlinkOwnFile(open, OWNER_FILE);
    removeDirectory(open);
    removeDirectory({ place, directory });
  } catch {
    // A full or failing disk: the next sweep finds it.
  } finally {
    files.close(directory);
  }
}

function removeEmpty(place: LockPath): void {
  try {
    place.backend.files.rmdirAt(place.parent, place.name);
  } catch {
    // Gone or not empty: then it is no longer ours to remove.
  }
}

/** Somebody removed the private directory, or has begun to: the file in it goes first. */
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
