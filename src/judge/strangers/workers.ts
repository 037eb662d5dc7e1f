/**
 * Objections by processes that may work for the owner though its own number is dead. Each counts only if it may be
 * older than the record, because the number of a younger one was given anew.
 */
import { type Answer, note } from '../rows.js';
import type { Judged, Objection } from './judged.js';
import type { Worker } from './observation.js';
import { isYoungerThanRecord } from './times.js';

export const WORKERS: readonly Objection[] = [
  exceptBeforeBoot(otherProcess),
  follower,
  namesakeInDescendant,
  namesakesHidden,
  notSeen,
];

/**
 * Those that count also where the PID namespace of the owner is known: its number in any other one is somebody
 * else's.
 */
export const OWN_WORKERS: readonly Objection[] = [otherProcess, follower, notSeen];

/** No process that is here now is older than the boot. */
function exceptBeforeBoot(objects: (judged: Judged) => Answer | null): Objection {
  return (judged, ground) => (ground.reason === 'legacy-before-boot' ? null : objects(judged));
}

/** A launcher that has ended names the server that it started, or a server its workers. */
function otherProcess(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  for (const { key, pid } of record.claims?.otherPids ?? []) {
    const worker = seen.stranger.workerAt(pid);
    if (worker === null || isYoungerThanRecord(judged, worker.ticksAsRead)) continue;
    note(evidence, 'other-process', `${key} ${pid}`, 'lives', 'none');
    return { state: 'unknown', reason: 'legacy-other-process' };
  }
  return null;
}

/**
 * A shell that led a process group or a session has ended, and what it started works on. While that lives, the kernel
 * gives the number to no other process, so only a dead number can have followers.
 */
function follower(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  const { existence, exited } = seen.observedProcess;
  if (existence !== 'absent' && exited !== true) return null;
  const found = seen.stranger.followers.find(({ ticksAsRead }) => !isYoungerThanRecord(judged, ticksAsRead));
  if (found === undefined) return null;
  note(evidence, 'process-group', `pid ${record.pid}`, `${nameOf(found)} is in its group or session`, 'none');
  return { state: 'unknown', reason: 'legacy-group-lives' };
}

function nameOf({ pid }: Worker): string {
  return pid === null ? 'a process that is hidden' : `pid ${pid}`;
}

/**
 * Objects if a process in a descendant PID namespace has the number there and may be older than the record,
 * because an operator on the host must not clear the PID file of a live container.
 */
function namesakeInDescendant(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  for (const namesake of seen.namesakes.found) {
    if (namesake.exited === true || isYoungerThanRecord(judged, namesake.ticksAsRead)) continue;
    const namespace = namesake.identity.pidNamespace.inode ?? 'that may not be read';
    const observed = `pid ${namesake.pid} here is pid ${record.pid} of PID namespace ${namespace}`;
    note(evidence, 'descendant-namespaces', `pid ${record.pid}`, observed, 'none');
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

/** It stands last: what an objection above did not find, because it could not be read, may be there. */
function notSeen({ record: { pid }, seen, evidence }: Judged): Answer | null {
  const { failed } = seen.stranger;
  if (failed === null) return null;
  note(evidence, 'process', `pid ${pid}`, failed, 'none');
  return { state: 'unknown', reason: 'legacy-process-hidden' };
}
