import { statSync } from 'node:fs';
import type { TimeOffset } from '../backend.js';
import { errnoName } from '../system-error.js';
import { readProcFile } from './proc-file.js';

/** The inode of the initial time namespace, which never changes (PROC_TIME_INIT_INO of the kernel). */
const INITIAL_TIME_NAMESPACE = 4026531834n;

const ZERO: TimeOffset = Object.freeze({ seconds: 0, nanoseconds: 0 });

/** How far /proc shifts start ticks for this reader (time_namespaces(7)); null when that cannot be known. */
export function readTimeOffset(): TimeOffset | null {
  try {
    const own = inodeOf('/proc/self/ns/time');
    // Kernels before 5.6 or without CONFIG_TIME_NS have no such file beside the others, and shift nothing.
    if (own === undefined) return inodeOf('/proc/self/ns/pid') === undefined ? null : ZERO;
    if (own === INITIAL_TIME_NAMESPACE) return ZERO;
    // timens_offsets shows the namespace of future children. Between unshare(CLONE_NEWTIME) and exec that is not
    // the reader's own.
    if (own !== inodeOf('/proc/self/ns/time_for_children')) return null;
    return parseTimeOffsets(readProcFile('/proc/self/timens_offsets').content);
  } catch (error) {
    errnoName(error);
    return null;
  }
}

/** Reads the `boottime` line of /proc/<pid>/timens_offsets, because start ticks are counted on that clock. */
export function parseTimeOffsets(content: Buffer): TimeOffset | null {
  // Linux 5.6 prints the number of the clock in place of its name: 7 is CLOCK_BOOTTIME.
  const line = /^(?:boottime|7)[ \t]+(-?\d+)[ \t]+(\d+)[ \t]*$/m.exec(content.toString('latin1'));
  const seconds = Number(line?.[1]);
  const nanoseconds = Number(line?.[2]);
  if (!Number.isSafeInteger(seconds) || !(nanoseconds < 1e9)) return null;
  return { seconds, nanoseconds };
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
