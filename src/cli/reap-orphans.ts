import { currentBackend } from '../backend/select.js';

/**
 * Makes this process reap the orphans of all processes below it, if it is PID 1 of its namespace: the kernel
 * gives them to PID 1, and each stays a zombie until that waits for it. Node waits for no process that it did not
 * start. Plain Node cannot wait for others at all; there the container needs an init of its own, such as that of
 * `docker run --init`.
 *
 * @param spared the process that Node waits for.
 */
export function reapOrphans(spared: number): void {
  if (process.pid !== 1) return;
  const { processes } = currentBackend();
  const reap = () => void processes.reapOrphans(spared);
  process.on('SIGCHLD', reap);
  // An orphan may have ended before the handler was there.
  reap();
}
