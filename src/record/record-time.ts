import { isDate } from 'node:util/types';
import { Fields } from '../text/json-fields.js';
import type { RecordTime } from './owner-record.js';

/** A time to the second at least, and with its zone, because a time without a zone is local to its writer. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** The resolution, in ms, of a time that is given in ms. */
const MS_RESOLUTION = 1;
const SECOND = 1000;
/** ms. Kernel file times advance with the timer tick, 10 ms at the most (ktime_get_coarse_real_ts64). */
const MTIME_RESOLUTION_MS = 10;
/**
 * A smaller number counts seconds. As ms it would be a time before March 1973; as seconds this one is the
 * year 5138.
 */
const FIRST_IN_MS = 1e11;

/** The fields that hold a time, in the order in which they are believed. */
const TIME_KEYS = ['createdAtMs', 'createdAt', 'startedAt'];

/**
 * When a record was written, by the first of its time fields that can be understood, otherwise by the file's
 * mtime.
 * @param mtimeMs null when it is not known.
 */
export function readRecordTime(fields: Fields, mtimeMs: number | null): RecordTime | null {
  for (const key of TIME_KEYS) {
    const time = toRecordTime(fields.get(key), key.endsWith('Ms'));
    if (time !== null) return time;
  }
  return mtimeMs === null ? null : fileTime(mtimeMs);
}

/** The time in a copy of an OwnerRecord, such as the JSON of one from another process. */
export function copiedTime(value: unknown): RecordTime | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Fields(value);
  const ms = fields.get('ms');
  const resolutionMs = fields.get('resolutionMs');
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return null;
  if (typeof resolutionMs !== 'number' || !(resolutionMs >= 0)) return null;
  return { ms, resolutionMs, source: fields.get('source') === 'record' ? 'record' : 'file mtime' };
}

/** The time that a file's mtime gives to the record in it. */
export function fileTime(mtimeMs: number): RecordTime {
  return { ms: mtimeMs, resolutionMs: MTIME_RESOLUTION_MS, source: 'file mtime' };
}

/** A record is as young as the later of its own time and its file's. null where neither is known. */
export function laterOf(writtenAt: RecordTime | null, touchedAt: RecordTime | null): RecordTime | null {
  if (writtenAt === null || touchedAt === null) return writtenAt ?? touchedAt;
  return touchedAt.ms > writtenAt.ms ? touchedAt : writtenAt;
}

/** A recorded number of whole milliseconds since the epoch. */
export function timeOfMs(ms: number): RecordTime {
  return { ms, resolutionMs: MS_RESOLUTION, source: 'record' };
}

/** A recorded number of whole seconds since the epoch. null when it is no time. */
export function timeOfSeconds(seconds: number): RecordTime | null {
  const ms = seconds * SECOND;
  return ms > 0 && Number.isFinite(ms) ? { ms, resolutionMs: SECOND, source: 'record' } : null;
}

/**
 * A time in a row of a database. A number, or a text of digits, counts ms. null when it is no time: a smaller number
 * counts something else, and as ms it would make every process seem younger than the row.
 */
export function timeOfRow(value: number | string | Date): RecordTime | null {
  const isNumber = typeof value === 'number' || isDate(value) || /^\d{1,16}$/.test(value);
  const time = isNumber ? timeInMs(Number(value)) : toRecordTime(value, false);
  // A database may have cut the time to the second.
  return time !== null && time.ms % SECOND === 0 ? { ...time, resolutionMs: SECOND } : time;
}

function timeInMs(ms: number): RecordTime | null {
  return ms >= FIRST_IN_MS ? toTime(ms, MS_RESOLUTION) : null;
}

function toRecordTime(value: unknown, isMs: boolean): RecordTime | null {
  if (isDate(value)) return timeOfRow(value);
  if (typeof value === 'string') {
    const ms = ISO_TIME.test(value) ? Date.parse(value) : Number.NaN;
    // A fraction of less than three digits, or none, can be what is left of a time that was cut to the
    // second.
    return toTime(ms, /\.\d{3}/.test(value) ? MS_RESOLUTION : SECOND);
  }
  if (typeof value !== 'number') return null;
  if (isMs || value >= FIRST_IN_MS) return toTime(value, MS_RESOLUTION);
  return toTime(value * SECOND, Number.isInteger(value) ? SECOND : MS_RESOLUTION);
}

function toTime(ms: number, resolutionMs: number): RecordTime | null {
  return Number.isFinite(ms) && ms > 0 ? { ms, resolutionMs, source: 'record' } : null;
}
