import { readdirSync } from 'node:fs';
import type { Errno, ProcessStat } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { compareIdentities } from './compare.js';
import { openMatchedPidfd } from './matched-pidfd.js';
import { looksExited, observedIdentity } from './observe-process.js';
import { INITIAL_PID_NAMESPACE, isProcHidden, type Observer } from './observer.js';
import type { ProcessIdentity } from './process-identity.js';

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
  /** In the initial PID namespace, below which containers are to be expected, processes of other users cannot be seen. */
  readonly hidden: boolean;
}

/** Looks through /proc for processes of descendant PID namespaces that have the number `pid` there (NSpid). */
export function findNamesakes(observer: Observer, pid: number): Namesakes {
  if (!observer.ownProc) return { found: [], complete: false, hidden: false };
  const isInitial = observer.pidNamespace?.inode === INITIAL_PID_NAMESPACE;
  const isMasked = isInitial && isProcHidden();
  // hidepid hides nothing from root (proc(5)).
  const hidden = isMasked && process.geteuid?.() !== 0;
  const first = scanProc(observer, pid);
  if (!isInitial || isMasked || !first.complete) return { found: first.found, complete: false, hidden };
  // Absence is a strong claim: it takes two passes, since a process is hard to see while another thread execs.
  const second = scanProc(observer, pid);
  const missed = first.found.filter((one) => !second.found.some((other) => isOneEntry(one, other)));
  return { found: [...missed, ...second.found], complete: second.complete, hidden };
}

function isOneEntry(a: Namesake, b: Namesake): boolean {
  return a.pid === b.pid && a.innermost === b.innermost;
}

function scanProc(observer: Observer, pid: number): Pick<Namesakes, 'found' | 'complete'> {
  const found: Namesake[] = [];
  let complete = true;
  const names = listProc();
  if (names === null) return { found, complete: false };
  for (const name of names) {
    const candidate = Number(name);
    if (!Number.isInteger(candidate)) continue;
    const namesakes = namesakesOf(observer, candidate, pid);
    if (typeof namesakes === 'string') complete &&= namesakes === 'ENOENT' || namesakes === 'ESRCH';
    else found.push(...namesakes);
  }
  return { found, complete };
}

/** The process with the number `candidate` here, once for each namespace below in which its number is `pid`. */
function namesakesOf(observer: Observer, candidate: number, pid: number): Namesake[] | Errno {
  const { processes } = observer.backend;
  // Nearly all are of the own namespace, hence nobody's namesake.
  const own = observer.pidNamespace?.inode;
  if (own !== undefined && processes.isInPidNamespace(candidate, own)) return [];
  const status = processes.status(candidate);
  if (typeof status === 'string') return status;
  const found: Namesake[] = [];
  // One process can have the number in several namespaces, and be meant in each of them.
  for (const [level, number] of status.nsPids.entries()) {
    if (level === 0 || number !== pid) continue;
    const namesake = describe(observer, status.nsPids, level);
    if (namesake !== null) found.push(namesake);
  }
  return found;
}

/** A pidfd of the process in a descendant PID namespace that `identity` names; null: none that can be found or opened. */
export function openDescendantPidfd(observer: Observer, identity: ProcessIdentity): Descriptor | null {
  const isOwner = (namesake: Namesake) => compareIdentities(identity, namesake.identity) === 'same';
  const pid = scanProc(observer, identity.pid).found.find(isOwner)?.pid;
  if (pid === undefined) return null;
  return openMatchedPidfd(observer.backend, pid, () => {
    const namesakes = namesakesOf(observer, pid, identity.pid);
    return typeof namesakes !== 'string' && namesakes.some(isOwner);
  });
}

/** null: Node's permission model, or the kernel, keeps this process from listing it. */
function listProc(): string[] | null {
  try {
    return readdirSync('/proc');
  } catch {
    return null;
  }
}

/** The process with these numbers. null: it has ended meanwhile, and its number may be that of another one. */
function describe(observer: Observer, nsPids: readonly number[], level: number): Namesake | null {
  const { processes, files } = observer.backend;
  const pid = nsPids[0] as number;
  const innermost = level === nsPids.length - 1;
  const pidfd = processes.openPidfd(pid);
  try {
    const inode = typeof pidfd === 'number' ? processes.pidfdInode(pidfd) : null;
    const stat = processes.stat(pid);
    const namespace = innermost ? processes.pidNamespace(pid) : null;
    const status = processes.status(pid);
    const again = processes.stat(pid);
    if (typeof status === 'string' || status.nsPids.join() !== nsPids.join()) return null;
    const ticksAsRead = ticksIn(stat);
    if (ticksIn(again) !== ticksAsRead) return null;
    const exited = typeof pidfd === 'number' ? processes.pidfdExited(pidfd) : exitedInBoth(stat, again);
    const identity = observedIdentity(observer, nsPids[level] as number, namespace, inode, ticksAsRead);
    return { pid, innermost, identity, exited, ticksAsRead };
  } finally {
    if (typeof pidfd === 'number') files.close(pidfd);
  }
}

function ticksIn(stat: ProcessStat | Errno): number | null {
  return typeof stat === 'string' ? null : stat.startTicks;
}

/** While a thread execs, a single read can show its live process dead: it takes two. null: not known. */
function exitedInBoth(first: ProcessStat | Errno, second: ProcessStat | Errno): boolean | null {
  if (typeof first === 'string' || typeof second === 'string') return null;
  return looksExited(first) && looksExited(second);
}
