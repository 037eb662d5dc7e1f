/**
 * The rows that find an owner alive, or a ground on which it may be dead. They stand in the order of
 * docs/decision-table.md.
 */
import { traitsOf } from '../../backend/filesystem-traits.js';
import type { StartTicks } from '../../identity/start-ticks.js';
import { matchStart, type StartFacts, type StartMatch } from '../../record/match-start.js';
import type { StartClaim } from '../../record/stranger-claims.js';
import { type Answer, findingOf, note } from '../rows.js';
import type { Judged } from './judged.js';
import {
  ageOf,
  birthAfterRecord,
  birthOfOwner,
  coarseness,
  isLateByAnyClock,
  isOwnPid,
  isoText,
  isSurelyLate,
  noteBirth,
  slackOf,
  timeText,
} from './times.js';

/**
 * Answers for a boot id that differs from this one, in a file that is older than this boot. If only one kernel can
 * use the filesystem, that id is one of an earlier boot, so the owner is dead, wherever on this machine it ran. The
 * file must be older, because programs write other things under that name, such as a random id of their own start.
 */
export function rebooted(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  const bootId = record.machine?.bootId ?? null;
  const { self, filesystem } = seen;
  if (bootId === null || self.bootId === null || self.bootId === bootId) return null;
  if (self.bootIdNative !== true || !traitsOf(filesystem).provesReboot) return null;
  const { recordedAt } = record;
  const bootedMs = seen.stranger.bootedAtMs;
  if (recordedAt === null || bootedMs === null) return null;
  // A record from before a step of the clock seems too old by as much.
  const slackMs = slackOf(judged) + recordedAt.resolutionMs + seen.stranger.clockStepSince(null);
  if (recordedAt.ms >= bootedMs - slackMs) return null;
  const observed = `${self.bootId}, booted ${isoText(bootedMs)}, ${filesystem} filesystem`;
  note(evidence, 'boot-id', `${bootId}, ${timeText(recordedAt)}`, observed, 'dead');
  return { state: 'dead', reason: 'legacy-rebooted' };
}

/**
 * Answers for a record that is older than this boot, on systems where nothing shows when a process was born: the number
 * was given anew since. After the fast startup of Windows the kernel is the one of before, and so is its boot.
 */
export function writtenBeforeBoot(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  if (seen.platform === 'linux') return null;
  const { existence, exited, ticksAsRead } = seen.observedProcess;
  const isBirthless =
    existence === 'unknown' || (existence === 'present' && exited !== true && ticksAsRead === null);
  if (!isBirthless) return null;
  const { recordedAt } = record;
  const bootedMs = seen.stranger.bootedAtMs;
  if (recordedAt === null || bootedMs === null) return null;
  // A clock that was set forward since makes the boot seem too late by as much. That is an objection (clockStepped).
  if (!isLateByAnyClock({ recordedAt, lateMs: bootedMs - recordedAt.ms }, judged)) return null;
  note(evidence, 'boot-time', timeText(recordedAt), `booted ${isoText(bootedMs)}`, 'dead');
  return { state: 'dead', reason: 'legacy-before-boot' };
}

export function goneOrHidden(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  const { existence, exited, source } = seen.observedProcess;
  if (existence === 'thread') return mereThread(judged);
  const answer: Answer | null =
    existence === 'absent'
      ? { state: 'dead', reason: 'legacy-no-such-process' }
      : existence === 'unknown'
        ? { state: 'unknown', reason: 'legacy-process-hidden' }
        : exited === true
          ? { state: 'dead', reason: 'legacy-process-exited' }
          : null;
  note(evidence, 'process', `pid ${record.pid}`, source, findingOf(answer));
  return answer;
}

/**
 * A thread of some process has the number. Programs write gettid(2) too, so only a thread that is younger than the
 * record shows that the number was given anew.
 */
function mereThread(judged: Judged): Answer {
  const { record, seen, evidence } = judged;
  const ticks = seen.stranger.threadTicks;
  const birth = birthAfterRecord(judged, ticks);
  const isReused = birth !== null && isLateByAnyClock(birth, judged);
  const answer: Answer = isReused
    ? { state: 'dead', reason: 'legacy-pid-is-thread' }
    : { state: 'unknown', reason: 'legacy-thread-may-be-owner' };
  note(evidence, 'process', `pid ${record.pid}`, seen.observedProcess.source, findingOf(answer));
  return noteBirth(judged, answer, ticks);
}

/** On the host, the number of a dead process of a container is often that of a thread of the kernel. */
export function kernelThread({ record, seen, evidence }: Judged): Answer | null {
  if (!seen.stranger.isKernelThread) return null;
  note(evidence, 'process', `pid ${record.pid}`, 'a thread of the kernel, which writes no files', 'dead');
  return { state: 'dead', reason: 'legacy-kernel-thread' };
}

/**
 * A start that matches in any unit is the owner's. One that differs in all of them may be in a unit that nobody
 * thought of, so it only takes the proof from a birth before the record.
 */
export function startMatches(judged: Judged): Answer | null {
  const claim = claimThat('matches', judged);
  if (claim === undefined) return null;
  note(judged.evidence, 'start-ticks', `${claim.key} ${claim.value}`, startText(judged), 'alive');
  return { state: 'alive', reason: 'legacy-start-matches' };
}

/** The first claim of a start that compares so. Where there is none to compare, the start is not read. */
function claimThat(match: StartMatch, judged: Judged): StartClaim | undefined {
  const claims = judged.record.claims?.starts ?? [];
  if (claims.length === 0) return undefined;
  const facts = startFacts(judged);
  return claims.find(({ value }) => matchStart(value, facts) === match);
}

/** What is known of the start of the process with the recorded number. */
function startFacts(judged: Judged): StartFacts {
  const { seen } = judged;
  const { ticksAsRead, identity } = seen.observedProcess;
  const elsewhere: StartTicks[] = ticksAsRead === null ? [] : [{ ticks: ticksAsRead, tolerance: 0 }];
  if (identity !== null && identity.startTicks !== null) {
    elsewhere.push({ ticks: Number(identity.startTicks), tolerance: identity.startTolerance });
  }
  return {
    own: seen.ticksInOwnTime,
    elsewhere,
    ageMs: ageOf(ticksAsRead, seen),
    // A process that restarts within a second has the same start as its predecessor by the wall clock.
    nowMs: isOwnPid(judged) ? null : seen.nowMs,
  };
}

function startText({ seen }: Judged): string {
  const { ticksAsRead } = seen.observedProcess;
  const own = seen.ticksInOwnTime;
  if (own === null) return `${ticksAsRead}; its time namespace is not known`;
  return own.ticks === ticksAsRead
    ? String(ticksAsRead)
    : `${ticksAsRead}; ${own.ticks} in its own time namespace`;
}

export function bornBeforeRecord(judged: Judged): Answer | null {
  const birth = birthOfOwner(judged);
  if (birth === null || !(birth.lateMs <= coarseness(birth.recordedAt))) return null;
  return noteBirth(judged, startDiffers(judged) ?? { state: 'alive', reason: 'legacy-born-before-record' });
}

function startDiffers(judged: Judged): Answer | null {
  const claim = claimThat('differs', judged);
  if (claim === undefined) return null;
  note(judged.evidence, 'start-ticks', `${claim.key} ${claim.value}`, startText(judged), 'none');
  return { state: 'unknown', reason: 'legacy-start-differs' };
}

/**
 * Answers when the recorded number is this process's own. No other process has that number here, so a writer
 * that is older than this process is gone. `clockSlack` does not count here, because a process that crashes and
 * restarts would have to wait for it each time. In its place counts how far the clock has in fact been set since
 * this process started: what this process wrote before that seems too old by as much.
 */
export function ownPidReused(judged: Judged): Answer | null {
  const birth = birthOfOwner(judged);
  if (birth === null || !isOwnPid(judged)) return null;
  if (!isSurelyLate({ ...birth, lateMs: birth.lateMs - judged.seen.clockGainMs })) return null;
  return noteBirth(judged, { state: 'dead', reason: 'legacy-own-pid-reused' });
}

export function bornAfterRecord(judged: Judged): Answer | null {
  const birth = birthOfOwner(judged);
  if (birth === null || isOwnPid(judged) || !isLateByAnyClock(birth, judged)) return null;
  return noteBirth(judged, { state: 'dead', reason: 'legacy-born-after-record' });
}

export function undecided(judged: Judged): Answer {
  const isHidden = judged.seen.observedProcess.ticksAsRead === null;
  if (isHidden) return noteBirth(judged, { state: 'unknown', reason: 'legacy-process-hidden' });
  return noteBirth(judged, { state: 'unknown', reason: 'legacy-time-unclear', liftedBy: 'clockSlack' });
}
