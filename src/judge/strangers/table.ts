/**
 * The decision table for records that hold a pid and no identity: those of other programs. Pure. A death needs a
 * ground, which the first row that answers gives, and no objection. Both stand in the order of docs/decision-table.md.
 *
 * The pid is taken to be of this PID namespace, as its writer takes it, unless the record or its place says otherwise.
 * So every verdict is `assumed`: it can be wrong for a live sibling container that shares the volume.
 */
import type { OwnerRecord } from '../../record/owner-record.js';
import type { Observation } from '../observation.js';
import type { JudgeOptions } from '../options.js';
import { type Answer, firstAnswer, note, type Rows } from '../rows.js';
import type { Evidence, Verdict } from '../verdict.js';
import { byOtherHostname, ELSEWHERE, isSameHostname } from './elsewhere.js';
import {
  bornAfterRecord,
  bornBeforeRecord,
  goneOrHidden,
  kernelThread,
  ownPidReused,
  rebooted,
  startMatches,
  undecided,
  writtenBeforeBoot,
} from './grounds.js';
import { isSaidToBeOfThisHost, type Judged } from './judged.js';
import { HIDDEN_LOCKS, LOCKS } from './locks.js';
import { SIGNS } from './signs.js';
import { ownerAsStated } from './stated.js';
import { isoText } from './times.js';
import { OWN_WORKERS, WORKERS } from './workers.js';

const ROWS: Rows<Judged> = [
  notAssumed,
  noteAssumptions, // never answers
  ownerAsStated,
  pidOfOtherHost,
  noteBootTime, // never answers
  rebooted,
  writtenBeforeBoot,
  goneOrHidden,
  kernelThread,
  startMatches,
  bornBeforeRecord,
  ownPidReused,
  bornAfterRecord,
  undecided,
];

/** They are asked only where there is a ground for a death, because some of them read all of /proc. */
const OBJECTIONS = [...LOCKS, ...HIDDEN_LOCKS, ...ELSEWHERE, ...SIGNS, ...WORKERS];

/** Where the record itself proves on which kernel and in which PID namespace its owner ran, no place speaks against it. */
const OBJECTIONS_TO_STATED = [...LOCKS, ...SIGNS, ...OWN_WORKERS];

/** Judges a record without an identity. Never throws. */
export function decideStranger(record: OwnerRecord, seen: Observation, options: JudgeOptions): Verdict {
  const evidence: Evidence[] = [];
  const judged: Judged = { record, seen, options, evidence };
  const ground = firstAnswer(ROWS, judged);
  const answer = ground.state === 'dead' ? (objectionTo(judged, ground) ?? ground) : ground;
  return { ...answer, certainty: 'assumed', evidence };
}

function objectionTo(judged: Judged, ground: Answer): Answer | null {
  const isStated = !ground.reason.startsWith('legacy-');
  for (const object of isStated ? OBJECTIONS_TO_STATED : OBJECTIONS) {
    const answer = object(judged, ground);
    if (answer !== null) return answer;
  }
  return null;
}

function notAssumed({ record: { pid }, options, evidence }: Judged): Answer | null {
  if (pid !== null && options.legacy !== 'unknown') return null;
  note(evidence, 'legacy', `pid ${pid}`, null, 'none');
  return { state: 'unknown', reason: 'legacy-not-assumed', liftedBy: 'legacy' };
}

/** Notes the assumptions on which the verdict rests, because no record of this kind can prove them. */
function noteAssumptions({ record: { machine }, seen: { self }, evidence }: Judged): null {
  const own = self.pidNamespace.inode;
  const recorded = machine?.pidNamespace ?? null;
  const assumed = `assumed to be this one${own === null ? '' : ` (${own})`}`;
  note(evidence, 'pid-namespace', recorded, recorded === null ? assumed : own, 'none');
  const bootId = machine?.bootId ?? null;
  if (bootId === null && machine?.pidIsOfHost !== true) {
    note(evidence, 'boot-id', null, 'assumed to be of this machine', 'none');
  } else if (bootId !== null && bootId === self.bootId) {
    note(evidence, 'boot-id', bootId, bootId, 'none');
  }
  return null;
}

/** Chromium and Emacs themselves never judge the pid of another host, so it is not looked for here. */
function pidOfOtherHost(judged: Judged): Answer | null {
  const { machine } = judged.record;
  if (machine === null || machine.hostname === null) return null;
  const { hostname } = judged.seen.self;
  note(judged.evidence, 'hostname', machine.hostname, hostname, 'none');
  const isElsewhere = machine.pidIsOfHost && !isSameHostname(machine.hostname, hostname);
  return isElsewhere && !isSaidToBeOfThisHost(judged) ? byOtherHostname(machine.hostname) : null;
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
