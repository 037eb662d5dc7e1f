/**
 * Rows 8 and 8a of the decision table. Row 8 tests what the lock carries, its witness and its own lifeline.
 * Row 8a tests the lifeline of the process.
 */
import type { WitnessRecord } from '../record/owner-record.js';
import { rememberLast } from '../remember-last.js';
import type { Judged } from './judged.js';
import { isDeathAssumed, isSameKernel, placeOf } from './place.js';
import { type Answer, findingOf, note } from './rows.js';
import type { Evidence } from './verdict.js';

/**
 * Row 8: what the lock itself carries decides who holds it, whatever its process does. The process may live
 * and have given the lock up, with a worker thread or by exec; or it may be dead, and another one has
 * inherited the lock.
 */
export function holder(judged: Judged): Answer | null {
  const { record } = judged;
  const byWitness = record.witness === null ? null : witness(judged);
  if (record.lifeline === null || byWitness?.state === 'alive' || byWitness?.reason === 'copied') {
    return byWitness;
  }
  const byLifeline = lockLifeline(judged, record.lifeline);
  // A lock that was handed over is free once both are: the heir may have closed one of them.
  return byWitness === null || byLifeline?.state === 'alive' ? byLifeline : byWitness;
}

/**
 * Held is held, on whatever file the owner took its witness. Free proves a death on that very file, and on a
 * copy of it, which nobody ever locked.
 */
function witness({ record, seen, evidence }: Judged): Answer | null {
  const { state, file, source } = seen.witness;
  if (state === 'untestable' && file !== 'copied') {
    evidence.push(untested(record.witness, source));
    return null;
  }
  const answer = byWitness(state, file);
  note(evidence, 'witness', fileText(record.witness), `${state} (${source})`, findingOf(answer));
  return answer;
}

/**
 * A judgement without a lock finds the same each time. It is remembered, because a dead owner is judged in 0.51 us
 * then, and in 0.56 otherwise.
 */
const untested = rememberLast((recorded: WitnessRecord | null, source: string): Evidence => {
  const observed = `not testable: ${source}`;
  return Object.freeze({ check: 'witness', recorded: fileText(recorded), observed, finding: 'none' });
});

function fileText(recorded: WitnessRecord | null): string {
  return `device ${recorded?.device}, inode ${recorded?.inode}`;
}

function byWitness(
  state: Judged['seen']['witness']['state'],
  file: Judged['seen']['witness']['file'],
): Answer | null {
  if (state === 'held') return { state: 'alive', reason: 'witness-held' };
  if (file === 'copied') return { state: 'dead', reason: 'copied' };
  return state === 'free' && file !== 'unclear' ? { state: 'dead', reason: 'witness-free' } : null;
}

/**
 * The lock's own lifeline was drawn for this very record. A thread that saw it held therefore saw that the
 * holder was of this kernel, and its end is then a death wherever the record stands. Where it was never seen
 * held, the owner may be the double of one in a copy of this machine. The process decides nothing then
 * either, because it may live on without the lock.
 */
function lockLifeline(judged: Judged, lifeline: string): Answer | null {
  const { seen, evidence } = judged;
  const { state, source, wasSeenHeld } = seen.lockLifeline;
  const answer = state === 'held' ? HELD : state === 'free' ? whenOwnFree(judged, wasSeenHeld) : null;
  const before = wasSeenHeld ? ', seen held before' : '';
  const observed = state === 'free' ? `free${before}, ${placeText(judged)}` : textOf(state, source);
  note(evidence, 'lock-lifeline', lifeline, observed, findingOf(answer));
  return answer;
}

const HELD: Answer = { state: 'alive', reason: 'lifeline-held' };

function whenOwnFree(judged: Judged, wasSeenHeld: boolean): Answer | null {
  if (!isSameKernel(judged)) return null;
  if (wasSeenHeld) return { state: 'dead', reason: 'lifeline-free' };
  const place = placeOf(judged);
  const isUnseen = place === 'unseen' || place === 'unknown';
  return deathByLifeline(judged) ?? { state: 'unknown', reason: isUnseen ? 'place-unknown' : 'shared-place' };
}

/**
 * Row 8a, the lifeline of the process. Held proves life whatever the boot ids say, because an offset of 62
 * random bits is nobody else's. Free proves death only on this very kernel: a copy of the machine has the
 * same boot id and other locks.
 */
export function processLifeline(judged: Judged): Answer | null {
  const { record, identity, seen, evidence } = judged;
  if (identity.lifeline === null) return null;
  const { state, source } = seen.lifeline;
  const mayBeDead = state === 'free' && !record.handedOver && isSameKernel(judged);
  const answer = state === 'held' ? HELD : mayBeDead ? deathByLifeline(judged) : null;
  const observed = state === 'free' ? `free, ${placeText(judged)}` : textOf(state, source);
  note(evidence, 'lifeline', identity.lifeline, observed, findingOf(answer));
  return answer;
}

/**
 * What a free lifeline of this kernel proves in this place. On a filesystem of one kernel no copy can be at
 * work.
 */
function deathByLifeline(judged: Judged): Answer | null {
  const place = placeOf(judged);
  if (place === 'one-kernel') return { state: 'dead', reason: 'lifeline-free' };
  const isAssumed = place === 'passed-through' || place === 'file' || isDeathAssumed(judged);
  return isAssumed ? { state: 'dead', reason: 'lifeline-free', certainty: 'assumed' } : null;
}

function textOf(state: 'held' | 'untestable', source: string): string {
  return state === 'held' ? 'held' : `not testable: ${source}`;
}

function placeText({ record, seen }: Judged): string {
  return `recorded on ${record.filesystem ?? 'an unknown filesystem'}, seen on ${seen.filesystem ?? 'none'}`;
}
