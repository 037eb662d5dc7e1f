import type { Descriptor } from '../backend/descriptor.js';
import { isSameFile } from '../backend/file-status.js';
import { isOneKernelFilesystem } from '../backend/filesystem-traits.js';
import { errnoOf, isGone, systemError } from '../backend/system-error.js';
import { LockLostError } from '../errors.js';
import { enterHeldLock, leaveHeldLock } from '../judge/held-locks.js';
import { ownerRecordOf } from '../record/format.js';
import type { LeaseRecord, OwnerRecord } from '../record/owner-record.js';
import { parseOwnerFile } from '../record/parse.js';
import { lostEvent, ownerAgeOf, type ReleaseEvent, releaseEvent } from './events.js';
import { BEATS_PER_LEASE } from './protocol/assess.js';
import { withLockPath } from './protocol/lock-path.js';
import { OWNER_FILE, retiredName } from './protocol/names.js';
import type { PublishedLock } from './protocol/publish.js';
import { removeDirectory, retireOwner, unlinkOwnFile } from './protocol/retire.js';
import { announceRelease } from './waiting/queue.js';

/** More than any record of ours is long. */
const MAX_OWN_RECORD = 16 * 1024;

let ownerDescriptorOf: (lock: Lock) => Descriptor;

/**
 * Descriptor of owner.json on which the lock's witness is held, for a child process to inherit: the witness lives until
 * the last copy is closed. null: this lock has no witness. Not part of the public API.
 */
export function witnessDescriptor(lock: Lock): Descriptor | null {
  return lock.owner.witness === null ? null : ownerDescriptorOf(lock);
}

/** A lock that this process holds. Release it, or let `using` / `await using` do it. */
export class Lock {
  static {
    ownerDescriptorOf = (lock) => lock.#published.owner.descriptor;
  }

  readonly path: string;
  readonly #published: PublishedLock;
  readonly #pid = process.pid;
  // Made when somebody asks for them: most never do.
  #owner: OwnerRecord | null = null;
  #abort: AbortController | null = null;
  #loss: LockLostError | null = null;
  #state: 'held' | 'released' | 'lost' = 'held';
  #isOwnerClosed = false;
  #heartbeat: number | null = null;

  /** Takes over `published`, and gives the lock back if it cannot be kept: see {@link #keepLease}. */
  constructor(published: PublishedLock) {
    this.#published = published;
    this.path = published.place.path;
    enterHeldLock(published.record.nonce, () => this.#isIntact());
    if (published.record.lease !== null) this.#keepLease(published.record.lease);
  }

  /** @throws what keeps a thread from being started (EAGAIN, or ERR_ACCESS_DENIED of Node's permission model). */
  #keepLease({ durationMs }: LeaseRecord): void {
    const { place, owner } = this.#published;
    const lost = () => this.#loseByLease();
    try {
      this.#heartbeat = place.backend.lease.start(
        owner.descriptor,
        Math.round(durationMs / BEATS_PER_LEASE),
        lost,
      );
    } catch (error) {
      // A lock whose lease nobody keeps is taken away from an owner that lives.
      this.releaseSync();
      throw error;
    }
  }

  /** What was recorded of this process. */
  get owner(): OwnerRecord {
    this.#owner ??= ownerRecordOf(this.#published.record);
    return this.#owner;
  }

  /** Aborts, with a LockLostError as reason, once the lock is known to be lost; never by a mere release. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#loss !== null) this.#abort.abort(this.#loss);
    return this.#abort.signal;
  }

  /** True while the lock is still this process's. Looks at the file system; finding the lock lost aborts `signal`. */
  verify(): boolean {
    if (this.#state !== 'held') return false;
    const wrong = this.#whatIsWrong();
    if (wrong !== null) this.#lose(wrong);
    return wrong === null;
  }

  /**
   * Releases the lock. A second call does nothing.
   * @throws LockLostError (ERR_LOCK_LOST) when it was lost before; nothing of a new owner's is touched then.
   */
  async release(): Promise<void> {
    this.releaseSync();
  }

  /** As {@link release}, for synchronous code. */
  releaseSync(): void {
    const state = this.#state;
    if (state === 'held') {
      try {
        withLockPath(this.path, () => this.#release());
      } finally {
        if (this.#loss === null) this.#close();
        this.#state = 'released';
      }
      announceRelease(this.path);
      if (releaseEvent.isHeard) releaseEvent.publish(this.#asEvent());
    }
    this.#state = 'released';
    if (state === 'lost') throw this.#loss;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.releaseSync();
  }

  [Symbol.dispose](): void {
    this.releaseSync();
  }

  #release(): void {
    const wrong = this.#whatIsWrong();
    if (wrong !== null) throw this.#lose(wrong);
    const { nonce } = this.#published.record;
    if (!retireOwner(this.#published, nonce)) throw this.#lose('its owner.json is gone');
    // A file deleted while it is open casts a shadow on NFS and FUSE, which would keep the directory.
    this.#closeOwner();
    if (unlinkOwnFile(this.#published, retiredName(nonce))) removeDirectory(this.#published);
  }

  #lose(how: string): LockLostError {
    const error = new LockLostError(this.path, how);
    this.#state = 'lost';
    this.#loss = error;
    this.#close();
    this.#abort?.abort(error);
    if (lostEvent.isHeard) lostEvent.publish({ ...this.#asEvent(), error });
    return error;
  }

  #asEvent(): ReleaseEvent {
    return { path: this.path, owner: this.owner, ownerAge: ownerAgeOf(this.owner) };
  }

  #loseByLease(): void {
    if (this.#state === 'held') this.#lose('its owner.json is gone, or can no longer be touched');
  }

  /** null: the descriptors are still ours, and owner.json is still the one written at the acquisition. */
  #whatIsWrong(): string | null {
    const { place, directory, owner, record, content } = this.#published;
    const { descriptor, status } = owner;
    const { files } = place.backend;
    if (process.pid !== this.#pid) return 'this process was forked from the one that holds it';
    try {
      // First, since the directory's descriptor is made sure of there.
      const isAtItsPath = this.#isAtItsPath();
      if (!files.isStillAt(directory, OWNER_FILE, descriptor, status.device, status.inode)) {
        return 'another owner.json stands in its place';
      }
      const text = files.readText(descriptor, MAX_OWN_RECORD);
      if (text !== content && nonceIn(text) !== record.nonce) {
        return 'its owner.json was overwritten by another program';
      }
      return isAtItsPath ? null : 'its directory was moved away';
    } catch (error) {
      if (isGone(error)) return 'its owner.json is gone';
      if (errnoOf(error) === 'EBADF') return 'its descriptors were closed by somebody else in this process';
      throw error;
    }
  }

  /**
   * Some programs move a lock aside before they delete it: from that moment on the path is free for others.
   * @throws EBADF where the directory's descriptor is another file's by now.
   */
  #isAtItsPath(): boolean {
    const { place, directory, directoryId, record } = this.#published;
    const { backend, parent, name } = place;
    const { device, inode } = directoryId;
    try {
      if (isOneKernelFilesystem(record.filesystem)) {
        return backend.files.isStillAt(parent, name, directory, device, inode);
      }
      // Elsewhere inode numbers may be made up anew when a name is looked up.
      if (isSameFile(backend.files.statDescriptor(directory), directoryId)) return true;
      throw systemError('EBADF', 'fstat');
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  #isIntact(): boolean {
    try {
      return this.#whatIsWrong() === null && this.#isWitnessIntact();
    } catch {
      return false;
    }
  }

  /** The file lock must be seen from a second description, since it never conflicts with its own. */
  #isWitnessIntact(): boolean {
    const { place, record, directory } = this.#published;
    if (record.witness === null) return true;
    return place.backend.witness.testAt(directory, OWNER_FILE, record.filesystem) === 'held';
  }

  #close(): void {
    const { place, directory, directoryId } = this.#published;
    this.#closeOwner();
    place.backend.files.closeIfStill(directory, directoryId.device, directoryId.inode);
    place.close();
  }

  #closeOwner(): void {
    if (this.#isOwnerClosed) return;
    this.#isOwnerClosed = true;
    const { place, owner, record } = this.#published;
    const { descriptor, status } = owner;
    leaveHeldLock(record.nonce);
    if (this.#heartbeat !== null) place.backend.lease.stop(this.#heartbeat);
    place.backend.files.closeIfStill(descriptor, status.device, status.inode);
  }
}

function nonceIn(text: string): string | null {
  const parsed = parseOwnerFile(text, null);
  return parsed.kind === 'record' ? parsed.record.nonce : null;
}
