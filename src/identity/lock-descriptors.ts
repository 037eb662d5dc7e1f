import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Observer } from './observer.js';
import { listPids } from './process-table.js';

/** What is searched among the descriptors of processes. */
export interface DescriptorSearch {
  /**
   * Whether a descriptor may be one that is searched, by what readlink(2) gives for it: a path, `socket:[1]`,
   * `anon_inode:inotify`. It is asked first, because reading more of a descriptor takes four times as long.
   */
  mayBe(link: string): boolean;
  /**
   * Takes note of a descriptor. One process may have several on the same lock.
   * @param fdinfo with its locks and watches: proc_pid_fdinfo(5).
   */
  take(fdinfo: string, link: string, pid: Pid): void;
}

/** The number of a process in this PID namespace; `self` is this process. */
export type Pid = number | 'self';

/**
 * Searches the descriptors of all processes. Another user's process does not show its descriptors, and a container
 * shows no process outside of it, so what is not found may be there all the same. The search takes some 10 ms for a
 * thousand descriptors.
 */
export function searchDescriptors(observer: Observer, search: DescriptorSearch): void {
  for (const pid of processesOf(observer)) {
    for (const fd of namesOf(`/proc/${pid}/fd`) ?? []) {
      const link = orNull(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (link === null || !search.mayBe(link)) continue;
      const fdinfo = orNull(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
      if (fdinfo !== null) search.take(fdinfo, link, pid);
    }
  }
}

/** False where a process does not show its descriptors to this one, or is gone. */
export function showsDescriptors(pid: Pid): boolean {
  return namesOf(`/proc/${pid}/fd`) !== null;
}

/**
 * A /proc of another PID namespace has other numbers than this process knows, so there only `self` can be named.
 */
function processesOf({ ownProc }: Observer): Pid[] {
  if (!ownProc) return ['self'];
  return (orNull(listPids) ?? []).map((pid) => (pid === process.pid ? 'self' : pid));
}

/** null where the directory is hidden, forbidden or gone. */
function namesOf(directory: string): string[] | null {
  return orNull(() => readdirSync(directory));
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
