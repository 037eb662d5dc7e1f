import { sleepSync } from '../../backend/sleep.js';
import { systemError } from '../../backend/system-error.js';
import type { ReclaimedLock } from '../events.js';
import type { AcquireOptions } from '../options.js';
import type { LockPath } from '../protocol/lock-path.js';
import type { PublishedLock } from '../protocol/publish.js';
import { Acquisition, type Ahead, type Pause } from './acquisition.js';
import { type AsyncChangeWatch, startAsyncWatch, startSyncWatch } from './change-watch.js';
import { type Obstacle, TURN_OF_OTHERS } from './obstacle.js';
import { QueuedWaiter, seenByHeadOf, turnOfOthers } from './queue.js';
import { isListening } from './reporter.js';

/** A lock that was acquired, and the lock of a dead owner that was removed for it. */
export interface AcquiredLock {
  readonly published: PublishedLock;
  /** See {@link Lock.reclaimed}. */
  readonly reclaimed: ReclaimedLock | null;
}

/** Acquires a lock without blocking the event loop. Rejects with `signal.reason` once that aborts. */
export async function acquireAsync(path: string | URL, options: AcquireOptions): Promise<AcquiredLock> {
  const { signal } = options;
  let waiter: QueuedWaiter | null = null;
  let seenByHead: Obstacle | null = null;
  const acquisition = new Acquisition(path, options, startAsyncWatch);
  const steps = acquisition.steps(() => othersAhead(acquisition.lockPath, options, waiter));
  try {
    for (;;) {
      // isHead is read after the pause, because the waiter may have become the head since it was woken.
      const step = steps.next(waiter === null || waiter.isHead ? null : seenByHead);
      if (step.done === true) return { published: step.value, reclaimed: acquisition.reclaimed };
      // `onWait` was called a moment ago and may have aborted.
      signal?.throwIfAborted();
      waiter ??= new QueuedWaiter(acquisition.lockPath, options, isListening(options));
      if (!waiter.isHead) acquisition.rest();
      seenByHead = await pause(step.value, waiter, signal);
    }
  } finally {
    waiter?.leave();
    acquisition.close();
  }
}

/**
 * What a newcomer learns from the tasks in line. They come first for a moment after a release; at any other
 * time it need not look itself, because their head has looked.
 * @param waiter the newcomer, if it is in line already.
 */
function othersAhead(lockPath: LockPath, options: AcquireOptions, waiter: QueuedWaiter | null): Ahead | null {
  const turn = turnOfOthers(lockPath, waiter);
  if (turn > 0) return { seen: TURN_OF_OTHERS, ms: turn };
  const seen = waiter === null ? seenByHeadOf(lockPath, options) : null;
  // It looks all the same when nothing stands there, because nobody else may have noticed so far.
  return seen !== null && lockPath.exists() ? { seen, ms: Number.POSITIVE_INFINITY } : null;
}

/** @returns what the head of the queue saw last. */
async function pause(
  { ms, watch, seen }: Pause<AsyncChangeWatch>,
  waiter: QueuedWaiter,
  signal: AbortSignal | undefined,
): Promise<Obstacle> {
  if (waiter.isHead) waiter.share(seen);
  await waiter.wait(ms, signal, waiter.isHead ? watch : null);
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
