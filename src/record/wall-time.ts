import { isDate } from 'node:util/types';

/** A time by the wall clock, as some program wrote it down. */
export interface WallTime {
  /** ms since the epoch. */
  readonly ms: number;
  /** The true time lies within this many ms. */
  readonly resolutionMs: number;
}

const SECOND = 1000;
const MINUTE = 60_000;
/**
 * The seconds from September 2001 to 2100. A number outside, in whatever unit, counts something else: start ticks,
 * seconds since boot, the milliseconds of an interval.
 */
const FIRST = 1e9;
const LAST = 4.1e9;
/** How many of each unit make a second. In which of them a number is a time of this century is never in doubt. */
const UNITS_PER_SECOND = [1, 1e3, 1e6, 1e9];

const NUMBER = /^\d{1,20}(\.\d{1,9})?$/;
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:[.,]\d{1,9})?)? ?(Z|UTC|[+-]\d\d:?\d\d)?$/i;
/** `Sat Nov 28 14:25:11 2026` of ps(1) and ctime(3), and what date(1) prints, which adds the zone. */
const CTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (?:(UTC|GMT) )?(\d{4})$/;
/** `Sat, 28 Nov 2026 14:25:11 GMT`, the text of Date.prototype.toUTCString. */
const HTTP_TIME = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/;

/** The time that a value is, if it is one and only one. A text without a zone is local to its writer, and may be several. */
export function toWallTime(value: unknown): WallTime | null {
  const times = toWallTimes(value);
  return times.length === 1 ? (times[0] ?? null) : null;
}

/**
 * The times that a value may be: none, one, or two for a text without a zone, which is read as one of this process's zone
 * and of UTC.
 */
export function toWallTimes(value: unknown): readonly WallTime[] {
  if (isDate(value)) return ofNumber(value.getTime());
  if (typeof value === 'number') return ofNumber(value);
  if (typeof value !== 'string' || value.length > 40) return [];
  const text = value.trim();
  return NUMBER.test(text) ? ofNumber(Number(text)) : ofText(text);
}

function ofNumber(number: number): readonly WallTime[] {
  const unit = UNITS_PER_SECOND.find((count) => number >= FIRST * count && number <= LAST * count);
  return unit === undefined ? [] : [timeAt((number * SECOND) / unit, 1)];
}

function ofText(text: string): readonly WallTime[] {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, date, minute, second = '', zone = ''] = iso;
    const fraction = /[.,]\d{3}/.test(second);
    const resolutionMs = second === '' ? MINUTE : fraction ? 1 : SECOND;
    return parsed(`${date}T${minute}${second.replace(',', '.')}`, isoZone(zone), resolutionMs);
  }
  const [, month, day, clock, zone = '', year] = CTIME.exec(text) ?? [];
  if (month !== undefined) return parsed(`${day} ${month} ${year} ${clock}`, zone, SECOND);
  const [, httpDay, httpMonth, httpYear, httpClock] = HTTP_TIME.exec(text) ?? [];
  return httpDay === undefined
    ? []
    : parsed(`${httpDay} ${httpMonth} ${httpYear} ${httpClock}`, 'GMT', SECOND);
}

function isoZone(zone: string): string {
  if (/^(utc|z)$/i.test(zone)) return 'Z';
  return zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
}

function parsed(text: string, zone: string, resolutionMs: number): readonly WallTime[] {
  const zones =
    zone === '' ? ['', text.includes('T') ? 'Z' : ' GMT'] : [text.includes('T') ? zone : ` ${zone}`];
  const times = zones.map((end) => Date.parse(text + end)).filter(Number.isFinite);
  return times.map((ms) => timeAt(ms, resolutionMs));
}

/** A time in whole seconds was cut, also where it was then written in a smaller unit. */
function timeAt(ms: number, resolutionMs: number): WallTime {
  return { ms, resolutionMs: ms % SECOND === 0 ? Math.max(SECOND, resolutionMs) : resolutionMs };
}
