import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, WatchOperations } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { monotonicMs } from '../backend/monotonic-clock.js';
import { currentBackend } from '../backend/select.js';
import { isErrno, systemError } from '../backend/system-error.js';
import { compareIdentities } from '../identity/compare.js';
import { probeIdentity } from '../identity/read.js';
import { onExitOf } from './process-exit.js';

/** Milliseconds between two looks at a process of which nothing reports the end: on plain Node. */
const POLL_INTERVAL = 100;
/** Milliseconds: 24 days. Node ends a timer at once that is set to more. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Waits until the process ends that has the number `pid` in this PID namespace now. A later process with the same
 * number is another one.
 * @param timeout milliseconds, or Infinity.
 * @returns `ended`, also when there is no such process; or `timeout`.
 * @throws EMFILE and other system errors.
 */
export async function waitUntilExit(pid: number, timeout: number): Promise<'ended' | 'timeout'> {
  const backend = currentBackend();
  // The descriptor leads to that very process, whatever becomes of the number.
  const pidfd = backend.processes.openPidfd(pid);
  if (pidfd === 'ESRCH') return 'ended';
  if (pidfd === 'ENOSYS' || backend.watch === null) return pollUntilExit(pid, timeout);
  if (isErrno(pidfd)) throw systemError(pidfd, 'pidfd_open');
  try {
    return await exitOf(backend, backend.watch, pidfd, timeout);
  } finally {
    backend.files.close(pidfd);
  }
}

function exitOf(
  backend: Backend,
  watch: WatchOperations,
  pidfd: Descriptor,
  timeout: number,
): Promise<'ended' | 'timeout'> {
  return new Promise((resolve, reject) => {
    const ticket = onExitOf(backend, watch, pidfd, look);
    if (isErrno(ticket)) {
      reject(systemError(ticket, 'inotify_add_watch'));
      return;
    }
    let timer: NodeJS.Timeout;
    endAfter(timeout);
    look();

    function endAfter(ms: number): void {
      const isLast = ms <= LONGEST_TIMER;
      timer = setTimeout(
        () => (isLast ? finish('timeout') : endAfter(ms - LONGEST_TIMER)),
        Math.min(ms, LONGEST_TIMER),
      );
    }
    function look(): void {
      if (backend.processes.pidfdExited(pidfd)) finish('ended');
    }
    function finish(outcome: 'ended' | 'timeout'): void {
      clearTimeout(timer);
      watch.cancel(ticket as number);
      resolve(outcome);
    }
  });
}

async function pollUntilExit(pid: number, timeout: number): Promise<'ended' | 'timeout'> {
  const meant = probeIdentity(pid);
  const started = monotonicMs();
  for (;;) {
    const found = probeIdentity(pid);
    if (meant === null || found === null || compareIdentities(meant, found) === 'different') return 'ended';
    const left = timeout - (monotonicMs() - started);
    if (left <= 0) return 'timeout';
    await sleep(Math.min(left, POLL_INTERVAL));
  }
}
