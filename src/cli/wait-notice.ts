import type { Verdict } from '../judge/verdict.js';
import type { WaitReport } from '../lock/events.js';
import { describeHolder } from '../lock/holder-text.js';
import { formatElapsed } from '../text/elapsed.js';
import { formatVerdict } from './format/format-verdict.js';
import { plain } from './format/paint.js';

/** One line that says which lock `run` waits for, who holds it, and why it counts as held. */
export function waitNotice(report: WaitReport): string {
  const { path, waited, owner, verdict, description } = report;
  const since = waited < 1_000 ? '' : ` for ${formatElapsed(waited)}`;
  const holder = owner === null ? '' : ` held by ${describeHolder(report)};`;
  return `waiting${since} for '${path}':${holder} ${verdict === null ? description : whyOf(verdict)}`;
}

function whyOf(verdict: Verdict): string {
  // The last check with the finding of the verdict is the one that decided.
  const decisive = verdict.evidence.findLast(({ finding }) => finding === verdict.state);
  const seen = decisive === undefined ? '' : `; ${decisive.check}: ${decisive.observed ?? 'nothing'}`;
  return formatVerdict(verdict, plain) + seen;
}
