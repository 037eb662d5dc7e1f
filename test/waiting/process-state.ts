import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The kernel resources that a process holds. */
export interface ProcessState {
  /** The number of open descriptors. */
  readonly descriptors: number;
  /** The number of directories that its inotify instances watch. */
  readonly watches: number;
  readonly threads: number;
}

export function stateOf(pid: number | 'self'): ProcessState {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    watches: watchesOf(pid),
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** Counts the directories that all inotify instances of a process watch (proc_pid_fdinfo(5)). */
export function watchesOf(pid: number | 'self'): number {
  let watches = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:inotify') continue;
      watches += readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm)?.length ?? 0;
    } catch {
      // The descriptor was closed after the list was made.
    }
  }
  return watches;
}

/**
 * Counts how often the threads of a process have gone to sleep, because that shows whether it polls or is
 * woken.
 */
export function sleepsOf(pid: number): number {
  let sleeps = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    sleeps += Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
  }
  return sleeps;
}
