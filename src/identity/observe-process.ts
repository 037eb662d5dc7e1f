import type { Errno, PidfdProbe, PidNamespace, ProcessStat } from '../backend/backend.js';
import { errnoOf, isErrno, refuseShortage } from '../backend/system-error.js';
import { rememberLast } from '../remember-last.js';
import type { Observer } from './observer.js';
import { IDENTITY_VERSION, type ProcessIdentity } from './process-identity.js';
import { normaliseStartTicks } from './start-ticks.js';

/** What the kernel showed about one PID of this process's own PID namespace. */
export interface ObservedProcess {
  /**
   * `thread`: the number belongs to a thread of another process, so no process has it. `unknown`: it is
   * hidden.
   */
  readonly existence: 'present' | 'absent' | 'thread' | 'unknown';
  /** The system call or file that said so, and its answer. */
  readonly source: string;
  /** Identity of the process, without hostname and containerId. null unless it is present. */
  readonly identity: ProcessIdentity | null;
  /**
   * True when all its threads have exited, though it may not have been reaped. null when that is not known.
   */
  readonly exited: boolean | null;
  /** Start ticks as this process reads them, before the time-namespace shift is taken out. */
  readonly ticksAsRead: number | null;
}

/** The call behind `probePidfd` of the backend, for people. */
const PROBE =
  new Map([
    ['win32', 'OpenProcess'],
    ['darwin', 'proc_pidinfo'],
  ]).get(process.platform) ?? 'pidfd_open';

/** Most attempts to observe a process. One fails when the process dies meanwhile and another gets its number. */
const ATTEMPTS = 3;

/**
 * Observes the process `pid` of this process's own PID namespace.
 * @param needTicks false: /proc is read only where there is no pidfd inode to compare.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function observeProcess(observer: Observer, pid: number, needTicks: boolean): ObservedProcess {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const observed = observeOnce(observer, pid, needTicks);
    if (observed !== 'raced') return observed;
  }
  return unclear('process changed while it was read');
}

function observeOnce(observer: Observer, pid: number, needTicks: boolean): ObservedProcess | 'raced' {
  if (!observer.pidfdWorks) return observeWithoutPidfd(observer, pid);
  if (observer.ownProc && needTicks) return observeWithTicks(observer, pid);
  const probe = observer.backend.processes.probePidfd(pid);
  if (isErrno(probe)) return notOpened(probe);
  if (observer.ownProc && probe.inode === null) return observeWithTicks(observer, pid);
  return presentByProbe(observer, pid, probe);
}

/**
 * A backend may return the same object while nothing has changed, so a program that polls a process gets the
 * same answer. Without that a judgement takes 2.9 to 3.1 us instead of 2.5.
 */
const presentByProbe = rememberLast((observer: Observer, pid: number, probe: PidfdProbe) => {
  const observed = present(observer, pid, probe.inode, null, probe.exited, `${PROBE}: ok`);
  const { identity } = observed;
  // Only the addons for Windows and macOS show a start here. Elsewhere nothing is copied.
  const isUnchanged = identity === null || (probe.started ?? null) === null;
  return isUnchanged ? observed : { ...observed, identity: withStart(identity, probe) };
});

/**
 * The identity with the start that the probe shows, on Windows and macOS. It counts from 1970, so that it says who the
 * process is, and not whether it is older than a record: the wall clock may have been set since.
 */
export function withStart(identity: ProcessIdentity, { started = null }: PidfdProbe): ProcessIdentity {
  return started === null ? identity : { ...identity, startTicks: String(started) };
}

/** What follows from an error of pidfd_open(2). */
function notOpened(error: Errno): ObservedProcess {
  if (error === 'ESRCH') return missing('absent', `${PROBE}: ESRCH`);
  // The number belongs to a thread that is not the main thread of its process. Older kernels answer EINVAL.
  if (error === 'ENOENT' || error === 'EINVAL') return missing('thread', `pidfd_open: ${error}`);
  // This comes last, because a judgement of a dead owner would otherwise take a tenth longer.
  refuseShortage(error, 'pidfd_open');
  return unclear(`${PROBE}: ${error}`);
}

function observeWithTicks(observer: Observer, pid: number): ObservedProcess | 'raced' {
  const { processes, files } = observer.backend;
  const pidfd = processes.openPidfd(pid);
  if (isErrno(pidfd)) return notOpened(pidfd);
  try {
    const inode = processes.pidfdInode(pidfd);
    const stat = processes.stat(pid);
    refuseShortage(stat, 'open');
    // The pidfd is asked after stat was read: if its process still runs now, then that stat was its own.
    const exited = processes.pidfdExited(pidfd);
    if (isErrno(stat)) return present(observer, pid, inode, null, exited, 'pidfd_open: ok');
    if (exited && !isDead(stat.state)) {
      // stat may be that of a newcomer with the number. The inode still names the process that exited.
      return inode === null ? 'raced' : present(observer, pid, inode, null, exited, 'pidfd_open: ok');
    }
    return present(observer, pid, inode, stat.startTicks, exited, `pidfd_open: ok, stat: ${stat.state}`);
  } finally {
    files.close(pidfd);
  }
}

function observeWithoutPidfd(observer: Observer, pid: number): ObservedProcess | 'raced' {
  const signalled = signalZero(pid);
  if (signalled === 'ESRCH') return missing('absent', 'kill(pid, 0): ESRCH');
  if (!observer.ownProc) {
    const why = observer.pidInProc === null ? 'no /proc' : '/proc is not that of this PID namespace';
    return unclear(`kill(pid, 0): ${signalled}, ${why}`);
  }
  const { processes } = observer.backend;
  const status = processes.status(pid);
  const stat = processes.stat(pid);
  refuseShortage(status, 'open');
  refuseShortage(stat, 'open');
  if (isErrno(status) || isErrno(stat)) {
    return unclear(`kill(pid, 0): ${signalled}, /proc/${pid}: ${isErrno(stat) ? stat : status}`);
  }
  if (status.tgid !== pid) return missing('thread', `Tgid ${status.tgid}`);
  let exited = looksExited(stat);
  if (exited) {
    // It takes two reads, because one can show the leader dead while another thread execs.
    const again = processes.stat(pid);
    refuseShortage(again, 'open');
    if (isErrno(again) || again.startTicks !== stat.startTicks) return 'raced';
    exited = looksExited(again);
  }
  const source = `stat: ${stat.state}, ${stat.threads} threads`;
  return present(observer, pid, null, stat.startTicks, exited, source);
}

function present(
  observer: Observer,
  pid: number,
  pidfdInode: string | null,
  ticksAsRead: number | null,
  exited: boolean,
  source: string,
): ObservedProcess {
  const identity = observedIdentity(observer, pid, observer.pidNamespace, pidfdInode, ticksAsRead);
  return { existence: 'present', source, identity, exited, ticksAsRead };
}

/** The identity of a process seen by `observer`, whose number in `pidNamespace` is `pid`. */
export function observedIdentity(
  observer: Observer,
  pid: number,
  pidNamespace: PidNamespace | null,
  pidfdInode: string | null,
  ticksAsRead: number | null,
): ProcessIdentity {
  const start = normaliseStartTicks(ticksAsRead, observer.timeOffset);
  return {
    version: IDENTITY_VERSION,
    platform: process.platform,
    pid,
    startTicks: start === null ? null : String(start.ticks),
    startTolerance: start?.tolerance ?? 0,
    bootId: observer.bootId?.id ?? null,
    bootIdNative: observer.bootId?.native ?? null,
    pidNamespace: { inode: pidNamespace?.inode ?? null, id: pidNamespace?.id ?? null },
    pidfdInode,
    lifeline: null,
    hostname: null,
    containerId: null,
  };
}

function missing(existence: 'absent' | 'thread', source: string): ObservedProcess {
  return { existence, source, identity: null, exited: null, ticksAsRead: null };
}

/** An observation that shows nothing, for the reason `source`. */
export function unclear(source: string): ObservedProcess {
  return { existence: 'unknown', source, identity: null, exited: null, ticksAsRead: null };
}

/**
 * True when the process, and not only its first thread, seems to have exited. One read can be wrong while
 * another thread execs.
 */
export function looksExited({ state, threads }: ProcessStat): boolean {
  return isDead(state) && threads <= 1;
}

/** Z: exited, not reaped. X: being reaped. */
function isDead(state: string): boolean {
  return state === 'Z' || state === 'X';
}

/** Calls kill(2) with signal 0, and answers 'ok' or why not. EPERM means that the process is there. */
export function signalZero(pid: number): string {
  try {
    process.kill(pid, 0);
    return 'ok';
  } catch (error) {
    return errnoOf(error) ?? 'EINVAL';
  }
}
