// Two processes that are compared run on one processor: of a machine that others share, another one may be slower.
import { spawnSync } from 'node:child_process';

/**
 * Keeps the main thread of this process and of others on one processor. Node's helper threads go where they like.
 * Does nothing where there is no taskset(1).
 * @param pids of the others. @returns what lets them go again.
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

/** As taskset(1) lists them, such as `0-3,7`. */
function processorsOf(pid) {
  return taskset('-c', '-p', pid).trim().split(' ').at(-1);
}

/** What it prints; nothing where it cannot be had, or there is no such process any more. */
function taskset(...args) {
  const { stdout } = spawnSync('taskset', args.map(String), { encoding: 'utf8' });
  return stdout ?? '';
}
