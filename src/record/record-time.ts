import { Fields } from '../text/json-fields.js';
import type { RecordTime } from './owner-record.js';

/** To the second at least and with its zone: a time without one is local to whoever wrote it. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** A time given in whole ms. */
const MS_RESOLUTION = 1;
const SECOND = 1000;
/** Kernel file times advance with the timer tick, 10 ms at the most (ktime_get_coarse_real_ts64). */
const MTIME_RESOLUTION_MS = 10;
/** A smaller number counts seconds: as ms it would lie before March 1973, and as seconds this is the year 5138. */
const FIRST_IN_MS = 1e11;

/** In the order in which they are believed. */
const TIME_KEYS = ['createdAtMs', 'createdAt', 'startedAt'];

/**
 * When a record was written, by the first of its time fields that can be understood, else by the file's mtime.
 * @param mtimeMs null: not known.
 */
export function readRecordTime(fields: Fields, mtimeMs: number | null): RecordTime | null {
  for (const key of TIME_KEYS) {
    const time = toRecordTime(fields.get(key), key.endsWith('Ms'));
    if (time !== null) return time;
  }
  return mtimeMs === null ? null : fileTime(mtimeMs);
}

/** The time in a copy of an OwnerRecord, such as one that came as JSON from another process. */
export function copiedTime(value: unknown): RecordTime | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Fields(value);
  const ms = fields.get('ms');
  const resolutionMs = fields.get('resolutionMs');
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return null;
  if (typeof resolutionMs !== 'number' || !(resolutionMs >= 0)) return null;
  return { ms, resolutionMs, source: fields.get('source') === 'record' ? 'record' : 'file mtime' };
}

/** What a file's mtime says of the record in it. */
export function fileTime(mtimeMs: number): RecordTime {
  return { ms: mtimeMs, resolutionMs: MTIME_RESOLUTION_MS, source: 'file mtime' };
}

/** A recorded number of whole milliseconds since the epoch. */
export function timeOfMs(ms: number): RecordTime {
  return { ms, resolutionMs: MS_RESOLUTION, source: 'record' };
}

/** A recorded number of whole seconds since the epoch. null: none. */
export function timeOfSeconds(seconds: number): RecordTime | null {
  const ms = seconds * SECOND;
  return ms > 0 && Number.isFinite(ms) ? { ms, resolutionMs: SECOND, source: 'record' } : null;
}

function toRecordTime(value: unknown, isMs: boolean): RecordTime | null {
  if (typeof value === 'string') {
    const ms = ISO_TIME.test(value) ? Date.parse(value) : Number.NaN;
    // With less than three digits of a fraction it may have been cut to the second.
    return toTime(ms, /\.\d{3}/.test(value) ? MS_RESOLUTION : SECOND);
  }
  if (typeof value !== 'number') return null;
  if (isMs || value >= FIRST_IN_MS) return toTime(value, MS_RESOLUTION);
  return toTime(value * SECOND, Number.isInteger(value) ? SECOND : MS_RESOLUTION);
}

function toTime(ms: number, resolutionMs: number): RecordTime | null {
  return Number.isFinite(ms) && ms > 0 ? { ms, resolutionMs, source: 'record' } : null;
}
