import { directoryFormat } from '../formats/format.js';
import { ownerAgeOf } from '../lock/events.js';
import type { Entry } from './engine.js';
import type { NamedInspection } from './locks.js';
import type { Judgement, ProofOfDeath } from './proof-of-death.js';

/** What the line of a lock shows of it. */
export function inspectionOf(path: string, entries: readonly Entry[], proof: ProofOfDeath): NamedInspection {
  const [first] = entries;
  if (first === undefined) return { ...NOBODY, path };
  const judgement = proof.judge(first);
  const { owner, verdict, description } = judgement;
  return {
    ...NOBODY,
    path,
    format: owner === null ? 'none' : directoryFormat(owner),
    state: stateOf(first, judgement),
    verdict,
    owner,
    ageMs: ownerAgeOf(owner),
    description,
    fencingToken: first.token,
    waiting: entries.length - 1,
  };
}

const NOBODY: Omit<NamedInspection, 'path'> = {
  format: 'none',
  state: 'free',
  verdict: null,
  owner: null,
  ageMs: null,
  description: 'nobody holds it',
  foreignFiles: [],
  liftedBy: null,
  fencingToken: null,
  waiting: 0,
};

/** An entry whose lease somebody renews holds the lock, though nothing here shows who. */
function stateOf({ lease }: Entry, { verdict }: Judgement): NamedInspection['state'] {
  if (verdict?.state === 'dead') return 'stale';
  return lease === null ? 'unknown' : 'held';
}
