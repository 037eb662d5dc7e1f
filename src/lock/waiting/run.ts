import { systemError } from '../../backend/system-error.js';
import { sleepSync } from '../../sleep.js';
import type { AcquireOptions } from '../options.js';
import type { LockPath } from '../protocol/lock-path.js';
import type { PublishedLock } from '../protocol/publish.js';
import { acquireSteps, isListening, type Pause } from './acquisition.js';
import { type AsyncChangeWatch, type SyncChangeWatch, watchAsync, watchSync } from './change-watch.js';
import { type Obstacle, QueuedWaiter } from './queue.js';

/** Runs an acquisition, pausing without blocking the event loop. Rejects with `signal.reason` once it aborts. */
export async function acquireAsync(place: LockPath, options: AcquireOptions): Promise<PublishedLock> {
  const { signal } = options;
  const steps = acquireSteps(place, options, watchAsync);
  let inLine: QueuedWaiter | null = null;
  let seen: Obstacle | null = null;
  try {
    for (;;) {
      // Asked only now: it may have become the first since it was woken.
      const step = steps.next(inLine === null || inLine.isFirst ? null : seen);
      if (step.done === true) return step.value;
      // By onWait, which was called just now.
      signal?.throwIfAborted();
      inLine ??= new QueuedWaiter(place, options, isListening(options));
      seen = await pause(step.value, inLine, signal);
    }
  } finally {
    steps.return(undefined as never);
    inLine?.leave();
  }
}

/** @returns what the first of the line saw last. */
async function pause(
  { ms, alarm, report }: Pause<AsyncChangeWatch>,
  inLine: QueuedWaiter,
  signal: AbortSignal | undefined,
): Promise<Obstacle> {
  if (inLine.isFirst) inLine.tell(report);
  await (inLine.isFirst && alarm !== null ? alarm : inLine).wait(ms, signal);
  return inLine.seen ?? report;
}

/** Runs an acquisition, blocking this thread while it pauses. */
export function acquireSync(place: LockPath, options: AcquireOptions): PublishedLock {
  const steps = acquireSteps(place, options, watchSync);
  try {
    for (;;) {
      const step = steps.next(null);
      if (step.done === true) return step.value;
      if (step.value.report.verdict?.reason === 'held-by-this-process') throw deadlock(step.value);
      block(step.value);
    }
  } finally {
    steps.return(undefined as never);
  }
}

function block({ ms, alarm }: Pause<SyncChangeWatch>): void {
  if (alarm !== null) alarm.wait(ms);
  else sleepSync(ms);
}

/** EDEADLK, as fcntl(2) reports it: this thread holds the lock and would wait for itself. */
function deadlock({ report }: Pause<SyncChangeWatch>): Error {
  return systemError('EDEADLK', 'acquire', { path: report.path }, 'this thread already holds the lock');
}
