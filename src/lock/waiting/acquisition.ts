import { monotonicMs } from '../../backend/monotonic-clock.js';
import { errnoOf, isGone, systemError } from '../../backend/system-error.js';
import type { ForeignLock } from '../../formats/foreign-lock.js';
import { ownerRecordOf } from '../../record/format.js';
import { acquireEvent, ownerAgeOf, type ReclaimedLock, reclaimEvent } from '../events.js';
import type { AcquireOptions } from '../options.js';
import { assess } from '../protocol/assess.js';
import { hasFreed, reclaimedFrom, reclaimStale } from '../protocol/clear.js';
import { assessFile, removeFile } from '../protocol/file-at-path.js';
import { isLeased } from '../protocol/file-lease.js';
import { LastLook } from '../protocol/last-look.js';
import { LockPath, withLockPath } from '../protocol/lock-path.js';
import { MAX_LOCK_NAME } from '../protocol/names.js';
import { openLockOrFile } from '../protocol/open-lock.js';
import { type PublishedLock, publishLock } from '../protocol/publish.js';
import { sweepIfDue } from '../protocol/sweep.js';
import { LockView } from '../protocol/view.js';
import { LockTimeoutError } from '../timeout-error.js';
import type { ChangeWatch, StartWatch } from './change-watch.js';
import { LEASE_OF_OTHERS, type Obstacle, OUT_OF_DESCRIPTORS, OVERTAKEN } from './obstacle.js';
import { AT_ONCE, Pace } from './pace.js';
import { Reporter } from './reporter.js';

/** Why a newcomer does not look: the head of the line has just looked, or it is the turn of another task. */
export interface Ahead {
  readonly seen: Obstacle;
  /** Milliseconds for which that holds. Infinity: until the newcomer has become the head. */
  readonly ms: number;
}

/** Asks the caller to wait for `ms` milliseconds, or until the watch wakes it. */
export interface Pause<W extends ChangeWatch> {
  readonly ms: number;
  readonly watch: W | null;
  readonly seen: Obstacle;
}

/**
 * One waiter's way to one lock, as a sequence of looks and pauses. Async and sync callers differ only in how
 * they pause. Call close() when done: it keeps nothing open but the lock that was acquired.
 */
export class Acquisition<W extends ChangeWatch> {
  readonly lockPath: LockPath;
  readonly #options: AcquireOptions;
  readonly #startWatch: StartWatch<W>;
  readonly #lastLook = new LastLook();
  /** Looks at a file that stands at the path instead of a directory. It keeps nothing open. */
  readonly #fileLook = new LastLook();
  #watch: W | null = null;
  #hasWaited = false;
  #isAcquired = false;
  #reclaimed: ReclaimedLock | null = null;

  constructor(path: string | URL, options: AcquireOptions, startWatch: StartWatch<W>) {
    this.lockPath = LockPath.open(path);
    this.#options = options;
    this.#startWatch = startWatch;
  }

  /** Absolute. */
  get path(): string {
    return this.lockPath.path;
  }

  /** The last lock that this acquisition removed so far. */
  get reclaimed(): ReclaimedLock | null {
    return this.#reclaimed;
  }

  /**
   * Yields the pauses and returns the lock. After a pause the caller may pass what another waiter of this
   * thread saw. This waiter then does not look itself.
   * @param othersAhead is asked until the waiter has looked for the first time.
   * @throws LockTimeoutError (ERR_LOCK_TIMEOUT) and the errors of each step.
   */
  *steps(othersAhead: () => Ahead | null = () => null): Generator<Pause<W>, PublishedLock, Obstacle | null> {
    refuseLongName(this.lockPath);
    const { timeout = Number.POSITIVE_INFINITY } = this.#options;
    const started = monotonicMs();
    const pace = new Pace();
    const reporter = new Reporter(this.path, this.#options);
    sweepIfDue(this.lockPath, this.#options);
    // A single try takes what is free, because it cannot wait for the turn of another task.
    let isNew = timeout > 0;
    for (let seenByHead: Obstacle | null = null; ; ) {
      const ahead = isNew ? withLockPath(this.path, othersAhead) : null;
      const seenByOther: Obstacle | null = isNew ? (ahead?.seen ?? null) : seenByHead;
      const found: PublishedLock | Obstacle = seenByOther ?? withLockPath(this.path, () => this.#look());
      if ('record' in found) {
        this.#announce(found, started);
        return found;
      }
      const isWatchComplete = this.#watch?.complete === true;
      const pause = seenByOther !== null ? pace.whileAnotherLooks() : pace.afterLook(found, isWatchComplete);
      isNew = ahead !== null && ahead.ms !== Number.POSITIVE_INFINITY;
      if (pause === AT_ONCE) continue;
      const pausedAt = monotonicMs();
      const waited = pausedAt - started;
      const report = reporter.report(found, waited);
      if (waited >= timeout) throw new LockTimeoutError(report, timeout);
      const ms = Math.min(pause, ahead?.ms ?? pause, timeout - waited, reporter.dueIn(report));
      this.#hasWaited = true;
      seenByHead = yield { ms, watch: this.#watch, seen: found };
      pace.afterPause(monotonicMs() - pausedAt, ms);
    }
  }

  /** Gives up the descriptors that only looks need. The next look opens them anew. */
  rest(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#lastLook.forget();
  }

  close(): void {
    this.rest();
    if (!this.#isAcquired) this.lockPath.close();
  }

  #look(): PublishedLock | Obstacle {
    try {
      return this.#takeOrWatch();
    } catch (error) {
      if (isLeased(error)) return LEASE_OF_OTHERS;
      // Others that waited with this one may have taken all descriptors together, and give them back one by
      // one.
      if (this.#hasWaited && isOutOfDescriptors(error)) return OUT_OF_DESCRIPTORS;
      throw error;
    }
  }

  /** Takes the lock if it is free, and reclaims it if it is stale. */
  #takeOrWatch(): PublishedLock | Obstacle {
    const view = openLockOrFile(this.lockPath);
    if (view === null) {
      const result = publishLock(this.lockPath, this.#options);
      if (typeof result === 'string') return OVERTAKEN;
      this.#isAcquired = true;
      return result;
    }
    if (!(view instanceof LockView)) return this.#takeOver(view);
    const { record } = view;
    try {
      const lockState = assess(view, this.#options, this.#lastLook);
      if (lockState.refusal !== undefined) throw lockState.refusal;
      const isStale = lockState.state === 'stale';
      if (isStale && hasFreed(reclaimStale(view, lockState))) {
        this.#reclaimed = reclaimedFrom(view, lockState) ?? this.#reclaimed;
      }
      if (!isStale) view.putBackOldClaim();
      // A new watch may have missed an earlier change, so the waiter looks once more before it waits.
      const moving = isStale || lockState.moving === true || this.#watchNow(view);
      return { ...lockState, owner: record, moving };
    } catch (error) {
      if (isGone(error)) return OVERTAKEN;
      throw error;
    } finally {
      view.close();
    }
  }

  /** Deletes the file of a dead owner, so that the next look finds nothing in the way. */
  #takeOver(file: ForeignLock): Obstacle {
    // The watch is that of a directory which is gone by now.
    this.rest();
    try {
      const lockState = assessFile(file, this.lockPath, this.#options, this.#fileLook);
      if (lockState.refusal !== undefined && lockState.lookAgainIn === undefined) throw lockState.refusal;
      const { owner } = file;
      const moving = lockState.state === 'stale';
      if (moving && removeFile(file, this.lockPath, this.#options) === 'removed') {
        const { verdict, description } = lockState;
        this.#reclaimed = { owner, ownerAge: ownerAgeOf(owner), verdict, description };
        if (reclaimEvent.isHeard) reclaimEvent.publish({ path: this.path, ...this.#reclaimed });
      }
      return { ...lockState, owner, moving };
    } finally {
      file.close();
    }
  }

  /**
   * Starts the watch of the lock in `view`.
   * @returns false when it was started before, or when there is none.
   */
  #watchNow(view: LockView): boolean {
    if (this.#lastLook.isOf(view)) return false;
    this.#watch?.close();
    this.#watch = null;
    this.#watch = this.#options.timeout === 0 ? null : this.#startWatch(view);
    this.#lastLook.keep(view);
    return this.#watch !== null;
  }

  #announce({ record }: PublishedLock, started: number): void {
    if (!acquireEvent.isHeard) return;
    const owner = ownerRecordOf(record);
    const waited = monotonicMs() - started;
    acquireEvent.publish({ path: this.path, owner, waited, reclaimed: this.#reclaimed });
  }
}

/** EMFILE is about this process, ENFILE about the whole system. */
function isOutOfDescriptors(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EMFILE' || code === 'ENFILE';
}

/**
 * Refuses a name that leaves no room for the private one, before anything is made. A filesystem with a lower
 * limit refuses it in mkdir.
 */
function refuseLongName({ name, path }: LockPath): void {
  const length = Buffer.byteLength(name);
  if (length <= MAX_LOCK_NAME) return;
  const words = `the name of the lock has ${length} bytes, and ${MAX_LOCK_NAME} are the most, because the lock is prepared under a longer name`;
  throw systemError('ENAMETOOLONG', 'acquire', { path }, words);
}
