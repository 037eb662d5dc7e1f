import { readdirSync, readFileSync } from 'node:fs';

export { inotifyWatches } from './fixtures/inotify-watches.mjs';

/** The number of the thread of this process with that name; undefined when there is none. */
export function threadNamed(name: string): string | undefined {
  return threadsNamed(name)[0];
}

export function threadsNamed(name: string): string[] {
  return readdirSync('/proc/self/task').filter((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === name;
    } catch {
      return false; // The thread has ended since the list was made.
    }
  });
}

/** How often a thread went to sleep, and how long it ran, in ticks of 10 ms (proc_pid_status(5), proc_pid_stat(5)). */
export function activityOf(thread: string): { sleeps: number; ticks: number } {
  const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    sleeps: Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]),
    ticks: Number(fields[11]) + Number(fields[12]),
  };
}
