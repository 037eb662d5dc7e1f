import { existsSync, readFileSync, statSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Backend, BootId, PidNamespace, TimeOffset } from '../backend/backend.js';
import { currentBackend } from '../backend/select.js';
import { isErrno, refuseShortage } from '../backend/system-error.js';
import { MS_PER_TICK } from './start-ticks.js';

/**
 * What this process knows about itself and its surroundings. It is read once, because it does not change while
 * the process lives, unless CRIU restores the process elsewhere: see {@link readObserver}.
 */
export interface Observer {
  readonly backend: Backend;
  readonly pid: number;
  readonly bootId: BootId | null;
  readonly pidNamespace: PidNamespace | null;
  readonly timeOffset: TimeOffset | null;
  /**
   * True when the /proc mounted here numbers processes as this process does: NSpid in /proc/self/status has
   * one entry. In a new PID namespace with the old /proc, /proc/<pid> is another process, even where the
   * numbers coincide.
   */
  readonly ownProc: boolean;
  /**
   * The number of this process in the mounted /proc. It is not {@link pid} where that /proc belongs to another
   * PID namespace. null without a /proc.
   */
  readonly pidInProc: number | null;
  /** True when pidfd_open(2) works here, so that its ESRCH is true: a seccomp filter may answer anything. */
  readonly pidfdWorks: boolean;
}

let cached: Observer | undefined;

/** @throws the errors of {@link readObserver}, until it succeeds for the first time. */
export function currentObserver(): Observer {
  cached ??= readObserver();
  return cached;
}

/**
 * Reads the observer from the kernel anew, because a process that CRIU restored finds itself elsewhere.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out, so that what could not be read is never
 * remembered as missing.
 */
export function readObserver(): Observer {
  const backend = currentBackend();
  const { processes } = backend;
  const status = processes.status('self');
  refuseShortage(status, 'open');
  const pidInProc = isErrno(status) ? null : (status.nsPids[0] ?? null);
  return {
    backend,
    pid: process.pid,
    bootId: processes.bootId(),
    pidNamespace: processes.pidNamespace(),
    timeOffset: processes.timeOffset(),
    ownProc: !isErrno(status) && status.nsPids.length === 1 && pidInProc === process.pid,
    pidInProc,
    pidfdWorks: backend.capabilities().pidfd.available,
  };
}

/** Readings of two clocks at one moment. */
export interface Clocks {
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
  /** ms since boot on the clock of start ticks, never too few. null when that is not known. */
  readonly bootTimeMs: number | null;
  /** See {@link readClockGain}. */
  readonly clockGainMs: number;
}

/** Most attempts to take a pair of readings that is not interrupted. */
const CLOCK_ATTEMPTS = 5;

/**
 * Reads both clocks, from which the birth of a process on the wall clock follows. Any error that is left
 * makes the process look older, so that it is more likely the writer of a record. The opposite error would
 * let a live owner be robbed: it would look too young where it wrote its record at once after its start, or
 * where this process was kept from running between the two readings.
 */
export function readClocks(): Clocks {
  for (let attempt = 1; ; attempt++) {
    const nowMs = Date.now();
    const shown = readBootTimeMs();
    const isOneMoment = Math.abs(Date.now() - nowMs) <= 1;
    // One tick more, because the kernel cuts the time to hundredths of a second.
    const bootTimeMs = shown === null ? null : shown + MS_PER_TICK;
    if (isOneMoment || attempt === CLOCK_ATTEMPTS) {
      return { nowMs, bootTimeMs, clockGainMs: readClockGain(nowMs) };
    }
  }
}

/**
 * Milliseconds by which the wall clock is ahead of where the monotonic one says that it should be, counted
 * from the start of this thread: it was set forward, or the machine was suspended. 0 where it is behind.
 * A step from before the start of a worker thread does not show in it.
 */
function readClockGain(nowMs: number): number {
  return Math.max(0, nowMs - (performance.timeOrigin + performance.now()));
}

/**
 * The systems on which os.uptime() counts the time that the machine has slept: macOS takes it from kern.boottime of
 * sysctl(3), which moves with the wall clock when that is set, and Windows from GetTickCount64. On the others a record
 * from before a sleep would seem to be from before the boot.
 */
const UPTIME_COUNTS_SLEEP: ReadonlySet<string> = new Set(['darwin', 'win32']);
/** ms. macOS takes the difference of two times in whole seconds. */
const UPTIME_RESOLUTION_MS = 1_000;

/**
 * Milliseconds since boot. On Linux they are counted as CLOCK_BOOTTIME counts them, shifted by the time namespace
 * exactly as start ticks are; null where /proc/uptime is not procfs's own file: lxcfs mounts the container's age over
 * it.
 */
function readBootTimeMs(): number | null {
  if (process.platform !== 'linux') {
    return UPTIME_COUNTS_SLEEP.has(process.platform) ? uptime() * 1000 + UPTIME_RESOLUTION_MS : null;
  }
  try {
    if (statSync('/proc/uptime').dev !== statSync('/proc/self').dev) return null;
    const seconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
    return Number.isFinite(seconds) ? seconds * 1000 : null;
  } catch {
    return null;
  }
}

/** True when /proc is mounted with hidepid: that a process is not seen in it then means nothing (proc(5)). */
export function isProcHidden(): boolean {
  const options = readProcOptions();
  if (options === null) return mayHaveProc();
  return options.some((option) => /^hidepid=(?!0$|off$)/.test(option));
}

/**
 * False only when there is certainly no /proc. Node's permission model can hide it; existsSync of Node 20
 * throws then.
 */
function mayHaveProc(): boolean {
  try {
    return existsSync('/proc');
  } catch {
    return true;
  }
}

/**
 * Options with which /proc is mounted, such as `hidepid=invisible` or `subset=pid`. null when they are not
 * known.
 */
export function readProcOptions(): string[] | null {
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    // Several can be mounted over each other. Which of them is seen is not known, so the options of all count
    // (proc_pid_mountinfo(5)).
    const lines = mounts.matchAll(/^\d+ \d+ \S+ \/ \/proc (.*)$/gm);
    return [...lines].flatMap(([, options = '']) => options.split(/[ ,]/));
  } catch {
    return null;
  }
}
