// What a process has inherited of a lock that was handed over to it.
import { fstatSync, statSync } from 'node:fs';
import type { Backend, FileStatus, OpenFile } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { errnoOf, systemError } from '../backend/system-error.js';
import { LockLostError } from '../errors.js';
import { writtenRecordOf } from '../record/format.js';
import { parseOwnerFile } from '../record/parse.js';
import { INHERITED } from './heirs.js';
import { MAX_OWN_RECORD } from './own-record.js';
import { LockPath, withLockPath } from './protocol/lock-path.js';
import { InheritableLifeline } from './protocol/own-lifeline.js';
import type { PublishedLock } from './protocol/publish.js';
import { LockView } from './protocol/view.js';

/** @throws LockLostError (ERR_LOCK_LOST) when the lock is gone, or its descriptors were not passed on to this process. */
export function findInheritance(path: string, nonce: string): PublishedLock {
  const lockPath = LockPath.open(path);
  let found: PublishedLock | null = null;
  try {
    const find = lockPath.backend.actsOnOpenDirectory ? findByDescriptors : findByPath;
    found = withLockPath(lockPath.path, () => find(lockPath, nonce));
    return found;
  } finally {
    if (found === null) lockPath.close();
  }
}

function findByDescriptors(lockPath: LockPath, nonce: string): PublishedLock {
  const { files } = lockPath.backend;
  const descriptor = INHERITED.owner as Descriptor;
  const status = statInherited(lockPath, descriptor, 'file');
  const directoryId = statInherited(lockPath, INHERITED.directory as Descriptor, 'directory');
  const found = describe(lockPath, { descriptor, status, filesystem: files.filesystem(descriptor) }, nonce);
  const { lifeline, witness } = found.record;
  if (witness !== null && !lockPath.backend.witness.isHeldThrough(descriptor)) {
    // Whoever may read owner.json could open it as this number, and take the lock from its living owner.
    throw new LockLostError(lockPath.path, `its descriptor ${descriptor} was opened anew, not passed on`);
  }
  // Until here the numbers may be those of any file of this process, so they are adopted only now.
  files.adopt(descriptor, status.device, status.inode);
  return {
    ...found,
    directory: files.adopt(INHERITED.directory, directoryId.device, directoryId.inode),
    directoryId,
    lifeline: lifeline === null ? null : adoptLifeline(lockPath.backend, lifeline),
  };
}

function statInherited({ path, backend }: LockPath, fd: Descriptor, kind: FileStatus['kind']): FileStatus {
  try {
    const status = backend.files.statDescriptor(fd);
    if (status.kind === kind) return status;
  } catch (error) {
    if (errnoOf(error) !== 'EBADF') throw error;
  }
  throw new LockLostError(path, `its descriptor ${fd} was not passed on to this process`);
}

/**
 * null where this process did not inherit the descriptor. The lifeline is then held by other heirs, or free.
 */
function adoptLifeline(backend: Backend, text: string): InheritableLifeline | null {
  const [space = ''] = text.split(':');
  try {
    const { dev, ino } = statSync(`/proc/self/ns/${space}`, { bigint: true });
    const device = String(dev);
    const inode = String(ino);
    const descriptor = backend.files.adopt(INHERITED.lifeline, device, inode);
    return new InheritableLifeline(backend, text, { descriptor, device, inode });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

/**
 * Descriptors of the portable backend are handles of its own, which no process inherits, so it opens the
 * files anew. Only the witness is inherited.
 */
function findByPath(lockPath: LockPath, nonce: string): PublishedLock {
  // The view may open owner.json under the very number that was not inherited.
  const isInherited = isOpen(INHERITED.owner);
  const view = LockView.open(lockPath);
  try {
    if (view === null || view.owner === null) throw lostBefore(lockPath);
    const found = describe(lockPath, view.owner, nonce);
    if (found.record.witness !== null) adoptWitness(lockPath, view.owner.descriptor, isInherited);
    const status = view.directoryStatus();
    return { ...found, directory: view.directory, directoryId: status, lifeline: null };
  } catch (error) {
    view?.close();
    throw error;
  }
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

/** Whether the descriptor was opened anew cannot be asked here, as {@link findByDescriptors} does. */
function adoptWitness({ path, backend }: LockPath, owner: Descriptor, isInherited: boolean): void {
  try {
    if (!isInherited) throw systemError('EBADF', 'fstat');
    backend.openWitness?.takeOver(owner, INHERITED.owner);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new LockLostError(path, `its descriptor ${INHERITED.owner} was not passed on to this process`);
  }
}

function describe(
  lockPath: LockPath,
  owner: OpenFile,
  nonce: string,
): Pick<PublishedLock, 'lockPath' | 'owner' | 'content' | 'record'> {
  const content = lockPath.backend.files.readText(owner.descriptor, MAX_OWN_RECORD);
  const parsed = parseOwnerFile(content, null);
  const record = parsed.kind === 'record' && parsed.record.handedOver ? writtenRecordOf(parsed.record) : null;
  if (record === null || record.nonce !== nonce) throw lostBefore(lockPath);
  return { lockPath, owner, content, record };
}

function lostBefore({ path }: LockPath): LockLostError {
  return new LockLostError(path, 'another lock stands in its place');
}
