import type { Errno, PidfdProbe, PidNamespace, ProcessStat } from '../backend/backend.js';
import { errnoOf } from '../backend/system-error.js';
import type { Observer } from './observer.js';
import { IDENTITY_VERSION, type ProcessIdentity } from './process-identity.js';
import { normaliseStartTicks } from './start-ticks.js';

/** What one look at a pid of the own PID namespace showed. */
export interface ObservedProcess {
  /** `thread`: the number belongs to a thread of another process, so no process has it. `unknown`: hidden. */
  readonly existence: 'present' | 'absent' | 'thread' | 'unknown';
  /** The system call or file that said so, and its answer. */
  readonly source: string;
  /** Identity of the process seen; null unless present. hostname and containerId are left out. */
  readonly identity: ProcessIdentity | null;
  /** All its threads have exited, though it may not have been reaped; null: not known. */
  readonly exited: boolean | null;
  /** Start ticks as this process reads them, before the time-namespace shift is taken out. */
  readonly ticksAsRead: number | null;
}

/** A look that raced with the death of the process and the reuse of its number is repeated this often. */
const ATTEMPTS = 3;

/**
 * Looks at the process `pid` of the own PID namespace.
 * @param needTicks false: /proc is read only where the pidfd inode cannot tell processes apart.
 */
export function observeProcess(observer: Observer, pid: number, needTicks: boolean): ObservedProcess {
  let observedProcess = look(observer, pid, needTicks);
  for (let attempt = 1; observedProcess === 'raced'; attempt++) {
    observedProcess =
      attempt < ATTEMPTS ? look(observer, pid, needTicks) : unclear('process changed while it was read');
  }
  return observedProcess;
}

function look(observer: Observer, pid: number, needTicks: boolean): ObservedProcess | 'raced' {
  if (!observer.pidfdWorks) return lookWithoutPidfd(observer, pid);
  const { processes } = observer.backend;
  if (observer.ownProc && needTicks) return lookWithTicks(observer, pid);
  const sight = processes.probePidfd(pid);
  if (typeof sight === 'string') return notOpened(sight);
  if (observer.ownProc && sight.inode === null) return lookWithTicks(observer, pid);
  if (last?.sight !== sight || last.pid !== pid || last.observer !== observer) {
    const observedProcess = present(observer, pid, sight.inode, null, sight.exited, 'pidfd_open: ok');
    last = { observer, pid, sight, observedProcess };
  }
  return last.observedProcess;
}

/** Whoever polls sees the same again, which a backend may say by the same object. */
let last:
  | {
      readonly observer: Observer;
      readonly pid: number;
      readonly sight: PidfdProbe;
      readonly observedProcess: ObservedProcess;
    }
  | undefined;

/** What follows from pidfd_open(2) failing. */
function notOpened(error: Errno): ObservedProcess {
  if (error === 'ESRCH') return missing('absent', 'pidfd_open: ESRCH');
  // The number is that of a thread which leads no process; older kernels say EINVAL.
  if (error === 'ENOENT' || error === 'EINVAL') return missing('thread', `pidfd_open: ${error}`);
  return unclear(`pidfd_open: ${error}`);
}

function lookWithTicks(observer: Observer, pid: number): ObservedProcess | 'raced' {
  const { processes, files } = observer.backend;
  const pidfd = processes.openPidfd(pid);
  if (typeof pidfd === 'string') return notOpened(pidfd);
  try {
    const inode = processes.pidfdInode(pidfd);
    const stat = processes.stat(pid);
    // Asked after stat was read: a process that still runs now is the one whose stat that was.
    const exited = processes.pidfdExited(pidfd);
    if (typeof stat === 'string') return present(observer, pid, inode, null, exited, 'pidfd_open: ok');
    if (exited && !isDead(stat.state)) {
      // stat may be that of a newcomer with the number; the inode still names the one that exited.
      return inode === null ? 'raced' : present(observer, pid, inode, null, exited, 'pidfd_open: ok');
    }
    return present(observer, pid, inode, stat.startTicks, exited, `pidfd_open: ok, stat: ${stat.state}`);
  } finally {
    files.close(pidfd);
  }
}

function lookWithoutPidfd(observer: Observer, pid: number): ObservedProcess | 'raced' {
  const signalled = signalZero(pid);
  if (signalled === 'ESRCH') return missing('absent', 'kill(pid, 0): ESRCH');
  if (!observer.ownProc) {
    const why = observer.pidInProc === null ? 'no /proc' : '/proc is not that of this PID namespace';
    return unclear(`kill(pid, 0): ${signalled}, ${why}`);
  }
  const { processes } = observer.backend;
  const status = processes.status(pid);
  const stat = processes.stat(pid);
  if (typeof status === 'string' || typeof stat === 'string') {
    return unclear(`kill(pid, 0): ${signalled}, /proc/${pid}: ${typeof stat === 'string' ? stat : status}`);
  }
  if (status.tgid !== pid) return missing('thread', `Tgid ${status.tgid}`);
  let exited = looksExited(stat);
  if (exited) {
    // While another thread execs, one read can show the leader dead: it takes two.
    const again = processes.stat(pid);
    if (typeof again === 'string' || again.startTicks !== stat.startTicks) return 'raced';
    exited = looksExited(again);
  }
  return present(
    observer,
    pid,
    null,
    stat.startTicks,
    exited,
    `stat: ${stat.state}, ${stat.threads} threads`,
  );
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
    hostname: null,
    containerId: null,
  };
}

function missing(existence: 'absent' | 'thread', source: string): ObservedProcess {
  return { existence, source, identity: null, exited: null, ticksAsRead: null };
}

function unclear(source: string): ObservedProcess {
  return { existence: 'unknown', source, identity: null, exited: null, ticksAsRead: null };
}

/** The process, and not only its first thread, has exited. One look can be wrong while another thread execs. */
export function looksExited({ state, threads }: ProcessStat): boolean {
  return isDead(state) && threads <= 1;
}

/** Z: exited, not reaped. X: being reaped. */
function isDead(state: string): boolean {
  return state === 'Z' || state === 'X';
}

/** kill(2) with signal 0: 'ok', or why not. EPERM means that the process is there. */
function signalZero(pid: number): string {
  try {
    process.kill(pid, 0);
    return 'ok';
  } catch (error) {
    return errnoOf(error) ?? 'EINVAL';
  }
}
