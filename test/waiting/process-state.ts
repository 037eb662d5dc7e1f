import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds of the kernel's. */
export interface ProcessState {
  /** Descriptors. */
  readonly descriptors: number;
  /** Directories that its inotify instances watch. */
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

/** How many directories all inotify instances of a process watch (proc_pid_fdinfo(5)). */
export function watchesOf(pid: number | 'self'): number {
  let watches = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:inotify') continue;
      watches += readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm)?.length ?? 0;
    } catch {
      // Closed since the list was made.
    }
  }
  return watches;
}

/** How often the threads of a process went to sleep so far, which tells one that polls from one that is woken. */
export function sleepsOf(pid: number): number {
  let sleeps = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    sleeps += Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
  }
  return sleeps;
}
