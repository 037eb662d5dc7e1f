import { traitsOf } from '../backend/filesystem-traits.js';
import { MS_PER_TICK } from '../identity/start-ticks.js';
import type { OwnerRecord, RecordTime } from '../record/owner-record.js';
import type { Observation } from './observation.js';
import type { Evidence, Reason, Verdict, VerdictState } from './verdict.js';

export interface LegacyOptions {
  /** `unknown`: never judge a pid that is recorded without an identity. Default `assume`. */
  readonly legacy: 'assume' | 'unknown';
  /** ms by which the wall clock may have been set between record and birth. Default 60 000. */
  readonly clockSlack: number;
}

/** Before this a clock was never set: boards without a battery start in 1970 or at their firmware's date. */
const SANE_CLOCK_FROM_MS = Date.UTC(2020, 0, 1);

/**
 * Judges a record that holds no identity. Its pid is taken to be of this PID namespace, as its writer takes it, hence
 * every verdict is `assumed`: for a live sibling container that shares the volume it can be wrong. Pure.
 */
export function decideLegacy(record: OwnerRecord, seen: Observation, options: LegacyOptions): Verdict {
  const evidence: Evidence[] = [];
  const { pid } = record;
  if (pid === null || options.legacy === 'unknown') {
    evidence.push({ check: 'legacy', recorded: `pid ${pid}`, observed: null, finding: 'none' });
    return { state: 'unknown', certainty: 'assumed', reason: 'legacy-not-assumed', evidence };
  }
  noteAssumption(record, seen, evidence);
  const answer = otherMachine(record, seen, evidence) ?? answerFor(record, pid, seen, options, evidence);
  const { state, reason } = answer.state === 'dead' ? (objection(record, seen, evidence) ?? answer) : answer;
  return { state, certainty: 'assumed', reason, evidence };
}

/** What the verdict rests on that no record of this kind can prove. */
function noteAssumption({ machine }: OwnerRecord, { self }: Observation, evidence: Evidence[]): void {
  const namespace = self.pidNamespace.inode === null ? '' : ` (${self.pidNamespace.inode})`;
  const observed = `assumed to be this one${namespace}`;
  evidence.push({ check: 'pid-namespace', recorded: null, observed, finding: 'none' });
  if ((machine?.bootId ?? null) !== null || machine?.pidIsOfHost === true) return;
  evidence.push({
    check: 'boot-id',
    recorded: null,
    observed: 'assumed to be of this machine',
    finding: 'none',
  });
}

/** What the record says of its machine. null: nothing that keeps the pid from being one of this machine. */
function otherMachine(record: OwnerRecord, seen: Observation, evidence: Evidence[]): LegacyAnswer | null {
  const { machine } = record;
  if (machine === null) return null;
  const { hostname, bootId, bootTimeMs } = machine;
  if (hostname !== null) {
    // Never a reason to call it dead: a container gets another name when it is made anew, and siblings may share one.
    evidence.push({ check: 'hostname', recorded: hostname, observed: seen.self.hostname, finding: 'none' });
    const isElsewhere = hostname.toLowerCase() !== seen.self.hostname?.toLowerCase();
    if (isElsewhere && machine.pidIsOfHost) return { state: 'unknown', reason: 'legacy-other-host' };
  }
  if (bootTimeMs !== null) {
    // For people: the birth of the process says the same, and is known better.
    const observed = seen.bootTimeMs === null ? null : isoText(seen.nowMs - seen.bootTimeMs);
    evidence.push({ check: 'boot-time', recorded: isoText(bootTimeMs), observed, finding: 'none' });
  }
  return bootId === null ? null : otherBoot(bootId, seen, evidence);
}

/**
 * A boot id that differs is assumed to be its kernel's own, as this one is known to be. On a filesystem of this kernel
 * alone nobody else can be at work; a tmpfs has not seen another boot, so there something else is wrong.
 */
function otherBoot(
  bootId: string,
  { self, filesystem }: Observation,
  evidence: Evidence[],
): LegacyAnswer | null {
  const isElsewhere = self.bootId !== null && self.bootId !== bootId;
  const { oneKernel, survivesReboot } = traitsOf(filesystem);
  const isGone = isElsewhere && self.bootIdNative === true && oneKernel && survivesReboot;
  const observed = isElsewhere ? `${self.bootId}, ${filesystem ?? 'unknown'} filesystem` : self.bootId;
  evidence.push({ check: 'boot-id', recorded: bootId, observed, finding: isGone ? 'dead' : 'none' });
  if (!isElsewhere) return null;
  return isGone
    ? { state: 'dead', reason: 'legacy-rebooted' }
    : { state: 'unknown', reason: 'legacy-other-boot' };
}

/** What speaks against a death that pid and time suggest. */
function objection(record: OwnerRecord, seen: Observation, evidence: Evidence[]): LegacyAnswer | null {
  if (seen.witness.state === 'held') {
    // mongod and others lock their PID file. Whoever holds it is at work on this kernel, in whichever container.
    evidence.push({ check: 'file-lock', recorded: null, observed: 'held by somebody', finding: 'alive' });
    return { state: 'alive', reason: 'legacy-file-locked' };
  }
  return namesakeElsewhere(record, seen, evidence);
}

interface LegacyAnswer {
  readonly state: VerdictState;
  readonly reason: Reason;
}

function answerFor(
  record: OwnerRecord,
  pid: number,
  seen: Observation,
  options: LegacyOptions,
  evidence: Evidence[],
): LegacyAnswer {
  const { observedProcess } = seen;
  function answer(
    check: string,
    recorded: string,
    observed: string,
    state: VerdictState,
    reason: Reason,
  ): LegacyAnswer {
    evidence.push({ check, recorded, observed, finding: state === 'unknown' ? 'none' : state });
    return { state, reason };
  }

  const recordedPid = `pid ${pid}`;
  if (observedProcess.existence === 'absent') {
    return answer('process', recordedPid, observedProcess.source, 'dead', 'legacy-no-such-process');
  }
  if (observedProcess.existence === 'thread') {
    return answer('process', recordedPid, observedProcess.source, 'dead', 'legacy-pid-is-thread');
  }
  if (observedProcess.existence === 'unknown') {
    return answer('process', recordedPid, observedProcess.source, 'unknown', 'legacy-process-hidden');
  }
  if (observedProcess.exited === true) {
    return answer('process', recordedPid, observedProcess.source, 'dead', 'legacy-process-exited');
  }
  evidence.push({
    check: 'process',
    recorded: recordedPid,
    observed: observedProcess.source,
    finding: 'none',
  });

  const { ticksAsRead } = observedProcess;
  if (record.starttime !== null && ticksAsRead !== null) {
    // The writer read its ticks in its own time namespace, which need not be this one.
    const normalised = Number(observedProcess.identity?.startTicks ?? Number.NaN);
    const tolerance = observedProcess.identity?.startTolerance ?? 0;
    const matches = record.starttime === ticksAsRead || Math.abs(record.starttime - normalised) <= tolerance;
    const [state, reason]: [VerdictState, Reason] = matches
      ? ['alive', 'legacy-start-matches']
      : ['dead', 'legacy-start-differs'];
    return answer('start-ticks', String(record.starttime), String(ticksAsRead), state, reason);
  }

  const bornMs = birthMs(ticksAsRead, seen);
  const { recordedAt } = record;
  if (bornMs === null || recordedAt === null) {
    const recorded = recordedAt === null ? 'no time' : timeText(recordedAt);
    const observed = bornMs === null ? 'birth not known' : `born ${isoText(bornMs)}`;
    const isHidden = ticksAsRead === null;
    const reason = isHidden ? 'legacy-process-hidden' : 'legacy-time-unclear';
    return answer('birth', recorded, observed, 'unknown', reason);
  }
  const recorded = timeText(recordedAt);
  const observed = `born ${isoText(bornMs)}${pid === seen.self.pid ? ', this very process' : ''}`;
  const lateMs = bornMs - recordedAt.ms;
  if (lateMs <= coarseness(recordedAt)) {
    return answer('birth', recorded, observed, 'alive', 'legacy-born-before-record');
  }
  if (pid === seen.self.pid) {
    // Nobody else has this number here, so the writer is gone; a crash loop must not wait for a clock's slack.
    return lateMs > recordedAt.resolutionMs + MS_PER_TICK
      ? answer('birth', recorded, observed, 'dead', 'legacy-own-pid-reused')
      : answer('birth', recorded, observed, 'unknown', 'legacy-time-unclear');
  }
  const late = lateMs > options.clockSlack + recordedAt.resolutionMs && recordedAt.ms >= SANE_CLOCK_FROM_MS;
  return late
    ? answer('birth', recorded, observed, 'dead', 'legacy-born-after-record')
    : answer('birth', recorded, observed, 'unknown', 'legacy-time-unclear');
}

/** ms by which a record may be younger than it says, because its time was cut to whole seconds or clock ticks. */
function coarseness({ resolutionMs }: RecordTime): number {
  return resolutionMs > 1 ? resolutionMs : 0;
}

/**
 * An operator on the host must not clear the PID file of a live container: a process that bears the number in a
 * descendant PID namespace and may be older than the record makes the answer unknown, and so does not being shown any.
 */
function namesakeElsewhere(
  record: OwnerRecord,
  seen: Observation,
  evidence: Evidence[],
): LegacyAnswer | null {
  const { found, complete, hidden } = seen.namesakes;
  for (const namesake of found) {
    if (namesake.exited === true) continue;
    const bornMs = birthMs(namesake.ticksAsRead, seen);
    if (bornMs !== null && record.recordedAt !== null) {
      if (bornMs - record.recordedAt.ms > record.recordedAt.resolutionMs + MS_PER_TICK) continue;
    }
    const namespace = namesake.identity.pidNamespace.inode ?? 'that may not be read';
    const observed = `pid ${namesake.pid} here is pid ${record.pid} of PID namespace ${namespace}`;
    evidence.push({
      check: 'descendant-namespaces',
      recorded: `pid ${record.pid}`,
      observed,
      finding: 'none',
    });
    return { state: 'unknown', reason: 'legacy-namesake-in-descendant' };
  }
  if (!complete) {
    const whose = hidden ? "other users' are hidden" : 'not all can';
    evidence.push({
      check: 'descendant-namespaces',
      recorded: `pid ${record.pid}`,
      observed: `none has that number, as far as can be seen; ${whose}`,
      finding: 'none',
    });
  }
  return hidden ? { state: 'unknown', reason: 'legacy-process-hidden' } : null;
}

/** Wall-clock birth: now minus the process's age, both on the clock that counts since boot. null: not known. */
function birthMs(ticksAsRead: number | null, seen: Observation): number | null {
  if (ticksAsRead === null || seen.bootTimeMs === null) return null;
  const ageMs = seen.bootTimeMs - ticksAsRead * MS_PER_TICK;
  return ageMs < -MS_PER_TICK ? null : seen.nowMs - ageMs;
}

function timeText(time: RecordTime): string {
  return `written ${isoText(time.ms)} (${time.source})`;
}

function isoText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
