/**
 * How the birth of a process compares with the time of a record. A record is as young as the later of its own time
 * and its file's mtime (`recordedAt`), so a birth after that time is after both.
 */
import { MS_PER_TICK } from '../../identity/start-ticks.js';
import type { RecordTime } from '../../record/owner-record.js';
import type { Observation } from '../observation.js';
import type { Answer } from '../rows.js';
import { findingOf, note } from '../rows.js';
import type { Judged } from './judged.js';

/** ms; a clock that is set by hand, or by NTP at start, moves less than this. */
const DEFAULT_CLOCK_SLACK = 60_000;
/**
 * A clock that shows an earlier date was never set: boards without a battery start in 1970 or at their
 * firmware's date.
 */
const SANE_CLOCK_FROM_MS = Date.UTC(2020, 0, 1);

/** The birth of a process, measured from the time of a record. */
export interface Birth {
  readonly recordedAt: RecordTime;
  /** ms from the record to the birth, by the wall clock. */
  readonly lateMs: number;
}

/** null when the birth, or the time of the record, is not known. */
export function birthAfterRecord({ record, seen }: Judged, ticksAsRead: number | null): Birth | null {
  const bornMs = birthMs(ticksAsRead, seen);
  const { recordedAt } = record;
  if (bornMs === null || recordedAt === null) return null;
  return { recordedAt, lateMs: bornMs - recordedAt.ms };
}

/** The birth of the process with the recorded number. */
export function birthOfOwner(judged: Judged): Birth | null {
  return birthAfterRecord(judged, judged.seen.observedProcess.ticksAsRead);
}

/** True when the birth is later than the record by more than the resolution of the record's time and one tick. */
export function isSurelyLate({ lateMs, recordedAt }: Birth): boolean {
  return lateMs > recordedAt.resolutionMs + MS_PER_TICK;
}

/** True when the birth is so late that no clock that was set by hand, or at start, explains it. */
export function isLateByAnyClock({ lateMs, recordedAt }: Birth, judged: Judged): boolean {
  return lateMs > slackOf(judged) + recordedAt.resolutionMs && recordedAt.ms >= SANE_CLOCK_FROM_MS;
}

/** ms by which the wall clock may have been set since the record was written, without a trace. */
export function slackOf({ options }: Judged): number {
  return options.clockSlack ?? DEFAULT_CLOCK_SLACK;
}

/**
 * False for a process that may be older than the record, also where that is not known: it may then work for the
 * owner.
 */
export function isYoungerThanRecord(judged: Judged, ticksAsRead: number | null): boolean {
  const birth = birthAfterRecord(judged, ticksAsRead);
  return birth !== null && isSurelyLate(birth);
}

/** ms by which a record may be younger than it says, because its time was cut to whole seconds or clock ticks. */
export function coarseness({ resolutionMs }: RecordTime): number {
  return resolutionMs > 1 ? resolutionMs : 0;
}

export function isOwnPid({ record, seen }: Judged): boolean {
  return record.pid === seen.self.pid;
}

/**
 * The birth of a process by the wall clock: the time now, minus the age that the process has on the clock that
 * counts since boot. null when it is not known.
 */
export function birthMs(
  ticksAsRead: number | null,
  seen: Pick<Observation, 'nowMs' | 'bootTimeMs'>,
): number | null {
  const ageMs = ageOf(ticksAsRead, seen);
  return ageMs === null ? null : seen.nowMs - ageMs;
}

/** ms on the clock that counts since boot. null when it is not known. */
export function ageOf(
  ticksAsRead: number | null,
  { bootTimeMs }: Pick<Observation, 'bootTimeMs'>,
): number | null {
  if (ticksAsRead === null || bootTimeMs === null) return null;
  const ageMs = bootTimeMs - ticksAsRead * MS_PER_TICK;
  return ageMs < -MS_PER_TICK ? null : ageMs;
}

/** Notes the birth of the process with the recorded number beside the time of the record. */
export function noteBirth(judged: Judged, answer: Answer, ticksAsRead = ownersTicks(judged)): Answer {
  const { record, seen, evidence } = judged;
  const { recordedAt } = record;
  const bornMs = birthMs(ticksAsRead, seen);
  const recorded = recordedAt === null ? 'no time' : timeText(recordedAt);
  const whose = recordedAt !== null && isOwnPid(judged) ? `, this very process${clockNote(seen)}` : '';
  const observed = bornMs === null ? 'birth not known' : `born ${isoText(bornMs)}${whose}`;
  note(evidence, 'birth', recorded, observed, findingOf(answer));
  return answer;
}

function ownersTicks({ seen }: Judged): number | null {
  return seen.observedProcess.ticksAsRead;
}

function clockNote({ clockGainMs }: Observation): string {
  return clockGainMs < 1_000 ? '' : `; its clock has gained ${Math.round(clockGainMs / 1_000)} s since`;
}

export function timeText(time: RecordTime): string {
  return `written ${isoText(time.ms)} (${time.source})`;
}

export function isoText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
