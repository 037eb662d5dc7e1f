import type { Errno, ProcessStat } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { INITIAL_PID_NAMESPACE } from '../backend/initial-namespaces.js';
import { isErrno, unlessShort } from '../backend/system-error.js';
import { compareIdentities } from './compare.js';
import { openMatchedPidfd } from './matched-pidfd.js';
import { looksExited, observedIdentity } from './observe-process.js';
import { isProcHidden, type Observer } from './observer.js';
import type { ProcessIdentity } from './process-identity.js';
import { listPids } from './process-table.js';

/** A process in a descendant PID namespace that has the number in question there. */
export interface Namesake {
  /** Its number in the observer's PID namespace. */
  readonly pid: number;
  /** True when the number is the one in its own, innermost namespace. */
  readonly innermost: boolean;
  /**
   * The identity that the process would record of itself, with its number in its own namespace. That
   * namespace is null where it may not be read.
   */
  readonly identity: ProcessIdentity;
  /** null when that is not known. */
  readonly exited: boolean | null;
  readonly ticksAsRead: number | null;
}

export interface Namesakes {
  readonly found: readonly Namesake[];
  /**
   * True when none can be missing: initial PID namespace, own /proc without hidepid, no process unreadable.
   */
  readonly complete: boolean;
  /**
   * True when this process is in the initial PID namespace and does not see the processes of other users. The
   * namespaces of containers lie below the initial one, so namesakes may exist that are not found.
   */
  readonly hidden: boolean;
}

/** Searches /proc for processes of descendant PID namespaces that have the number `pid` there (NSpid). */
export function findNamesakes(observer: Observer, pid: number): Namesakes {
  if (!observer.ownProc) return { found: [], complete: false, hidden: false };
  const isInitial = observer.pidNamespace?.inode === INITIAL_PID_NAMESPACE;
  const isMasked = isInitial && isProcHidden();
  // hidepid hides nothing from root (proc(5)).
  const hidden = isMasked && process.geteuid?.() !== 0;
  const first = scanProc(observer, pid);
  if (!isInitial || isMasked || !first.complete) return { found: first.found, complete: false, hidden };
  // Absence is a strong claim, so it takes two passes: one pass can miss a process while one of its threads
  // calls exec.
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
  const candidates = unlessShort(listPids, () => null);
  if (candidates === null) return { found, complete: false };
  for (const candidate of candidates) {
    const namesakes = unlessShort<Namesake[] | Errno>(
      () => namesakesOf(observer, candidate, pid),
      ({ code }) => code,
    );
    if (isErrno(namesakes)) complete &&= namesakes === 'ENOENT' || namesakes === 'ESRCH';
    else found.push(...namesakes);
  }
  return { found, complete };
}

/** Describes the process `candidate` once for each descendant namespace in which its number is `pid`. */
function namesakesOf(observer: Observer, candidate: number, pid: number): Namesake[] | Errno {
  const { processes } = observer.backend;
  // Nearly all processes are in this process's own namespace, so they are no namesakes.
  const own = observer.pidNamespace?.inode;
  if (own !== undefined && processes.isInPidNamespace(candidate, own)) return [];
  const status = processes.status(candidate);
  if (isErrno(status)) return status;
  const found: Namesake[] = [];
  // One process can have the number in several namespaces, and a record can mean it in each of them.
  for (const [level, number] of status.nsPids.entries()) {
    if (level === 0 || number !== pid) continue;
    const namesake = describe(observer, status.nsPids, level);
    if (namesake !== null) found.push(namesake);
  }
  return found;
}

/**
 * Opens a pidfd of the process in a descendant PID namespace that `identity` names. null when the process is
 * not found, or when no pidfd can be opened.
 */
export function openDescendantPidfd(observer: Observer, identity: ProcessIdentity): Descriptor | null {
  const isOwner = (namesake: Namesake) => compareIdentities(identity, namesake.identity) === 'same';
  const pid = scanProc(observer, identity.pid).found.find(isOwner)?.pid;
  if (pid === undefined) return null;
  return openMatchedPidfd(observer.backend, pid, () => {
    const namesakes = namesakesOf(observer, pid, identity.pid);
    return !isErrno(namesakes) && namesakes.some(isOwner);
  });
}

/**
 * Describes the process that has the PIDs `nsPids`. null when it ended meanwhile, so that its number may be
 * another process's.
 */
function describe(observer: Observer, nsPids: readonly number[], level: number): Namesake | null {
  const { processes, files } = observer.backend;
  const pid = nsPids[0] as number;
  const innermost = level === nsPids.length - 1;
  const pidfd = processes.openPidfd(pid);
  try {
    const inode = isErrno(pidfd) ? null : processes.pidfdInode(pidfd);
    const stat = processes.stat(pid);
    const namespace = innermost ? processes.pidNamespace(pid) : null;
    const status = processes.status(pid);
    const again = processes.stat(pid);
    if (isErrno(status) || status.nsPids.join() !== nsPids.join()) return null;
    const ticksAsRead = ticksIn(stat);
    if (ticksIn(again) !== ticksAsRead) return null;
    const exited = isErrno(pidfd) ? exitedInBoth(stat, again) : processes.pidfdExited(pidfd);
    const identity = observedIdentity(observer, nsPids[level] as number, namespace, inode, ticksAsRead);
    return { pid, innermost, identity, exited, ticksAsRead };
  } finally {
    if (!isErrno(pidfd)) files.close(pidfd);
  }
}

function ticksIn(stat: ProcessStat | Errno): number | null {
  return isErrno(stat) ? null : stat.startTicks;
}

/**
 * True when two reads show the process exited, because a single one can show a live process dead while one of
 * its threads execs. null when that is not known.
 */
function exitedInBoth(first: ProcessStat | Errno, second: ProcessStat | Errno): boolean | null {
  if (isErrno(first) || isErrno(second)) return null;
  return looksExited(first) && looksExited(second);
}
