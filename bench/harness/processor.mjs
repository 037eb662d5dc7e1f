// Keeps two processes that are compared on one processor, because one processor may be slower than another on a machine
// that others share.
import { spawnSync } from 'node:child_process';

/**
 * Keeps the main threads of this process and of others on one processor. Node's helper threads stay free.
 * It does nothing when there is no taskset(1).
 * @param pids the other processes. @returns a function that gives all of them their processors back.
 */
export function shareProcessor(pids) {
  const before = [process.pid, ...pids].map((pid) => [pid, processorsOf(pid)]);
  const [, own] = before[0];
  const last = /\d+$/.exec(own)?.[0];
  if (last === undefined) return () => {};
  for (const [pid] of before) taskset('-c', '-p', last, pid);
  return () => {
    for (const [pid, processors] of before) taskset('-c', '-p', processors, pid);
  };
}

/** The processors of a process in the format of taskset(1), such as `0-3,7`. */
function processorsOf(pid) {
  return taskset('-c', '-p', pid).trim().split(' ').at(-1);
}

/** Returns what taskset prints. The text is empty when there is no taskset, or the process has ended. */
function taskset(...args) {
  const { stdout } = spawnSync('taskset', args.map(String), { encoding: 'utf8' });
  return stdout ?? '';
}
