// A lock ends in one of three ways: it is released, it is handed over, or it is lost. A release first checks that this
// process still has the lock, and then frees it (free-own.ts).
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { LockLostError, withCode } from '../errors.js';
import { enterHeldLock, giveUpLock, leaveHeldLock } from '../judge/held-locks.js';
import { ownerRecordOf } from '../record/format.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { leaveToItself, releaseAtExit } from './at-exit.js';
import { callSite } from './call-site.js';
import { DirectoryTouch } from './directory-touch.js';
import {
  isDebugging,
  lostEvent,
  movedEvent,
  ownerAgeOf,
  type ReclaimedLock,
  type ReleaseEvent,
  releaseEvent,
} from './events.js';
import { unwatchHandle, watchHandle } from './forgotten.js';
import { freeOwn } from './free-own.js';
import { HandleOfWatch } from './handle-of-watch.js';
import { clearAfterHeir, optionsOfHeir, startHeir } from './heirs.js';
import { LeaseKeeper } from './lease-keeper.js';
import { LossWatch } from './loss-watch.js';
import { LockPlace } from './moved.js';
import type { AcquireOptions } from './options.js';
import { CHANGED, GONE, OwnRecord } from './own-record.js';
import { withLockPath } from './protocol/lock-path.js';
import { keepLifelines } from './protocol/own-lifeline.js';
import type { PublishedLock } from './protocol/publish.js';
import { announceRelease } from './waiting/queue.js';

/** The options of an acquisition that matter while the lock is held. */
type HoldOptions = Pick<AcquireOptions, 'touch' | 'releaseOnExit'>;

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
  readonly #record: OwnRecord;
  // The record and the controller are made at their first use, because most callers use neither.
  #owner: OwnerRecord | null = null;
  #abort: AbortController | null = null;
  #loss: LockLostError | null = null;
  #state: 'held' | 'released' | 'lost' | 'handed over' = 'held';
  #isOwnerClosed = false;
  #isClosed = false;
  #leaseKeeper: LeaseKeeper | null = null;
  #directoryTouch: DirectoryTouch | null = null;
  #lossWatch: LossWatch | null = null;
  #ownHandle: HandleOfWatch<Lock> | null = null;
  #place: LockPlace | null = null;

  /**
   * Takes over `published`. Releases the lock again when its lease cannot be kept, or its directory not be touched.
   * @throws when the thread that does so cannot be started: EAGAIN, or ERR_ACCESS_DENIED of Node's permission model.
   */
  constructor(
    published: PublishedLock,
    reclaimed: ReclaimedLock | null = null,
    { touch, releaseOnExit }: HoldOptions = {},
  ) {
    this.#published = published;
    const record = new OwnRecord(published);
    this.#record = record;
    this.reclaimed = reclaimed;
    this.path = published.lockPath.path;
    enterHeldLock(published.record.nonce, {
      directory: published.directoryId,
      file: published.owner.status,
      // It must not lead to this handle, or nobody would hear when that is forgotten.
      isIntact: () => record.isIntact(),
      takenAt: isDebugging ? callSite() : null,
    });
    watchHandle(this, published);
    this.#keepFresh(touch);
    if (releaseOnExit === true) releaseAtExit(this);
    if (lostEvent.isHeard) this.#watchForLoss(lostEvent.hasSubscriber);
    if (movedEvent.isHeard) {
      if (movedEvent.hasSubscriber) this.#handle.keep(this);
      this.#placeOf().start();
    }
  }

  #keepFresh(touch: number | undefined): void {
    const { lease } = this.#published.record;
    if (lease === null && touch === undefined) return;
    try {
      if (touch !== undefined) this.#directoryTouch = new DirectoryTouch(this.#published, touch);
      if (lease === null) return;
      this.#leaseKeeper = new LeaseKeeper(this.#published, lease, (how, hangs) =>
        this.#loseByLease(how, hangs),
      );
    } catch (error) {
      // Without renewals other processes would take the lock from its living owner.
      this.releaseSync();
      throw error;
    }
  }

  /** @param forListener false: NODE_DEBUG alone wants to hear of it, so the handle may be forgotten all the same. */
  #watchForLoss(forListener: boolean): void {
    const { lockPath, directory } = this.#published;
    if (this.#state !== 'held') return;
    const handle = this.#handle;
    const record = this.#record;
    if (forListener) handle.keep(this);
    this.#lossWatch ??= new LossWatch(
      lockPath.backend,
      directory,
      () => record.whatIsWrong(),
      (how) => {
        const { lock } = handle;
        if (lock !== null) lock.#lose(how);
      },
    );
  }

  /** The record that this process wrote. */
  get owner(): OwnerRecord {
    this.#owner ??= ownerRecordOf(this.#published.record);
    return this.#owner;
  }

  /**
   * @internal The files and the environment of a child process of `run`. It holds the lock too, for as long as it lives,
   * where the lock was acquired with the option `handOver`.
   */
  optionsOfHeir(options: SpawnOptions): SpawnOptions {
    return optionsOfHeir(this.#published, options);
  }

  /**
   * Aborts with a LockLostError as its reason once the lock is known to be lost, and never by a release. From the
   * first use on, the lock is watched: a loss is noticed within a second, and on Linux with the addon at once. The
   * watch does not keep the process from exiting.
   */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#loss !== null) this.#abort.abort(this.#loss);
    this.#watchForLoss(true);
    return this.#abort.signal;
  }

  /**
   * Checks on disk that this process still has the lock. `signal` aborts when it turns out to be lost. It is true
   * as well for a lock that was {@link moved}.
   */
  verify(): boolean {
    if (this.#state !== 'held') return false;
    const wrong = this.#record.whatIsWrong();
    if (wrong !== null) {
      this.#lose(wrong);
      return false;
    }
    keepLifelines(this.#published.lifeline);
    this.#placeOf().check();
    return true;
  }

  /**
   * True when `path` leads elsewhere by now, because a directory above the lock was renamed or a symbolic link was
   * switched. This process still has the lock, but another one can acquire a lock by the same path. Call
   * {@link verify} before; while the `moved` channel has a subscriber it is checked every second.
   */
  get moved(): boolean {
    return this.#place?.isMoved ?? false;
  }

  /**
   * Starts a command as `spawn()` of node:child_process does, and hands the lock over to it. The command
   * holds the lock for as long as it lives, even when this process is killed, and so do the processes that
   * inherit descriptors 20 to 22 from it. A program that uses this package can adopt the lock with
   * `adoptLock()`, and release it before it ends.
   *
   * From then on `release()` does nothing and `verify()` is false. Until the command ends, this process keeps
   * the lease, where there is one; after that it removes what is left of the lock, unless another process
   * holds it.
   *
   * A command that cannot be started emits 'error' as usual. This process then still has the lock.
   * @example
   * const lock = await acquireLock('/data/install.lock', { handOver: true });
   * lock.handOver(process.execPath, ['--version']).once('exit', () => console.log('done'));
   * @throws Error (ERR_INVALID_STATE) when the lock was acquired without the option `handOver`, or is no
   * longer held; LockLostError (ERR_LOCK_LOST); the errors of `spawn()`; RangeError (ERR_OUT_OF_RANGE) for
   * more than 20 entries in `stdio`.
   */
  handOver(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    this.#requireTransferable();
    const heir = startHeir(this.#published, command, args, options);
    if (heir.pid !== undefined) {
      this.#state = 'handed over';
      // The heir's release would look like a loss.
      this.#lossWatch?.close();
      this.#place?.stop();
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
    const wrong = this.#record.whatIsWrong();
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
      announceRelease(this.#published.lockPath);
      this.#close();
    }
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
    if (state === 'held') {
      try {
        withLockPath(this.path, () => this.#release());
        announceRelease(this.#published.lockPath);
      } catch (error) {
        // What could not be retired is nobody's, so that this process does not wait for itself.
        giveUpLock(this.#published.record.nonce);
        throw error;
      } finally {
        if (this.#loss === null) this.#close();
        this.#state = 'released';
      }
      if (releaseEvent.isHeard) releaseEvent.publish(this.#asEvent());
    }
    if (state !== 'lost') return;
    this.#state = 'released';
    // A lease that was lost to a server that does not answer has left the descriptors open.
    this.#close();
    throw this.#loss;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.releaseSync();
  }

  [Symbol.dispose](): void {
    this.releaseSync();
  }

  #release(): void {
    const free = () => freeOwn(this.#published, this.#record, () => this.#closeOwner());
    const wrong = this.#record.whatIsWrong();
    if (wrong !== null) {
      // A record of ours that was only changed is nobody else's, and nobody could take the lock while it is there.
      if (wrong === CHANGED && this.#record.bearsItsNonce()) free();
      throw this.#lose(wrong);
    }
    if (!free()) throw this.#lose(GONE);
  }

  #lose(how: string): LockLostError {
    const error = this.#declareLost(how);
    this.#close();
    return error;
  }

  /** Leaves the descriptors open until {@link release} where close(2) may hang with the file's server. */
  #loseByLease(how: string, hangs: boolean): void {
    if (this.#state !== 'held') return;
    if (hangs) this.#declareLost(how);
    else this.#lose(how);
  }

  #declareLost(how: string): LockLostError {
    const error = new LockLostError(this.path, how);
    this.#state = 'lost';
    this.#loss = error;
    this.#leaseKeeper?.stopChecking();
    this.#lossWatch?.close();
    // This process must not judge that it still holds what it has given up.
    giveUpLock(this.#published.record.nonce);
    this.#published.lifeline?.drop();
    this.#abort?.abort(error);
    if (lostEvent.isHeard) lostEvent.publish({ ...this.#asEvent(), error });
    return error;
  }

  get #handle(): HandleOfWatch<Lock> {
    this.#ownHandle ??= new HandleOfWatch(this);
    return this.#ownHandle;
  }

  #placeOf(): LockPlace {
    const handle = this.#handle;
    this.#place ??= new LockPlace(this.#published, () => {
      const { lock } = handle;
      return lock === null ? null : lock.#asEvent();
    });
    return this.#place;
  }

  #asEvent(): ReleaseEvent {
    return { path: this.path, owner: this.owner, ownerAge: ownerAgeOf(this.owner) };
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lossWatch?.close();
    const { lockPath, directory, directoryId } = this.#published;
    this.#place?.stop();
    this.#closeOwner();
    lockPath.backend.files.closeIfStill(directory, directoryId.device, directoryId.inode);
    lockPath.close();
  }

  #closeOwner(): void {
    if (this.#isOwnerClosed) return;
    this.#isOwnerClosed = true;
    unwatchHandle(this);
    leaveToItself(this);
    const { lockPath, owner, record } = this.#published;
    const { descriptor, status } = owner;
    leaveHeldLock(record.nonce);
    this.#published.lifeline?.drop();
    this.#directoryTouch?.stop();
    this.#leaseKeeper?.stop();
    lockPath.backend.files.closeIfStill(descriptor, status.device, status.inode);
  }
}
