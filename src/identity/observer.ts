import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Backend, BootId, PidNamespace, TimeOffset } from '../backend/backend.js';
import { currentBackend } from '../backend/select.js';
import { MS_PER_TICK } from './start-ticks.js';

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

/** Two clocks at one moment. */
export interface Clocks {
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
  /** ms since boot on the clock of start ticks, not less than it is; null: not known. */
  readonly bootTimeMs: number | null;
}

/** Looks at the clocks that something came between are taken again this often. */
const CLOCK_ATTEMPTS = 5;

/**
 * Both clocks, for the birth of a process on the wall clock. What is left of an error makes it seem older, hence more
 * likely the writer of a record: the other way round, a process that writes its record at once, or a reader that was
 * kept from running between the two looks, would make a live owner seem too young.
 */
export function readClocks(): Clocks {
  for (let attempt = 1; ; attempt++) {
    const nowMs = Date.now();
    const shown = readBootTimeMs();
    const isOneMoment = Math.abs(Date.now() - nowMs) <= 1;
    // The kernel cuts it to hundredths of a second.
    const bootTimeMs = shown === null ? null : shown + MS_PER_TICK;
    if (isOneMoment || attempt === CLOCK_ATTEMPTS) return { nowMs, bootTimeMs };
  }
}

/**
 * Milliseconds since boot as CLOCK_BOOTTIME counts them, shifted by the time namespace exactly as start ticks
 * are. null where /proc/uptime is not procfs's own file: lxcfs mounts the container's age over it.
 */
function readBootTimeMs(): number | null {
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
  const options = readProcOptions();
  if (options === null) return mayHaveProc();
  return options.some((option) => /^hidepid=(?!0$|off$)/.test(option));
}

/** Node's permission model may keep this process from knowing, and Node 20 throws then. */
function mayHaveProc(): boolean {
  try {
    return existsSync('/proc');
  } catch {
    return true;
  }
}

/** Options with which /proc is mounted, such as `hidepid=invisible` or `subset=pid`; null: not known. */
export function readProcOptions(): string[] | null {
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    // Of several mounted over each other one cannot tell which is seen, so all count (proc_pid_mountinfo(5)).
    const lines = mounts.matchAll(/^\d+ \d+ \S+ \/ \/proc (.*)$/gm);
    return [...lines].flatMap(([, options = '']) => options.split(/[ ,]/));
  } catch {
    return null;
  }
}
