/**
 * The decision table for records that hold a pid and no identity. Pure. The rows stand in the order of
 * docs/decision-table.md, and the first that answers decides; a death must then stand against the objections.
 *
 * The pid is taken to be of this PID namespace, as its writer takes it. So every verdict is `assumed`: it can
 * be wrong for a live sibling container that shares the volume.
 */
import { traitsOf } from '../backend/filesystem-traits.js';
import type { ObservedProcess } from '../identity/observe-process.js';
import { MS_PER_TICK } from '../identity/start-ticks.js';
import type { OwnerRecord, RecordTime } from '../record/owner-record.js';
import type { Observation } from './observation.js';
import { type Answer, findingOf, firstAnswer, note, type Rows } from './rows.js';
import type { Evidence, Verdict } from './verdict.js';

/** How owners are judged. The first two options are for records that hold a pid and no identity. */
export interface JudgeOptions {
  /**
   * `assume` (default): the pid is taken to be of this PID namespace, as its writer takes it. That can
   * misjudge a pid-only lock of a live sibling container on a shared volume. `unknown`: such a record is
   * never judged.
   */
  readonly legacy?: 'assume' | 'unknown' | undefined;
  /** ms by which the wall clock may have been set since the record was written. Default 60 000. */
  readonly clockSlack?: number | undefined;
  /**
   * True: an owner with this machine's boot id ran on this very kernel, so that the end of its process or a free
   * lifeline is its death wherever the record stands. Default false: two copies of one virtual machine have the same
   * boot id, and may meet on a shared filesystem or in a database. The verdict is `assumed`.
   */
  readonly trustBootId?: boolean | undefined;
}

/** ms; a clock that is set by hand, or by NTP at start, moves less than this. */
const DEFAULT_CLOCK_SLACK = 60_000;
/**
 * A clock that shows an earlier date was never set: boards without a battery start in 1970 or at their
 * firmware's date.
 */
const SANE_CLOCK_FROM_MS = Date.UTC(2020, 0, 1);

/** A record under judgement, with the evidence so far. */
interface Judged {
  readonly record: OwnerRecord;
  readonly seen: Observation;
  readonly options: JudgeOptions;
  readonly evidence: Evidence[];
}

const ROWS: Rows<Judged> = [
  notAssumed,
  noteAssumptions, // never answers
  otherHost,
  noteBootTime, // never answers
  otherBoot,
  goneOrHidden,
  byStartTicks,
  bornBeforeRecord,
  ownPidReused,
  bornAfterRecord,
  undecided,
];

/** Judges a record without an identity. Never throws. */
export function decideLegacy(record: OwnerRecord, seen: Observation, options: JudgeOptions): Verdict {
  const evidence: Evidence[] = [];
  const judged: Judged = { record, seen, options, evidence };
  const answer = firstAnswer(ROWS, judged);
  const { state, reason } = answer.state === 'dead' ? (objection(judged) ?? answer) : answer;
  return { state, certainty: 'assumed', reason, evidence };
}

/** Finds what speaks against a death that pid and time suggest. null when nothing does. */
function objection(judged: Judged): Answer | null {
  return fileLocked(judged) ?? namesakeInDescendant(judged) ?? namesakesHidden(judged);
}

function notAssumed({ record: { pid }, options, evidence }: Judged): Answer | null {
  if (pid !== null && options.legacy !== 'unknown') return null;
  note(evidence, 'legacy', `pid ${pid}`, null, 'none');
  return { state: 'unknown', reason: 'legacy-not-assumed' };
}

/** Notes the assumptions on which the verdict rests, because no record of this kind can prove them. */
function noteAssumptions({ record: { machine }, seen: { self }, evidence }: Judged): null {
  const namespace = self.pidNamespace.inode === null ? '' : ` (${self.pidNamespace.inode})`;
  note(evidence, 'pid-namespace', null, `assumed to be this one${namespace}`, 'none');
  if ((machine?.bootId ?? null) === null && machine?.pidIsOfHost !== true) {
    note(evidence, 'boot-id', null, 'assumed to be of this machine', 'none');
  }
  return null;
}

/**
 * A host name alone never makes a record dead, because a container gets another name when it is recreated, and
 * siblings may share one.
 */
function otherHost({ record: { machine }, seen: { self }, evidence }: Judged): Answer | null {
  if (machine === null || machine.hostname === null) return null;
  note(evidence, 'hostname', machine.hostname, self.hostname, 'none');
  const isElsewhere = machine.hostname.toLowerCase() !== self.hostname?.toLowerCase();
  return isElsewhere && machine.pidIsOfHost ? { state: 'unknown', reason: 'legacy-other-host' } : null;
}

/**
 * Notes the time of the machine's boot for people only. The birth of the process decides in its place, because
 * it is known more exactly.
 */
function noteBootTime({ record: { machine }, seen, evidence }: Judged): null {
  const recordedMs = machine?.bootTimeMs ?? null;
  if (recordedMs === null) return null;
  const observed = seen.bootTimeMs === null ? null : isoText(seen.nowMs - seen.bootTimeMs);
  note(evidence, 'boot-time', isoText(recordedMs), observed, 'none');
  return null;
}

/**
 * Answers for a boot id that differs from this one. It is assumed to be its kernel's own, as this one is known
 * to be. If only one kernel can use the filesystem, the other id is from an earlier boot, so the owner is dead.
 * A tmpfs does not outlive its kernel, so there a differing boot id means that something else is wrong.
 */
function otherBoot({ record: { machine }, seen, evidence }: Judged): Answer | null {
  const bootId = machine?.bootId ?? null;
  if (bootId === null) return null;
  const { self, filesystem } = seen;
  const isElsewhere = self.bootId !== null && self.bootId !== bootId;
  const { provesReboot } = traitsOf(filesystem);
  const isGone = isElsewhere && self.bootIdNative === true && provesReboot;
  const observed = isElsewhere ? `${self.bootId}, ${filesystem ?? 'unknown'} filesystem` : self.bootId;
  note(evidence, 'boot-id', bootId, observed, isGone ? 'dead' : 'none');
  if (!isElsewhere) return null;
  return isGone
    ? { state: 'dead', reason: 'legacy-rebooted' }
    : { state: 'unknown', reason: 'legacy-other-boot' };
}

function goneOrHidden({ record: { pid }, seen: { observedProcess }, evidence }: Judged): Answer | null {
  const answer = byExistence(observedProcess);
  note(evidence, 'process', `pid ${pid}`, observedProcess.source, findingOf(answer));
  return answer;
}

function byExistence({ existence, exited }: ObservedProcess): Answer | null {
  if (existence === 'absent') return { state: 'dead', reason: 'legacy-no-such-process' };
  if (existence === 'thread') return { state: 'dead', reason: 'legacy-pid-is-thread' };
  if (existence === 'unknown') return { state: 'unknown', reason: 'legacy-process-hidden' };
  return exited === true ? { state: 'dead', reason: 'legacy-process-exited' } : null;
}

/**
 * The writer read its ticks in its own time namespace: the observer's, the initial one, or that of the
 * process which has the number now. Ticks that equal none of them show that the process is another one, but
 * only where its namespace is known.
 */
function byStartTicks({ record: { starttime }, seen, evidence }: Judged): Answer | null {
  const { ticksAsRead, identity } = seen.observedProcess;
  if (starttime === null || ticksAsRead === null) return null;
  const normalised = Number(identity?.startTicks ?? Number.NaN);
  const recorded = String(starttime);
  if (starttime === ticksAsRead || isAbout(starttime, normalised, identity?.startTolerance ?? 0)) {
    note(evidence, 'start-ticks', recorded, String(ticksAsRead), 'alive');
    return { state: 'alive', reason: 'legacy-start-matches' };
  }
  const own = seen.ticksInOwnTime;
  if (own === null) {
    note(evidence, 'start-ticks', recorded, `${ticksAsRead}; its time namespace is not known`, 'none');
    return null;
  }
  const answer: Answer = isAbout(starttime, own.ticks, own.tolerance)
    ? { state: 'alive', reason: 'legacy-start-matches' }
    : { state: 'dead', reason: 'legacy-start-differs' };
  const inOwnTime = own.ticks === ticksAsRead ? '' : `; ${own.ticks} in its own time namespace`;
  note(evidence, 'start-ticks', recorded, `${ticksAsRead}${inOwnTime}`, findingOf(answer));
  return answer;
}

function isAbout(recorded: number, ticks: number, tolerance: number): boolean {
  return Math.abs(recorded - ticks) <= tolerance;
}

function bornBeforeRecord(judged: Judged): Answer | null {
  const birth = birthOf(judged);
  if (birth === null || !(birth.lateMs <= coarseness(birth.recordedAt))) return null;
  return noteBirth(judged, { state: 'alive', reason: 'legacy-born-before-record' });
}

/**
 * Answers when the recorded number is this process's own. No other process has that number here, so a writer
 * that is older than this process is gone. `clockSlack` does not count here, because a process that crashes and
 * restarts would have to wait for it each time. In its place counts how far the clock has in fact been set since
 * this process started: what this process wrote before that seems too old by as much.
 */
function ownPidReused(judged: Judged): Answer | null {
  const birth = birthOf(judged);
  if (birth === null || !isOwnPid(judged) || isByForeignClock(judged)) return null;
  if (!isSurelyLate({ ...birth, lateMs: birth.lateMs - judged.seen.clockGainMs })) return null;
  return noteBirth(judged, { state: 'dead', reason: 'legacy-own-pid-reused' });
}

function bornAfterRecord(judged: Judged): Answer | null {
  const birth = birthOf(judged);
  if (birth === null || isOwnPid(judged) || isByForeignClock(judged)) return null;
  const { lateMs, recordedAt } = birth;
  const slack = judged.options.clockSlack ?? DEFAULT_CLOCK_SLACK;
  const isLate = lateMs > slack + recordedAt.resolutionMs && recordedAt.ms >= SANE_CLOCK_FROM_MS;
  return isLate ? noteBirth(judged, { state: 'dead', reason: 'legacy-born-after-record' }) : null;
}

/**
 * True when the only time of the record is one that a file server gave to its file. The birth of a process is
 * known by the clock of this machine, and how far the two differ is not known.
 */
function isByForeignClock({ record: { recordedAt }, seen: { filesystem } }: Judged): boolean {
  return recordedAt?.source === 'file mtime' && filesystem !== null && !traitsOf(filesystem).oneKernel;
}

function undecided(judged: Judged): Answer {
  const isHidden = judged.seen.observedProcess.ticksAsRead === null;
  return noteBirth(judged, {
    state: 'unknown',
    reason: isHidden ? 'legacy-process-hidden' : 'legacy-time-unclear',
  });
}

/**
 * mongod and others lock their PID file. The process that holds that lock runs on this kernel, perhaps in
 * another container.
 */
function fileLocked({ seen, evidence }: Judged): Answer | null {
  if (seen.witness.state !== 'held') return null;
  note(evidence, 'file-lock', null, 'held by somebody', 'alive');
  return { state: 'alive', reason: 'legacy-file-locked' };
}

/**
 * Objects if a process in a descendant PID namespace has the number there and may be older than the record,
 * because an operator on the host must not clear the PID file of a live container.
 */
function namesakeInDescendant({ record, seen, evidence }: Judged): Answer | null {
  const { pid, recordedAt } = record;
  for (const namesake of seen.namesakes.found) {
    if (namesake.exited === true) continue;
    const birth = compareTimes(namesake.ticksAsRead, recordedAt, seen);
    if (birth !== null && isSurelyLate(birth)) continue;
    const namespace = namesake.identity.pidNamespace.inode ?? 'that may not be read';
    const observed = `pid ${namesake.pid} here is pid ${pid} of PID namespace ${namespace}`;
    note(evidence, 'descendant-namespaces', `pid ${pid}`, observed, 'none');
    return { state: 'unknown', reason: 'legacy-namesake-in-descendant' };
  }
  return null;
}

/** Objects if such a process may be there and is hidden from the observer. */
function namesakesHidden({ record: { pid }, seen, evidence }: Judged): Answer | null {
  const { complete, hidden } = seen.namesakes;
  if (!complete) {
    const whose = hidden ? "other users' are hidden" : 'not all can';
    const observed = `none has that number, as far as can be seen; ${whose}`;
    note(evidence, 'descendant-namespaces', `pid ${pid}`, observed, 'none');
  }
  return hidden ? { state: 'unknown', reason: 'legacy-process-hidden' } : null;
}

/** The birth of a process, measured from the time of a record. */
interface Birth {
  readonly recordedAt: RecordTime;
  /** ms from the record to the birth, by the wall clock. */
  readonly lateMs: number;
}

/** The birth of the process with the recorded number. */
function birthOf({ record, seen }: Judged): Birth | null {
  return compareTimes(seen.observedProcess.ticksAsRead, record.recordedAt, seen);
}

/** null when the birth of the process, or the time of the record, is not known. */
function compareTimes(
  ticksAsRead: number | null,
  recordedAt: RecordTime | null,
  seen: Observation,
): Birth | null {
  const bornMs = birthMs(ticksAsRead, seen);
  if (bornMs === null || recordedAt === null) return null;
  return { recordedAt, lateMs: bornMs - recordedAt.ms };
}

/**
 * True when the birth is later than the record by more than the resolution of the record's time and one tick.
 */
function isSurelyLate({ lateMs, recordedAt }: Birth): boolean {
  return lateMs > recordedAt.resolutionMs + MS_PER_TICK;
}

/**
 * ms by which a record may be younger than it says, because its time was cut to whole seconds or clock ticks.
 */
function coarseness({ resolutionMs }: RecordTime): number {
  return resolutionMs > 1 ? resolutionMs : 0;
}

function isOwnPid({ record, seen }: Judged): boolean {
  return record.pid === seen.self.pid;
}

/**
 * The birth of a process by the wall clock: the time now, minus the age that the process has on the clock that
 * counts since boot. null when it is not known.
 */
function birthMs(ticksAsRead: number | null, seen: Observation): number | null {
  if (ticksAsRead === null || seen.bootTimeMs === null) return null;
  const ageMs = seen.bootTimeMs - ticksAsRead * MS_PER_TICK;
  return ageMs < -MS_PER_TICK ? null : seen.nowMs - ageMs;
}

function noteBirth(judged: Judged, answer: Answer): Answer {
  const { record, seen, evidence } = judged;
  const { recordedAt } = record;
  const bornMs = birthMs(seen.observedProcess.ticksAsRead, seen);
  const recorded = recordedAt === null ? 'no time' : timeText(recordedAt);
  const whose = recordedAt !== null && isOwnPid(judged) ? `, this very process${clockNote(seen)}` : '';
  const observed = bornMs === null ? 'birth not known' : `born ${isoText(bornMs)}${whose}`;
  note(evidence, 'birth', recorded, observed, findingOf(answer));
  return answer;
}

function clockNote({ clockGainMs }: Observation): string {
  return clockGainMs < 1_000 ? '' : `; its clock has gained ${Math.round(clockGainMs / 1_000)} s since`;
}

function timeText(time: RecordTime): string {
  return `written ${isoText(time.ms)} (${time.source})`;
}

function isoText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
