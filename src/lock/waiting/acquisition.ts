import { sleepSync } from '../../backend/sleep.js';
import { isGone, systemError } from '../../backend/system-error.js';
import { ownerRecordOf } from '../../record/format.js';
import { acquireEvent, type ReclaimedLock } from '../events.js';
import type { AcquireOptions } from '../options.js';
import { assess } from '../protocol/assess.js';
import { reclaimedFrom, reclaimStale } from '../protocol/clear.js';
import { LastLook } from '../protocol/last-look.js';
import { LockPath, withLockPath } from '../protocol/lock-path.js';
import { MAX_LOCK_NAME } from '../protocol/names.js';
import { type PublishedLock, publishLock } from '../protocol/publish.js';
import { sweepIfDue } from '../protocol/sweep.js';
import { LockView } from '../protocol/view.js';
import { LockTimeoutError } from '../timeout-error.js';
import {
  type AsyncChangeWatch,
  type ChangeWatch,
  type StartWatch,
  startAsyncWatch,
  startSyncWatch,
} from './change-watch.js';
import type { Obstacle } from './obstacle.js';
import { AT_ONCE, Pace } from './pace.js';
import { QueuedWaiter } from './queue.js';
import { isListening, Reporter } from './reporter.js';

/** A lock that was acquired, and whose lock was taken over for it. */
export interface AcquiredLock {
  readonly published: PublishedLock;
  /** See {@link Lock.reclaimed}. */
  readonly reclaimed: ReclaimedLock | null;
}

/** Acquires a lock without blocking the event loop. Rejects with `signal.reason` once that aborts. */
export async function acquireAsync(path: string | URL, options: AcquireOptions): Promise<AcquiredLock> {
  const { signal } = options;
  const acquisition = new Acquisition(path, options, startAsyncWatch);
  const steps = acquisition.steps();
  let waiter: QueuedWaiter | null = null;
  let seenByHead: Obstacle | null = null;
  try {
    for (;;) {
      // isHead is read after the pause, because the waiter may have become the head since it was woken.
      const step = steps.next(waiter === null || waiter.isHead ? null : seenByHead);
      if (step.done === true) return { published: step.value, reclaimed: acquisition.reclaimed };
      // `onWait` was called a moment ago and may have aborted.
      signal?.throwIfAborted();
      waiter ??= new QueuedWaiter(acquisition.path, options, isListening(options));
      seenByHead = await pause(step.value, waiter, signal);
    }
  } finally {
    acquisition.close();
    waiter?.leave();
  }
}

/** @returns what the head of the queue saw last. */
async function pause(
  { ms, watch, seen }: Pause<AsyncChangeWatch>,
  waiter: QueuedWaiter,
  signal: AbortSignal | undefined,
): Promise<Obstacle> {
  if (waiter.isHead) waiter.share(seen);
  await (waiter.isHead && watch !== null ? watch : waiter).wait(ms, signal);
  return waiter.seenByHead ?? seen;
}

/** Acquires a lock and blocks this thread while it waits. */
export function acquireSync(path: string | URL, options: AcquireOptions): AcquiredLock {
  const acquisition = new Acquisition(path, options, startSyncWatch);
  const steps = acquisition.steps();
  try {
    for (;;) {
      const step = steps.next(null);
      if (step.done === true) return { published: step.value, reclaimed: acquisition.reclaimed };
      const { ms, watch, seen } = step.value;
      if (seen.verdict?.reason === 'held-by-this-process') throw deadlock(acquisition.path);
      if (watch !== null) watch.wait(ms);
      else sleepSync(ms);
    }
  } finally {
    acquisition.close();
  }
}

/** EDEADLK, as fcntl(2) reports it: this thread holds the lock and would wait for itself. */
function deadlock(path: string): Error {
  return systemError('EDEADLK', 'acquire', { path }, 'this thread already holds the lock');
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
  readonly #lockPath: LockPath;
  readonly #options: AcquireOptions;
  readonly #startWatch: StartWatch<W>;
  readonly #lastLook = new LastLook();
  #watch: W | null = null;
  #isAcquired = false;
  #reclaimed: ReclaimedLock | null = null;

  constructor(path: string | URL, options: AcquireOptions, startWatch: StartWatch<W>) {
    this.#lockPath = LockPath.open(path);
    this.#options = options;
    this.#startWatch = startWatch;
  }

  /** Absolute. */
  get path(): string {
    return this.#lockPath.path;
  }

  /** The last lock that this acquisition removed so far. */
  get reclaimed(): ReclaimedLock | null {
    return this.#reclaimed;
  }

  /**
   * Yields the pauses and returns the lock. After a pause the caller may pass what another waiter of this
   * thread saw. This waiter then does not look itself.
   * @throws LockTimeoutError (ERR_LOCK_TIMEOUT) and the errors of each step.
   */
  *steps(): Generator<Pause<W>, PublishedLock, Obstacle | null> {
    refuseLongName(this.#lockPath);
    const { timeout = Number.POSITIVE_INFINITY } = this.#options;
    const started = performance.now();
    const pace = new Pace();
    const reporter = new Reporter(this.path, this.#options);
    sweepIfDue(this.#lockPath, this.#options);
    for (let seenByHead: Obstacle | null = null; ; ) {
      const found: PublishedLock | Obstacle = seenByHead ?? withLockPath(this.path, () => this.#look());
      if ('record' in found) {
        this.#announce(found, started);
        return found;
      }
      const isWatchComplete = this.#watch?.complete === true;
      const pause = seenByHead !== null ? pace.whileAnotherLooks() : pace.afterLook(found, isWatchComplete);
      if (pause === AT_ONCE) continue;
      const pausedAt = performance.now();
      const waited = pausedAt - started;
      const report = reporter.report(found, waited);
      if (waited >= timeout) throw new LockTimeoutError(report);
      const ms = Math.min(pause, timeout - waited, reporter.dueIn(report));
      seenByHead = yield { ms, watch: this.#watch, seen: found };
      pace.afterPause(performance.now() - pausedAt, ms);
    }
  }

  close(): void {
    this.#watch?.close();
    this.#lastLook.forget();
    if (!this.#isAcquired) this.#lockPath.close();
  }

  /** Takes the lock if it is free, and reclaims it if it is stale. */
  #look(): PublishedLock | Obstacle {
    const view = LockView.open(this.#lockPath);
    if (view === null) {
      const result = publishLock(this.#lockPath, this.#options);
      if (typeof result === 'string') return OVERTAKEN;
      this.#isAcquired = true;
      return result;
    }
    const { record } = view;
    try {
      const lockState = assess(view, this.#options, this.#lastLook);
      const isStale = lockState.state === 'stale';
      if (isStale && reclaimStale(view, lockState)) {
        this.#reclaimed = reclaimedFrom(view, lockState) ?? this.#reclaimed;
      }
      // A new watch may have missed an earlier change, so the waiter looks once more before it waits.
      const moving = isStale || this.#watchNow(view);
      return { ...lockState, owner: record, moving };
    } catch (error) {
      if (isGone(error)) return OVERTAKEN;
      throw error;
    } finally {
      view.close();
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
    const waited = performance.now() - started;
    acquireEvent.publish({ path: this.path, owner, waited, reclaimed: this.#reclaimed });
  }
}

const OVERTAKEN: Obstacle = {
  verdict: null,
  description: 'others take and release the lock faster than this process',
  owner: null,
  moving: true,
};

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
