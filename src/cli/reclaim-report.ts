import type { Verdict } from '../judge/verdict.js';
import type { PatientResult } from '../lock/reclaim-patiently.js';
import { printable } from '../text/printable.js';
import { stdoutPaint } from './colour.js';
import { formatInspection } from './format/format-inspection.js';

/** What became of a single path. A lock that was left alone is shown with all evidence. */
export function describeOne(result: PatientResult): string {
  if (result.state === 'free') return lineOf(result);
  return `left alone${renewal(result)}: ${formatInspection(result, stdoutPaint())}`;
}

/** One line for each path, and how many there are of each kind. */
export function describeMany(results: readonly PatientResult[], failures: number): string {
  const counts = [
    [results.filter(({ reclaimed }) => reclaimed).length, 'reclaimed'],
    [results.filter(({ state, reclaimed }) => state === 'free' && !reclaimed).length, 'free'],
    [results.filter(({ state }) => state !== 'free').length, 'left alone'],
    [failures, 'failed'],
  ] as const;
  const summary = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [...results.map(lineOf), summary.join(', ')].join('\n');
}

function lineOf(result: PatientResult): string {
  return printable(`${result.path}: ${outcomeOf(result)}`);
}

function outcomeOf(result: PatientResult): string {
  const { state, reclaimed, verdict, description } = result;
  const why = verdict === null || verdict.state !== 'dead' ? description : deathOf(verdict, result);
  if (reclaimed) return `reclaimed (${why})`;
  if (state !== 'free') return `left alone${renewal(result)}, ${state} (${description})`;
  return verdict === null ? `free, ${description}` : 'free, another process reclaimed it';
}

/** An assumed death rests on what a pid and a time suggest. A process that is not visible from here may bear the pid. */
function deathOf({ certainty, reason }: Verdict, { owner }: PatientResult): string {
  if (certainty === 'proven') return `owner dead: ${reason}`;
  const basis = owner?.identity === null ? ', from its pid and time alone' : '';
  return `owner dead, assumed${basis}: ${reason}`;
}

function renewal({ isRenewed }: PatientResult): string {
  return isRenewed ? ', because its owner has just renewed its lease' : '';
}
