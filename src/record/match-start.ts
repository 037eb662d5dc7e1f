import { MS_PER_TICK, type StartTicks } from '../identity/start-ticks.js';
import { toWallTimes, type WallTime } from './wall-time.js';

/** When a process started, as far as the observer knows. */
export interface StartFacts {
  /**
   * The start as the process itself reads it, in its own time namespace. null where that namespace is not known, and then
   * no claim differs.
   */
  readonly own: StartTicks | null;
  /** The same start as the observer and the initial time namespace count it: the writer may have read it there. */
  readonly elsewhere: readonly StartTicks[];
  /** ms that the process is old, on the clock of start ticks. null when that is not known. */
  readonly ageMs: number | null;
  /**
   * The wall clock now, ms since the epoch. null: no time by the wall clock matches. A process that restarts within a
   * second cannot tell its own start from its predecessor's by such a time.
   */
  readonly nowMs: number | null;
}

/** `unclear`: the claim may count from the start of something else, by a clock that was set, or in an unknown unit. */
export type StartMatch = 'matches' | 'differs' | 'unclear';

const TICKS_PER_SECOND = 1000 / MS_PER_TICK;
/** ms between a start that was read as a time in ms and the true one: a tick each for the start and for the age. */
const READING_ERROR_MS = 3 * MS_PER_TICK;
/** ms. Programs add the ticks to `btime` of /proc/stat, a time that is cut to the second, and may be off by another one. */
const BTIME_ERROR_MS = 2000;
const SECOND = 1000;

/**
 * Compares what a record says of the start of its writer with the start of a process. Programs write start ticks, seconds
 * or milliseconds since boot or since the epoch, and texts of times, under the same names, so a match in any unit is a
 * match. A claim differs only where it must count from boot: times by the wall clock move when the clock is set. Zero
 * and negative numbers are what programs write that do not know. A difference alone is no proof of death.
 */
export function matchStart(claim: number | string, facts: StartFacts): StartMatch {
  const times = toWallTimes(claim);
  if (times.some((time) => isBirth(time, facts))) return 'matches';
  const number = toNumber(claim);
  if (number === null || number <= 0) return 'unclear';
  const { own, ageMs } = facts;
  const starts = startsOf(facts);
  const readings = readingsSinceBoot(number);
  if (readings.some((reading) => starts.some((start) => isStart(reading, start)))) return 'matches';
  if (times.length > 0 || own === null || ageMs === null || !Number.isInteger(number)) return 'unclear';
  // Somebody who writes the time since boot when it writes its record gives a moment in the life of the process.
  const age = ageMs / MS_PER_TICK;
  const isInItsLife = readings.slice(1).some(({ ticks }) => ticks > own.ticks && ticks <= own.ticks + age);
  return isInItsLife || number > own.ticks + age ? 'unclear' : 'differs';
}

/** A claim that is read as one since boot. */
interface Reading {
  readonly ticks: number;
  /** Ticks by which it may be too small, or too great, because of its unit. */
  readonly resolution: number;
}

/** The claim as ticks, as seconds and as milliseconds since boot. */
function readingsSinceBoot(number: number): readonly Reading[] {
  const secondsAreWhole = Number.isInteger(number);
  return [
    { ticks: number, resolution: 0 },
    { ticks: number * TICKS_PER_SECOND, resolution: secondsAreWhole ? TICKS_PER_SECOND : 1 },
    { ticks: number / MS_PER_TICK, resolution: 1 },
  ];
}

function isStart({ ticks, resolution }: Reading, start: StartTicks): boolean {
  return Math.abs(ticks - start.ticks) <= start.tolerance + resolution;
}

function isBirth({ ms, resolutionMs }: WallTime, facts: StartFacts): boolean {
  const { ageMs, nowMs } = facts;
  if (ageMs === null || nowMs === null) return false;
  const early = nowMs - ageMs - ms;
  if (resolutionMs >= SECOND)
    return early <= BTIME_ERROR_MS + resolutionMs - SECOND && early >= -resolutionMs;
  if (Math.abs(early) <= READING_ERROR_MS) return true;
  // The whole seconds of such a time are those of `btime`, and the hundredths are those of the ticks.
  const hundredths = Math.round(ms / MS_PER_TICK) % TICKS_PER_SECOND;
  const isOfStart = ({ ticks }: StartTicks) => ticks % TICKS_PER_SECOND === hundredths;
  return Math.abs(early) <= BTIME_ERROR_MS && startsOf(facts).some(isOfStart);
}

/** The start of the process in each time namespace in which its writer may have read it. */
function startsOf({ own, elsewhere }: StartFacts): readonly StartTicks[] {
  return own === null ? elsewhere : [own, ...elsewhere];
}

/** The number at the end of a text such as `335032` or `linux:335032`. */
function toNumber(claim: number | string): number | null {
  if (typeof claim === 'number') return claim;
  const digits = /^(?:[a-z-]{1,32}:)?(\d{1,16}(?:\.\d{1,9})?)$/i.exec(claim.trim())?.[1];
  return digits === undefined ? null : Number(digits);
}
