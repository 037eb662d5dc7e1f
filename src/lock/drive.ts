import { setTimeout as sleep } from 'node:timers/promises';
import type { Pause } from './acquire.js';
import type { PublishedLock } from './publish.js';

type Steps = Generator<Pause, PublishedLock, void>;

/** Runs an acquisition, pausing without blocking the event loop. Rejects with `signal.reason` once it aborts. */
export async function driveAsync(steps: Steps, signal: AbortSignal | undefined): Promise<PublishedLock> {
  for (;;) {
    signal?.throwIfAborted();
    const step = steps.next();
    if (step.done === true) return step.value;
    try {
      await sleep(step.value.ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}

/** Runs an acquisition, blocking this thread while it pauses. */
export function driveSync(steps: Steps): PublishedLock {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value.report.verdict?.reason === 'held-by-this-process') throw deadlock(step.value);
    blockThread(step.value.ms);
  }
}

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** This thread holds the lock and would wait for itself: EDEADLK, as fcntl(2) says it. */
function deadlock({ report }: Pause): Error {
  const message = `EDEADLK: this thread already holds the lock, acquire '${report.path}'`;
  return Object.assign(new Error(message), {
    errno: -35,
    code: 'EDEADLK',
    syscall: 'acquire',
    path: report.path,
  });
}
