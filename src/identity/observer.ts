import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Backend, BootId, PidNamespace, TimeOffset } from '../backend/backend.js';
import { currentBackend } from '../backend/select.js';

/** Inode of the initial PID namespace (PROC_PID_INIT_INO in the kernel): from there every process is visible. */
export const INITIAL_PID_NAMESPACE = '4026531836';

/** What this process knows of its own place: read once, true for as long as it lives. */
export interface Observer {
  readonly backend: Backend;
  readonly pid: number;
  readonly bootId: BootId | null;
  readonly pidNamespace: PidNamespace | null;
  readonly timeOffset: TimeOffset | null;
  /**
   * The /proc mounted here numbers processes as this process does: NSpid in /proc/self/status has one entry. In a
   * new PID namespace with the old /proc, /proc/<pid> is somebody else, even where the numbers coincide.
   */
  readonly ownProc: boolean;
  /** The own number in the /proc that is mounted, which differs from {@link pid} in a foreign one; null: no /proc. */
  readonly pidInProc: number | null;
  /** pidfd_open(2) works here, so its ESRCH means what it says (a seccomp filter may answer anything). */
  readonly pidfdWorks: boolean;
}

let cached: Observer | undefined;

export function currentObserver(): Observer {
  cached ??= readObserver();
  return cached;
}

/** As {@link currentObserver}, from the kernel anew: a process restored by CRIU finds itself elsewhere. */
export function readObserver(): Observer {
  const backend = currentBackend();
  const { processes } = backend;
  const status = processes.status('self');
  const pidInProc = typeof status === 'string' ? null : (status.nsPids[0] ?? null);
  return {
    backend,
    pid: process.pid,
    bootId: processes.bootId(),
    pidNamespace: processes.pidNamespace(),
    timeOffset: processes.timeOffset(),
    ownProc: typeof status !== 'string' && status.nsPids.length === 1 && pidInProc === process.pid,
    pidInProc,
    pidfdWorks: backend.capabilities().pidfd.available,
  };
}

/**
 * Milliseconds since boot as CLOCK_BOOTTIME counts them, shifted by the time namespace exactly as start ticks
 * are. null where /proc/uptime is not procfs's own file: lxcfs mounts the container's age over it.
 */
export function readBootTimeMs(): number | null {
  try {
    if (statSync('/proc/uptime').dev !== statSync('/proc/self').dev) return null;
    const seconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
    return Number.isFinite(seconds) ? seconds * 1000 : null;
  } catch {
    return null;
  }
}

/** True when /proc is mounted with hidepid, so that not seeing a process in it means nothing (proc(5)). */
export function isProcHidden(): boolean {
  try {
    return /^\d+ \d+ \S+ \/ \/proc .*hidepid=(?!0\b|off\b)/m.test(
      readFileSync('/proc/self/mountinfo', 'latin1'),
    );
  } catch {
    return existsSync('/proc');
  }
}
