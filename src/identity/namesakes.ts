import { readdirSync } from 'node:fs';
import { INITIAL_PID_NAMESPACE, isProcHidden, type Observer } from './observer.js';
import type { ProcessIdentity } from './process-identity.js';
import { observedIdentity } from './sighting.js';

/** A process in a descendant PID namespace that bears the number in question there. */
export interface Namesake {
  /** Its number in the observer's PID namespace. */
  readonly pid: number;
  /** True: the number is the one in its own, innermost namespace. */
  readonly innermost: boolean;
  /** As it would record itself: the number in its namespace, and that namespace (null: may not be read). */
  readonly identity: ProcessIdentity;
  /** null: not known. */
  readonly exited: boolean | null;
  readonly ticksAsRead: number | null;
}

export interface Namesakes {
  readonly found: readonly Namesake[];
  /** Nothing can have been missed: initial PID namespace, own /proc without hidepid, no process unreadable. */
  readonly complete: boolean;
}

/** Looks through /proc for processes of descendant PID namespaces that have the number `pid` there (NSpid). */
export function findNamesakes(observer: Observer, pid: number): Namesakes {
  if (!observer.ownProc) return { found: [], complete: false };
  const seesAll = observer.pidNamespace?.inode === INITIAL_PID_NAMESPACE && !isProcHidden();
  const scan = scanProc(observer, pid);
  // Absence is a strong claim: it takes two passes, since a process is hard to see while another thread execs.
  if (!seesAll || !scan.complete || scan.found.length > 0)
    return { ...scan, complete: seesAll && scan.complete };
  return scanProc(observer, pid);
}

function scanProc(observer: Observer, pid: number): Namesakes {
  const found: Namesake[] = [];
  let complete = true;
  for (const name of readdirSync('/proc')) {
    const candidate = Number(name);
    if (!Number.isInteger(candidate)) continue;
    const status = observer.backend.processes.status(candidate);
    if (typeof status === 'string') {
      complete &&= status === 'ENOENT' || status === 'ESRCH';
      continue;
    }
    const level = status.nsPids.indexOf(pid, 1);
    if (level === -1) continue;
    found.push(describe(observer, candidate, pid, level === status.nsPids.length - 1));
  }
  return { found, complete };
}

function describe(observer: Observer, pid: number, numberThere: number, innermost: boolean): Namesake {
  const { processes, files } = observer.backend;
  const pidfd = processes.openPidfd(pid);
  let inode: string | null = null;
  let exited: boolean | null = null;
  const stat = processes.stat(pid);
  const namespace = innermost ? processes.pidNamespace(pid) : null;
  if (typeof pidfd === 'number') {
    inode = processes.pidfdInode(pidfd);
    exited = processes.pidfdExited(pidfd);
    files.close(pidfd);
  } else if (typeof stat !== 'string') {
    exited = (stat.state === 'Z' || stat.state === 'X') && stat.threads <= 1;
  }
  const ticksAsRead = typeof stat === 'string' ? null : stat.startTicks;
  const identity = observedIdentity(observer, numberThere, namespace, inode, ticksAsRead);
  return { pid, innermost, identity, exited, ticksAsRead };
}
