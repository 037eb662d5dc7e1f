import { statedIdentity } from '../../record/stated-identity.js';
import { countedDeath } from '../place.js';
import { processBelow, processHere } from '../process-rows.js';
import type { Answer } from '../rows.js';
import { startMatches } from './grounds.js';
import type { Judged } from './judged.js';
import { birthOfOwner, isSurelyLate } from './times.js';

/**
 * Answers for a record that names this boot and its PID namespace by the rows for identities, also where that namespace is
 * not the observer's. What these rows find of a process is as true for a stranger. Two of their deaths are not: the number
 * of a thread may be that of the writer, and start ticks that differ may be no ticks.
 */
export function ownerAsStated(judged: Judged): Answer | null {
  const identity = statedIdentity(judged.record, judged.seen.self);
  if (identity === null) return null;
  const stated = { ...judged, identity };
  const answer = processHere(stated) ?? processBelow(stated);
  if (answer === null || answer.state !== 'dead') return answer;
  if (answer.reason === 'pid-is-thread') return null;
  if (answer.reason === 'pid-reused' && !isBornAnew(judged)) return null;
  return countedDeath(stated, answer);
}

/** True for a process of this namespace that no claim calls the owner, and that was born after the record. */
function isBornAnew(judged: Judged): boolean {
  const { machine } = judged.record;
  const birth = birthOfOwner(judged);
  const isHere = machine?.pidNamespace === judged.seen.self.pidNamespace.inode;
  return isHere && birth !== null && isSurelyLate(birth) && startMatches(judged) === null;
}
