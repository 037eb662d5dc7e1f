/**
 * How far the wall clock was set forward since the boot, on macOS and Windows. What `os.uptime()` says of the boot moves
 * with that clock: macOS keeps kern.boottime at a constant distance from it (clock_set_calendar_microtime of XNU), and
 * GetTickCount64 of Windows stands still while a virtual machine is paused, after which the clock is set forward. A record
 * that a living process wrote before such a step would seem to be older than the boot. So the boot is compared with what
 * the system wrote down at that moment, by the clock as it then was.
 */
import { askProgram } from '../../backend/system-program.js';
import type { Observation } from '../observation.js';

interface Source {
  /** The output of the program that shows the stamp. */
  readonly ask: () => string;
  /** Finds the stamp in it: a time that Date.parse understands. */
  readonly pattern: RegExp;
  /** Follows the time where it names no zone. */
  readonly zone: string;
}

const SOURCES: Partial<Record<NodeJS.Platform, Source>> = {
  /** The birth of process 1, launchd, which nothing changes later (p_start in kern_fork.c of XNU). */
  darwin: {
    ask: () => askProgram('/bin/ps', ['-o', 'lstart=', '-p', '1'], { LC_ALL: 'C', TZ: 'UTC0' }),
    pattern: /^([A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4})\s*$/,
    zone: ' UTC',
  },
  /** Event 12 of Kernel-General in the log of the system, which every user may read: "The operating system started". */
  win32: {
    ask: () =>
      askProgram(wevtutil(), ['qe', 'System', `/q:${STARTED}`, '/c:1', '/rd:true', '/f:xml'], process.env),
    pattern: /<Data Name=['"]StartTime['"]>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.?\d*Z<\/Data>/,
    zone: 'Z',
  },
};

const STARTED = "*[System[Provider[@Name='Microsoft-Windows-Kernel-General'] and EventID=12]]";

function wevtutil(): string {
  return `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\wevtutil.exe`;
}

/** ms since the epoch; null where the system does not answer. It is asked once, because the answer never changes. */
let known: number | null | undefined;

/**
 * ms by which the wall clock was set forward since the boot; 0 also where it was set back. Infinity where nothing shows it.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out; the next call asks anew.
 */
export function clockStepSinceBoot({ nowMs, bootTimeMs }: Pick<Observation, 'nowMs' | 'bootTimeMs'>): number {
  known = known === undefined ? readStamp() : known;
  if (known === null || bootTimeMs === null) return Number.POSITIVE_INFINITY;
  return Math.max(0, nowMs - bootTimeMs - known);
}

function readStamp(): number | null {
  const source = SOURCES[process.platform];
  if (source === undefined) return null;
  const [, time] = source.pattern.exec(source.ask()) ?? [];
  const ms = time === undefined ? Number.NaN : Date.parse(time + source.zone);
  return Number.isFinite(ms) ? ms : null;
}
