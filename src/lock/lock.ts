// A lock ends in one of three ways: it is released, it is handed over, or it is lost. Releasing means to check that this
// process still has it, and then to retire, unlink and remove it.
import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { isSameFile } from '../backend/file-status.js';
import { traitsOf } from '../backend/filesystem-traits.js';
import { errnoOf, isGone, systemError } from '../backend/system-error.js';
import { LockLostError, withCode } from '../errors.js';
import { selfIdentity } from '../identity/read.js';
import { enterHeldLock, giveUpLock, leaveHeldLock } from '../judge/held-locks.js';
import { ownerRecordOf } from '../record/format.js';
import type { LeaseRecord, OwnerRecord } from '../record/owner-record.js';
import { parseOwnerFile } from '../record/parse.js';
import { lostEvent, ownerAgeOf, type ReclaimedLock, type ReleaseEvent, releaseEvent } from './events.js';
import { clearAfterHeir, startHeir, stdioOfHeir } from './heirs.js';
import { BEATS_PER_LEASE } from './protocol/assess.js';
import { withLockPath } from './protocol/lock-path.js';
import { OWNER_FILE, retiredName } from './protocol/names.js';
import type { PublishedLock } from './protocol/publish.js';
import { removeDirectory, retireOwner, unlinkOwnFile } from './protocol/retire.js';
import { announceRelease } from './waiting/queue.js';

/** Bytes: more than any record that this package writes. */
export const MAX_OWN_RECORD = 16 * 1024;

/** A lock that this process holds. Call release() when done, or declare it with `using` or `await using`. */
export class Lock {
  readonly path: string;
  /**
   * The lock of a dead owner that was removed to acquire this one: its work may be left half done. null when the lock
   * was free or was released. It is the last one that this acquisition removed, even if another process held the lock
   * for a while after that. What other processes removed is not reported.
   */
  readonly reclaimed: ReclaimedLock | null;
  readonly #published: PublishedLock;
  readonly #pid = process.pid;
  // The record and the controller are made at their first use, because most callers use neither.
  #owner: OwnerRecord | null = null;
  #abort: AbortController | null = null;
  #loss: LockLostError | null = null;
  #state: 'held' | 'released' | 'lost' | 'handed over' = 'held';
  #isOwnerClosed = false;
  #isRetired = false;
  #heartbeat: number | null = null;

  /**
   * Takes over `published`. Releases the lock again when its lease cannot be kept.
   * @throws when the thread that renews the lease cannot be started: EAGAIN, or ERR_ACCESS_DENIED of Node's
   * permission model.
   */
  constructor(published: PublishedLock, reclaimed: ReclaimedLock | null = null) {
    this.#published = published;
    this.reclaimed = reclaimed;
    this.path = published.lockPath.path;
    enterHeldLock(published.record.nonce, () => this.#isIntact());
    if (published.record.lease !== null) this.#keepLease(published.record.lease);
  }

  #keepLease({ durationMs }: LeaseRecord): void {
    const { lockPath, owner } = this.#published;
    const lost = () => this.#loseByLease();
    try {
      this.#heartbeat = lockPath.backend.lease.start(
        owner.descriptor,
        Math.round(durationMs / BEATS_PER_LEASE),
        lost,
      );
    } catch (error) {
      // Without renewals other processes would take the lock from its living owner.
      this.releaseSync();
      throw error;
    }
  }

  /** The record that this process wrote. */
  get owner(): OwnerRecord {
    this.#owner ??= ownerRecordOf(this.#published.record);
    return this.#owner;
  }

  /**
   * @internal The files of a child process that holds the lock too, for as long as it lives. `run` starts its command
   * with them.
   */
  stdioOfHeir(stdio: StdioOptions): StdioOptions {
    return stdioOfHeir(this.#published, stdio);
  }

  /** Aborts with a LockLostError as its reason once the lock is known to be lost, and never by a release. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#loss !== null) this.#abort.abort(this.#loss);
    return this.#abort.signal;
  }

  /** Checks on disk that this process still has the lock. `signal` aborts when it turns out to be lost. */
  verify(): boolean {
    if (this.#state !== 'held') return false;
    const wrong = this.#whatIsWrong();
    if (wrong !== null) this.#lose(wrong);
    // Takes the lifelines in the record again, if other code of this process closed their descriptor.
    else {
      selfIdentity();
      this.#published.lifeline?.keep();
    }
    return wrong === null;
  }

  /**
   * Starts a command as `spawn()` of node:child_process does, and hands the lock over to it. The command holds the lock
   * for as long as it lives, even when this process is killed, and so do the processes that inherit descriptors 20 to 22
   * from it. A program that uses this package can adopt the lock with `adoptLock()`, and release it before it ends.
   *
   * From then on `release()` does nothing and `verify()` is false. Until the command ends, this process keeps the lease,
   * where there is one; after that it removes what is left of the lock, unless another process holds it.
   *
   * A command that cannot be started emits 'error' as usual. This process then still has the lock.
   * @throws Error (ERR_INVALID_STATE) when the lock was acquired without the option `handOver`, or is no longer held;
   * LockLostError (ERR_LOCK_LOST); the errors of `spawn()`; RangeError (ERR_OUT_OF_RANGE) for more than 20 entries in
   * `stdio`.
   */
  handOver(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    this.#requireTransferable();
    const heir = startHeir(this.#published, command, args, options);
    if (heir.pid !== undefined) {
      this.#state = 'handed over';
      heir.once('exit', () => this.#letGo());
    }
    return heir;
  }

  #requireTransferable(): void {
    if (this.#loss !== null) throw this.#loss;
    const obstacle =
      this.#state !== 'held'
        ? `was ${this.#state} before`
        : this.#published.record.handedOver
          ? null
          : 'was acquired without the option handOver';
    if (obstacle !== null) {
      throw withCode(new Error(`the lock '${this.path}' ${obstacle}`), 'ERR_INVALID_STATE');
    }
    const wrong = this.#whatIsWrong();
    if (wrong !== null) throw this.#lose(wrong);
  }

  /** Drops what this process still has of a lock that it handed over. */
  #letGo(): void {
    this.#state = 'released';
    try {
      this.#closeOwner();
      if (clearAfterHeir(this.#published) && releaseEvent.isHeard) releaseEvent.publish(this.#asEvent());
    } catch {
      // The next contender clears it.
    } finally {
      this.#close();
    }
    announceRelease(this.path);
  }

  /**
   * Releases the lock. A second call does nothing, and so does a call after {@link handOver}.
   * @throws LockLostError (ERR_LOCK_LOST) when the lock was lost before. A new owner's files stay untouched.
   */
  async release(): Promise<void> {
    this.releaseSync();
  }

  /** Does the same as {@link release} in synchronous code. */
  releaseSync(): void {
    const state = this.#state;
    if (state === 'handed over') return;
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
    this.#isRetired = true;
    // NFS and FUSE leave a shadow of a file that is deleted while open, and the directory would not be empty.
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

  /**
   * Says how the lock was lost. null when the descriptors are still ours, and owner.json is still the one that
   * was written at the acquisition.
   */
  #whatIsWrong(): string | null {
    const { lockPath, directory, owner, record, content } = this.#published;
    const { descriptor, status } = owner;
    const { files } = lockPath.backend;
    if (process.pid !== this.#pid) return 'this process was forked from the one that holds it';
    try {
      // This check comes first, because it also makes sure that the directory's descriptor is still ours.
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
      if (errnoOf(error) === 'EBADF') return 'its descriptors were closed by other code in this process';
      throw error;
    }
  }

  /**
   * False when the directory was moved away. Some programs do that before they delete a lock, and the path is
   * free for others from then on.
   * @throws EBADF when the directory's descriptor belongs to another file by now.
   */
  #isAtItsPath(): boolean {
    const { lockPath, directory, directoryId, record } = this.#published;
    const { backend, parent, name } = lockPath;
    const { device, inode } = directoryId;
    try {
      if (traitsOf(record.filesystem).stableInodes) {
        return backend.files.isStillAt(parent, name, directory, device, inode);
      }
      // On other filesystems each lookup of the name may give another inode number, so there is no lookup.
      if (isSameFile(backend.files.statDescriptor(directory), directoryId)) return true;
      throw systemError('EBADF', 'fstat');
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  #isIntact(): boolean {
    try {
      return this.#whatIsWrong() === null && this.#isWitnessIntact() && this.#isLifelineIntact();
    } catch {
      return false;
    }
  }

  /** Tests through a second file description, because a file lock never conflicts with its own. */
  #isWitnessIntact(): boolean {
    const { lockPath, record, directory } = this.#published;
    if (record.witness === null) return true;
    return lockPath.backend.witness.testAt(directory, OWNER_FILE, record.filesystem) === 'held';
  }

  #isLifelineIntact(): boolean {
    const { lockPath, record } = this.#published;
    return record.lifeline === null || lockPath.backend.lifeline.test(record.lifeline) === 'held';
  }

  #close(): void {
    const { lockPath, directory, directoryId } = this.#published;
    this.#closeOwner();
    lockPath.backend.files.closeIfStill(directory, directoryId.device, directoryId.inode);
    lockPath.close();
  }

  #closeOwner(): void {
    if (this.#isOwnerClosed) return;
    this.#isOwnerClosed = true;
    const { lockPath, owner, record, lifeline } = this.#published;
    const { descriptor, status } = owner;
    if (this.#isRetired) leaveHeldLock(record.nonce);
    else giveUpLock(record.nonce);
    lifeline?.drop();
    if (this.#heartbeat !== null) lockPath.backend.lease.stop(this.#heartbeat);
    lockPath.backend.files.closeIfStill(descriptor, status.device, status.inode);
  }
}

function nonceIn(text: string): string | null {
  const parsed = parseOwnerFile(text, null);
  return parsed.kind === 'record' ? parsed.record.nonce : null;
}
