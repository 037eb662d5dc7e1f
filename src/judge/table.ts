import { isOneKernelFilesystem, traitsOf } from '../backend/filesystem-traits.js';
import { compareBoot, compareIdentities, compareNamespace } from '../identity/compare.js';
import type { Namesake } from '../identity/namesakes.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { textOf } from './identity-text.js';
import { decideLegacy, type LegacyOptions } from './legacy.js';
import type { Observation } from './observation.js';
import type { Evidence, Reason, Verdict } from './verdict.js';

/**
 * The decision table for records that hold an identity (the others go to decideLegacy): pure, first match wins, except
 * that the witness has the last word wherever it can be tested. The numbers are those of docs/decision-table.md.
 */

/** A row's answer. null: the row does not apply, or what it saw decides nothing. */
type Answer = { readonly state: 'alive' | 'dead'; readonly reason: Reason } | null;

interface Row {
  readonly check: string;
  /** Looks, notes what it saw, and answers. */
  readonly apply: (judged: Judged) => Answer;
}

/** A record under judgement, with the evidence so far. */
interface Judged {
  readonly record: OwnerRecord;
  readonly identity: ProcessIdentity;
  readonly seen: Observation;
  readonly evidence: Evidence[];
}

/** Rows 3 to 7: what the own PID namespace shows of the process. */
const PROCESS_ROWS: readonly Row[] = [
  { check: 'held-pidfd', apply: heldPidfd }, // 3
  { check: 'namespace-id', apply: namespaceGone }, // 4
  { check: 'process', apply: processInOwnNamespace }, // 5, 6, 7
];

/** Rows 9, 10 and 12: what can be known of an owner somewhere else. */
const DISTANT_ROWS: readonly Row[] = [
  { check: 'descendant-namespaces', apply: processInDescendantNamespace }, // 9, 10
  { check: 'reboot', apply: rebooted }, // 12
];

/** Judges a record. Never throws; `seen` is asked only for what a row needs. */
export function decide(record: OwnerRecord, seen: Observation, options: LegacyOptions): Verdict {
  const evidence: Evidence[] = [];
  const { identity } = record;
  // Row 1
  if (record.problem !== null) {
    note(evidence, 'record', record.problem, null, 'none');
    return unknown('malformed-record', evidence);
  }
  if (identity === null) return decideLegacy(record, seen, options);
  if (identity.platform !== seen.platform && !isPlatformUnreadable(record)) {
    note(evidence, 'platform', identity.platform, seen.platform, 'none');
    return unknown('other-platform', evidence);
  }
  const judged: Judged = { record, identity, seen, evidence };
  if (isNewer(record)) {
    note(evidence, 'version', String(record.version), '1', 'none');
    return conclude(witness(judged) ?? rebooted(judged), evidence) ?? unknown('newer-version', evidence);
  }
  // Row 2
  if (seen.heldByThisProcess) {
    note(evidence, 'nonce', record.nonce, record.nonce, 'alive');
    return { state: 'alive', certainty: 'proven', reason: 'held-by-this-process', evidence };
  }
  const recorded = textOf(identity);
  const own = textOf(seen.self);
  note(evidence, 'boot-id', recorded.boot, own.boot, 'none');
  note(evidence, 'pid-namespace', recorded.pidNamespace, own.pidNamespace, 'none');
  const byProcess = firstAnswer(PROCESS_ROWS, judged);
  // Row 8 overrides what rows 3 to 7 found: a witness is free or held whatever became of the pid.
  const answer = witness(judged) ?? byProcess ?? firstAnswer(DISTANT_ROWS, judged);
  return conclude(answer, evidence) ?? unknown(whatStoodInTheWay(judged), evidence);
}

function firstAnswer(rows: readonly Row[], judged: Judged): Answer {
  for (const row of rows) {
    const answer = row.apply(judged);
    if (answer !== null) return answer;
  }
  return null;
}

/** Row 3 */
function heldPidfd({ seen, evidence }: Judged): Answer {
  if (seen.heldPidfd === 'none') return null;
  const exited = seen.heldPidfd === 'exited';
  const answer: Answer = exited
    ? { state: 'dead', reason: 'pidfd-exited' }
    : { state: 'alive', reason: 'pidfd-running' };
  note(evidence, 'held-pidfd', null, seen.heldPidfd, answer.state);
  return answer;
}

/** Row 4: the number of a namespace recurs only when the namespace that had it is gone, with all processes in it. */
function namespaceGone(judged: Judged): Answer {
  const { identity, seen, evidence } = judged;
  if (!isSameNamespaceNumber(judged) || compareNamespace(identity, seen.self) !== 'different') return null;
  note(evidence, 'namespace-id', identity.pidNamespace.id, seen.self.pidNamespace.id, 'dead');
  return { state: 'dead', reason: 'namespace-gone' };
}

/** Rows 5, 6 and 7. Row 11 (hidden, or only EPERM) is `existence: unknown`: nothing follows. */
function processInOwnNamespace(judged: Judged): Answer {
  if (!isSameNamespaceNumber(judged)) return null;
  const { identity, seen, evidence } = judged;
  const { observedProcess } = seen;
  const recorded = textOf(identity).process;
  if (observedProcess.existence === 'absent' || observedProcess.existence === 'thread') {
    note(evidence, 'process', recorded, observedProcess.source, 'dead');
    return {
      state: 'dead',
      reason: observedProcess.existence === 'absent' ? 'no-such-process' : 'pid-is-thread',
    };
  }
  if (observedProcess.identity === null) {
    note(evidence, 'process', recorded, observedProcess.source, 'none');
    return null;
  }
  const observed = `${textOf(observedProcess.identity).process} (${observedProcess.source})`;
  const answer = byComparison(identity, observedProcess.identity, observedProcess.exited);
  note(evidence, 'process', recorded, observed, answer?.state ?? 'none');
  return answer;
}

/** Row 8 */
function witness({ record, seen, evidence }: Judged): Answer {
  if (record.witness === null) return null;
  const { state, source } = seen.witness;
  const recorded = `device ${record.witness.device}, inode ${record.witness.inode}`;
  if (state === 'untestable') {
    note(evidence, 'witness', recorded, `not testable: ${source}`, 'none');
    return null;
  }
  const held = state === 'held';
  note(evidence, 'witness', recorded, `${state} (${source})`, held ? 'alive' : 'dead');
  return held ? { state: 'alive', reason: 'witness-held' } : { state: 'dead', reason: 'witness-free' };
}

/** Rows 9 and 10: an observer in an ancestor namespace can find the process, or find that it is nowhere. */
function processInDescendantNamespace(judged: Judged): Answer {
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
    note(evidence, 'descendant-namespaces', textOf(identity).process, observed, answer.state);
    return answer;
  }
  const gone = complete && possible === 0;
  const observed = `${possible} possible, ${complete ? 'all' : 'not all'} namespaces visible`;
  note(evidence, 'descendant-namespaces', textOf(identity).process, observed, gone ? 'dead' : 'none');
  return gone ? { state: 'dead', reason: 'not-in-any-namespace' } : null;
}

function byNamesake(identity: ProcessIdentity, namesake: Namesake): Answer | 'somebody-else' {
  const comparison = compareIdentities(identity, namesake.identity);
  if (comparison === 'same') return byComparison(identity, namesake.identity, namesake.exited);
  const inRecordedNamespace =
    namesake.innermost && namesake.identity.pidNamespace.inode === identity.pidNamespace.inode;
  if (comparison === 'different') {
    // One namespace gives a number to one process at a time: whoever has it now, the owner has it no longer.
    return inRecordedNamespace ? { state: 'dead', reason: 'pid-reused' } : 'somebody-else';
  }
  const elsewhere = namesake.innermost && compareNamespace(identity, namesake.identity) === 'different';
  return elsewhere ? 'somebody-else' : null;
}

/** Row 12. A tmpfs does not outlive its kernel, so there a differing boot id means that something else is wrong. */
function rebooted(judged: Judged): Answer {
  const { identity, seen, record, evidence } = judged;
  if (compareBoot(identity, seen.self) !== 'different') return null;
  const types = `${record.filesystem ?? 'unknown'} filesystem`;
  const observed = `${textOf(seen.self).boot}, ${seen.filesystem ?? 'unknown'} filesystem`;
  const survives = traitsOf(record.filesystem).survivesReboot && traitsOf(seen.filesystem).survivesReboot;
  const proven = isOnOneKernel(judged) && survives;
  note(evidence, 'reboot', `${textOf(identity).boot}, ${types}`, observed, proven ? 'dead' : 'none');
  return proven ? { state: 'dead', reason: 'rebooted' } : null;
}

/** Rows 6, 7 and 9: the process with that number is the owner or not, and runs or not. */
function byComparison(recorded: ProcessIdentity, observed: ProcessIdentity, exited: boolean | null): Answer {
  const comparison = compareIdentities(recorded, observed);
  if (comparison === 'different') return { state: 'dead', reason: 'pid-reused' };
  if (comparison === 'unknown' || exited === null) return null;
  return exited ? { state: 'dead', reason: 'process-exited' } : { state: 'alive', reason: 'process-running' };
}

/** Boot ids are equal and that means something: a file mounted over boot_id may be equal on two machines. */
function bootDecides(judged: Judged): boolean {
  const { identity, seen } = judged;
  if (compareBoot(identity, seen.self) !== 'same') return false;
  return (identity.bootIdNative === true && seen.self.bootIdNative === true) || isOnOneKernel(judged);
}

/** "sameNs" of the decision table: same boot, equal number of the PID namespace. */
function isSameNamespaceNumber(judged: Judged): boolean {
  const recorded = judged.identity.pidNamespace.inode;
  return recorded !== null && recorded === judged.seen.self.pidNamespace.inode && bootDecides(judged);
}

function namespaceNumbersDiffer(a: ProcessIdentity, b: ProcessIdentity): boolean {
  const left = a.pidNamespace.inode;
  const right = b.pidNamespace.inode;
  return left !== null && right !== null && left !== right;
}

/** Owner and observer both saw the lock on a filesystem of one kernel. */
function isOnOneKernel({ record, seen }: Judged): boolean {
  return isOneKernelFilesystem(record.filesystem) && isOneKernelFilesystem(seen.filesystem);
}

function isNewer(record: OwnerRecord): boolean {
  return (record.version ?? 0) > 1 || (record.identity?.version ?? 0) > 1;
}

/** A newer version may say its platform in another way; what cannot be read is no mismatch. */
function isPlatformUnreadable(record: OwnerRecord): boolean {
  return isNewer(record) && record.identity?.platform === '';
}

/** Row 13 */
function whatStoodInTheWay(judged: Judged): Reason {
  const { identity, seen } = judged;
  if (compareBoot(identity, seen.self) !== 'same') {
    return identity.bootId === null || seen.self.bootId === null ? 'not-enough-recorded' : 'other-boot';
  }
  if (namespaceNumbersDiffer(identity, seen.self)) return 'other-namespace';
  if (!isSameNamespaceNumber(judged)) return 'not-enough-recorded';
  const { existence, identity: found } = seen.observedProcess;
  const startHidden = existence === 'present' && identity.startTicks !== null && found?.startTicks === null;
  return existence === 'unknown' || startHidden ? 'process-hidden' : 'not-enough-recorded';
}

function conclude(answer: Answer, evidence: readonly Evidence[]): Verdict | null {
  if (answer === null) return null;
  // Not spread: that would take a tenth of the judgement.
  return { state: answer.state, reason: answer.reason, certainty: 'proven', evidence };
}

function unknown(reason: Reason, evidence: readonly Evidence[]): Verdict {
  return { state: 'unknown', certainty: 'proven', reason, evidence };
}

function note(
  evidence: Evidence[],
  check: string,
  recorded: string | null,
  observed: string | null,
  finding: Evidence['finding'],
): void {
  evidence.push({ check, recorded, observed, finding });
}
