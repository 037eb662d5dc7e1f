import { setTimeout as sleep } from 'node:timers/promises';
import { acquireSteps, type Pause } from './acquire.js';
import { type AsyncAlarm, armAsync, armSync, type SyncAlarm } from './alarm.js';
import type { AcquireOptions } from './options.js';
import type { LockPlace } from './place.js';
import type { PublishedLock } from './publish.js';

/** Runs an acquisition, pausing without blocking the event loop. Rejects with `signal.reason` once it aborts. */
export async function driveAsync(place: LockPlace, options: AcquireOptions): Promise<PublishedLock> {
  const { signal } = options;
  const steps = acquireSteps(place, options, armAsync);
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      // By onWait, which was called just now.
      signal?.throwIfAborted();
      await pause(step.value, signal);
    }
  } finally {
    steps.return(undefined as never);
  }
}

async function pause({ ms, alarm }: Pause<AsyncAlarm>, signal: AbortSignal | undefined): Promise<void> {
  if (alarm !== null) return alarm.wait(ms, signal);
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Runs an acquisition, blocking this thread while it pauses. */
export function driveSync(place: LockPlace, options: AcquireOptions): PublishedLock {
  const steps = acquireSteps(place, options, armSync);
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (step.value.report.verdict?.reason === 'held-by-this-process') throw deadlock(step.value);
      block(step.value);
    }
  } finally {
    steps.return(undefined as never);
  }
}

function block({ ms, alarm }: Pause<SyncAlarm>): void {
  if (alarm !== null) alarm.wait(ms);
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** This thread holds the lock and would wait for itself: EDEADLK, as fcntl(2) says it. */
function deadlock({ report }: Pause<SyncAlarm>): Error {
  const message = `EDEADLK: this thread already holds the lock, acquire '${report.path}'`;
  return Object.assign(new Error(message), {
    errno: -35,
    code: 'EDEADLK',
    syscall: 'acquire',
    path: report.path,
  });
}
