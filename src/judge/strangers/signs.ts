/** Objections by times: signs that somebody lived a moment ago, and clocks that cannot be believed. */
import { traitsOf } from '../../backend/filesystem-traits.js';
import { type Answer, note } from '../rows.js';
import type { Reason } from '../verdict.js';
import type { Judged, Objection } from './judged.js';
import { isoText, slackOf } from './times.js';

/** ms. Programs that show that they live do so more often, mostly every few seconds. */
const FRESH_MS = 60_000;
/** ms that a program may take from the time that it writes into its record to the end of that writing. */
const WRITING_MS = 5_000;

/** The grounds that compare the time of the record with a birth, or with the boot. */
const BY_TIME: ReadonlySet<Reason> = new Set<Reason>([
  'legacy-pid-is-thread',
  'legacy-own-pid-reused',
  'legacy-born-after-record',
  'legacy-before-boot',
]);

export const SIGNS: readonly Objection[] = [freshSign, touched, serverClock, clockStepped];

/**
 * The pid may be that of a command that has long ended, and somebody else renews the record. A lock that was acquired
 * a moment ago may be one that its command acquired for others; where the number is in use again, the command is
 * more likely one that crashed.
 */
function freshSign({ record, seen, evidence }: Judged, ground: Answer): Answer | null {
  const isAbsent = ground.reason === 'legacy-no-such-process';
  const signs = (record.claims?.signs ?? []).filter(({ key }) => isAbsent || !/acqui/i.test(key));
  const latest = signs.reduce<(typeof signs)[number] | null>(
    (found, sign) => (found === null || sign.ms > found.ms ? sign : found),
    null,
  );
  if (latest === null || latest.ms + FRESH_MS <= seen.nowMs) return null;
  note(evidence, 'sign-of-life', `${latest.key} ${isoText(latest.ms)}`, `now ${isoText(seen.nowMs)}`, 'none');
  return {
    state: 'unknown',
    reason: 'legacy-sign-of-life',
    lookAgainIn: latest.ms + FRESH_MS - seen.nowMs,
  };
}

/** Somebody touches the file of a record that is older, as programs do to show that they live. */
function touched({ record, seen, evidence }: Judged): Answer | null {
  const { writtenAt = null, touchedAt = null } = record.claims ?? {};
  if (writtenAt === null || touchedAt === null) return null;
  if (touchedAt.ms - writtenAt.ms <= WRITING_MS + writtenAt.resolutionMs) return null;
  // A time in the future is that of another clock, and counts as now.
  const ageMs = Math.max(0, seen.nowMs - touchedAt.ms);
  if (ageMs >= FRESH_MS) return null;
  const observed = `its file was touched ${isoText(touchedAt.ms)}, now ${isoText(seen.nowMs)}`;
  note(evidence, 'sign-of-life', `written ${isoText(writtenAt.ms)}`, observed, 'none');
  return { state: 'unknown', reason: 'legacy-touched', lookAgainIn: FRESH_MS - ageMs };
}

/** How far the clock of a file server is off is not known, and the birth of a process is known by this machine's. */
function serverClock({ record, seen, evidence }: Judged, ground: Answer): Answer | null {
  const { recordedAt } = record;
  if (!BY_TIME.has(ground.reason) || recordedAt?.source !== 'file mtime') return null;
  if (seen.filesystem === null || traitsOf(seen.filesystem).oneKernel) return null;
  note(evidence, 'clock', isoText(recordedAt.ms), `the clock of a ${seen.filesystem} file server`, 'none');
  return { state: 'unknown', reason: 'legacy-server-clock' };
}

/**
 * The clock was set forward by more than any slack, as when a virtual machine goes on from a saved state, and perhaps
 * after the record was written, which then seems too old by as much.
 */
function clockStepped(judged: Judged, ground: Answer): Answer | null {
  const { record, seen, evidence } = judged;
  if (!BY_TIME.has(ground.reason) || record.recordedAt === null) return null;
  const stepMs = seen.stranger.clockStepSince(bornTicks(judged, ground));
  if (stepMs <= slackOf(judged)) return null;
  const observed = Number.isFinite(stepMs)
    ? `the clock was set forward by ${Math.round(stepMs / 1_000)} s since this system started`
    : 'nothing shows whether the clock was set since this system started';
  note(evidence, 'clock', isoText(record.recordedAt.ms), observed, 'none');
  return { state: 'unknown', reason: 'legacy-clock-stepped' };
}

/** The start of what the ground compares with the record. */
function bornTicks({ seen }: Judged, { reason }: Answer): number | null {
  return reason === 'legacy-pid-is-thread' ? seen.stranger.threadTicks : seen.observedProcess.ticksAsRead;
}
