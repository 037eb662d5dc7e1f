import type { TimeOffset } from '../backend/backend.js';

/** USER_HZ: what the kernel shows to programs on every architecture Node runs on (time(7)). */
const TICKS_PER_SECOND = 100;
export const MS_PER_TICK = 1000 / TICKS_PER_SECOND;
const NS_PER_TICK = 1_000_000_000 / TICKS_PER_SECOND;

export interface StartTicks {
  /** Ticks since boot on the clock of one time namespace, by default as the initial one counts them. */
  readonly ticks: number;
  /** Ticks by which that may be off. */
  readonly tolerance: number;
}

/**
 * Takes the reader's time-namespace shift out of field 22 of /proc/<pid>/stat (time_namespaces(7)). The
 * kernel adds the shift in nanoseconds and then rounds down, so a shift that is no whole number of ticks
 * leaves one tick open. null when the ticks or the shift are not known.
 */
export function normaliseStartTicks(asRead: number | null, offset: TimeOffset | null): StartTicks | null {
  if (asRead === null || offset === null) return null;
  const ticks = asRead - wholeTicks(offset);
  if (!Number.isSafeInteger(ticks) || ticks < 0) return null;
  return { ticks, tolerance: roundingOf(offset) };
}

/** What a process in the time namespace with this offset reads where the initial namespace counts `start`. */
export function startTicksIn(offset: TimeOffset, { ticks, tolerance }: StartTicks): StartTicks {
  return { ticks: ticks + wholeTicks(offset), tolerance: Math.max(tolerance, roundingOf(offset)) };
}

function wholeTicks({ seconds, nanoseconds }: TimeOffset): number {
  return seconds * TICKS_PER_SECOND + Math.floor(nanoseconds / NS_PER_TICK);
}

/** Ticks that the kernel's rounding may add. */
function roundingOf({ nanoseconds }: TimeOffset): number {
  return nanoseconds % NS_PER_TICK === 0 ? 0 : 1;
}
