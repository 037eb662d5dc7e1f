/** Rows 3 to 7, 9 and 10 of the decision table: what has become of the owner's process. */
import { compareIdentities, compareNamespace } from '../identity/compare.js';
import type { Namesake } from '../identity/namesakes.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { textOf } from './identity-text.js';
import type { Judged } from './judged.js';
import { bootDecides, countedDeath } from './place.js';
import { type Answer, findingOf, note } from './rows.js';

/** Rows 3 to 7: the process in this PID namespace. The first row that answers decides. */
export function processHere(judged: Judged): Answer | null {
  const byPidfd = heldPidfd(judged);
  if (byPidfd !== null || !isSameNamespaceNumber(judged)) return byPidfd;
  return namespaceGone(judged) ?? noProcess(judged) ?? processWithThatNumber(judged);
}

/** Row 3 */
function heldPidfd({ seen, evidence }: Judged): Answer | null {
  if (seen.heldPidfd === 'none') return null;
  const exited = seen.heldPidfd === 'exited';
  const answer: Answer = exited
    ? { state: 'dead', reason: 'pidfd-exited' }
    : { state: 'alive', reason: 'pidfd-running' };
  note(evidence, 'held-pidfd', null, seen.heldPidfd, findingOf(answer));
  return answer;
}

/**
 * Row 4. The kernel reuses the inode number of a namespace only when that namespace is gone, with all processes
 * in it.
 */
function namespaceGone(judged: Judged): Answer | null {
  const { identity, seen, evidence } = judged;
  if (compareNamespace(identity, seen.self) !== 'different') return null;
  note(evidence, 'namespace-id', identity.pidNamespace.id, seen.self.pidNamespace.id, 'dead');
  return { state: 'dead', reason: 'namespace-gone' };
}

/** Row 5 */
function noProcess(judged: Judged): Answer | null {
  const { existence, source } = judged.seen.observedProcess;
  if (existence !== 'absent' && existence !== 'thread') return null;
  note(judged.evidence, 'process', textOf(judged.identity).process, source, 'dead');
  return { state: 'dead', reason: existence === 'absent' ? 'no-such-process' : 'pid-is-thread' };
}

/** Rows 6 and 7, and row 11 where the process is hidden. */
function processWithThatNumber(judged: Judged): Answer | null {
  const { identity, seen, evidence } = judged;
  const { existence, identity: found, exited, source } = seen.observedProcess;
  const recorded = textOf(identity).process;
  if (found === null) {
    // Row 5 has noted one that is absent.
    if (existence === 'unknown') note(evidence, 'process', recorded, source, 'none');
    return null;
  }
  const answer = byComparison(identity, found, exited);
  note(evidence, 'process', recorded, `${textOf(found).process} (${source})`, findingOf(answer));
  return answer;
}

/** Rows 9 and 10, as far as their death counts in this place. */
export function processBelow(judged: Judged): Answer | null {
  const answer = namesakeBelow(judged);
  if (answer?.state !== 'dead') return answer;
  return judged.record.handedOver ? null : countedDeath(judged, answer);
}

/** An observer in an ancestor namespace can find the process, or find that it is nowhere. */
function namesakeBelow(judged: Judged): Answer | null {
  const { identity, seen, evidence } = judged;
  if (!bootDecides(judged) || !namespaceNumbersDiffer(identity, seen.self)) return null;
  const { found, complete } = seen.namesakes;
  let possible = 0;
  for (const namesake of found) {
    const answer = byNamesake(identity, namesake);
    if (answer === 'somebody-else') continue;
    if (answer === null) {
      possible++;
      continue;
    }
    const observed = `${textOf(namesake.identity).process}, here pid ${namesake.pid}`;
    note(evidence, 'descendant-namespaces', textOf(identity).process, observed, findingOf(answer));
    return answer;
  }
  const gone = complete && possible === 0;
  const observed = `${possible} possible, ${complete ? 'all' : 'not all'} namespaces visible`;
  note(evidence, 'descendant-namespaces', textOf(identity).process, observed, gone ? 'dead' : 'none');
  return gone ? { state: 'dead', reason: 'not-in-any-namespace' } : null;
}

function byNamesake(identity: ProcessIdentity, namesake: Namesake): Answer | 'somebody-else' | null {
  const comparison = compareIdentities(identity, namesake.identity);
  if (comparison === 'same') return byComparison(identity, namesake.identity, namesake.exited);
  const inRecordedNamespace =
    namesake.innermost && namesake.identity.pidNamespace.inode === identity.pidNamespace.inode;
  if (comparison === 'different') {
    // A namespace gives a number to one process at a time. If another process has it now, the owner has it no
    // longer.
    return inRecordedNamespace ? { state: 'dead', reason: 'pid-reused' } : 'somebody-else';
  }
  const elsewhere = namesake.innermost && compareNamespace(identity, namesake.identity) === 'different';
  return elsewhere ? 'somebody-else' : null;
}

/** Rows 6, 7 and 9. Answers whether the process that was found is the owner, and whether it runs. */
function byComparison(
  recorded: ProcessIdentity,
  observed: ProcessIdentity,
  exited: boolean | null,
): Answer | null {
  const comparison = compareIdentities(recorded, observed);
  if (comparison === 'different') return { state: 'dead', reason: 'pid-reused' };
  if (comparison === 'unknown' || exited === null) return null;
  return exited ? { state: 'dead', reason: 'process-exited' } : { state: 'alive', reason: 'process-running' };
}

/** "Same namespace" of docs/decision-table.md: same boot, equal number of the PID namespace. */
export function isSameNamespaceNumber(judged: Judged): boolean {
  const recorded = judged.identity.pidNamespace.inode;
  return recorded !== null && recorded === judged.seen.self.pidNamespace.inode && bootDecides(judged);
}

export function namespaceNumbersDiffer(a: ProcessIdentity, b: ProcessIdentity): boolean {
  const left = a.pidNamespace.inode;
  const right = b.pidNamespace.inode;
  return left !== null && right !== null && left !== right;
}
