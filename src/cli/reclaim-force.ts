import { readSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errnoOf } from '../backend/system-error.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { inspectForForce, reclaimByForce } from '../lock/reclaim-forced.js';
import { describeOwner } from '../record/describe-owner.js';
import { printable } from '../text/printable.js';
import { UsageError } from './arguments.js';
import { EXIT } from './exit-codes.js';
import { formatInspection } from './format/format-inspection.js';
import { ask, complain, print } from './output.js';

/**
 * Removes one lock whatever the state of its owner, once a person has seen the evidence and has said yes. Every such
 * removal is told on stderr, because it can let two programs work at once.
 * @returns the exit code.
 * @throws UsageError where nobody can be asked; the errors of a reclaim.
 */
export function forceReclaim(path: string, options: InspectOptions, isAgreed: boolean): number {
  const { inspection, signature } = inspectForForce(path, options);
  if (inspection.state === 'free') {
    print(`${printable(inspection.path)}: free, ${inspection.description}`);
    return EXIT.success;
  }
  print(formatInspection(inspection));
  if (!isAgreed && !isConfirmed(inspection.state)) {
    print(`${printable(inspection.path)}: left alone`);
    return EXIT.failure;
  }
  const outcome = reclaimByForce(path, signature, options);
  if (outcome === 'changed') {
    complain(`'${inspection.path}' changed since it was shown, and was left alone; look again`);
    return EXIT.failure;
  }
  if (outcome !== 'gone') complain(noticeOf(inspection));
  if (outcome === 'remains') {
    complain(`'${inspection.path}' is still there, because something else is in it; look again`);
    return EXIT.failure;
  }
  print(
    `${printable(inspection.path)}: ${outcome === 'removed' ? 'removed by force' : 'free, its owner released it'}`,
  );
  return EXIT.success;
}

function noticeOf({
  path,
  owner,
  ageMs,
  state,
  verdict,
  description,
}: ReturnType<typeof inspectForForce>['inspection']) {
  const who = owner === null ? 'it names no owner' : describeOwner(owner, ageMs);
  const why = verdict === null ? description : `${verdict.state}, ${verdict.certainty}: ${verdict.reason}`;
  return `removed by force: '${path}', ${state} (${why}); ${who}`;
}

function isConfirmed(state: string): boolean {
  if (!isatty(0) || !isatty(2)) {
    throw new UsageError(
      'reclaim --force asks on a terminal, and there is none; --yes says that the answer is yes',
    );
  }
  ask(
    state === 'stale'
      ? 'Remove this lock? Type yes: '
      : 'Take this lock away? If its owner lives, two programs may work at once, and data may be lost. Type yes: ',
  );
  return readLine() === 'yes';
}

/** Reads a line from the terminal. Empty at its end, and where it cannot be read. */
function readLine(): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  try {
    while (readSync(0, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] as number);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return '';
  }
  return Buffer.from(bytes).toString().trim();
}
