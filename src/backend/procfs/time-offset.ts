import { statSync } from 'node:fs';
import { requirePid } from '../arguments.js';
import type { TimeOffset } from '../backend.js';
import { INITIAL_TIME_NAMESPACE } from '../initial-namespaces.js';
import { notKnown } from '../system-error.js';
import { readProcFile } from './proc-file.js';

const ZERO: TimeOffset = Object.freeze({ seconds: 0, nanoseconds: 0 });

/**
 * How far /proc shifts start ticks for a reader in the time namespace of the process `pid`, by default this one
 * (time_namespaces(7)). null when that cannot be known.
 */
export function readTimeOffset(pid?: number): TimeOffset | null {
  const process = pid === undefined ? 'self' : requirePid(pid);
  try {
    const own = inodeOf(`/proc/${process}/ns/time`);
    if (own === undefined) return hasTimeNamespaces() ? null : ZERO;
    if (own === INITIAL_TIME_NAMESPACE) return ZERO;
    // timens_offsets shows the namespace of future children. Between unshare(CLONE_NEWTIME) and exec that is not
    // the process's own.
    if (own !== inodeOf(`/proc/${process}/ns/time_for_children`)) return null;
    return parseTimeOffsets(readProcFile(`/proc/${process}/timens_offsets`).content);
  } catch (error) {
    return notKnown(error);
  }
}

/**
 * False for kernels before 5.6 or without CONFIG_TIME_NS: they have no such file beside the others, and shift
 * nothing.
 */
function hasTimeNamespaces(): boolean {
  return inodeOf('/proc/self/ns/time') !== undefined || inodeOf('/proc/self/ns/pid') === undefined;
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
