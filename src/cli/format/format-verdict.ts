import type { Evidence, Verdict, VerdictState } from '../../judge/verdict.js';
import { printable } from '../../text/printable.js';
import { hang } from './layout.js';
import type { Paint, Tone } from './paint.js';

const TONES: Readonly<Record<VerdictState | 'none', Tone>> = {
  alive: 'good',
  dead: 'caution',
  unknown: 'caution',
  none: 'quiet',
};

/** `alive, proven: witness-held`. What is unknown can be neither proven nor assumed. */
export function formatVerdict({ state, certainty, reason }: Verdict, paint: Paint): string {
  const known = state === 'unknown' ? '' : `, ${certainty}`;
  return `${paint(TONES[state], state)}${known}: ${reason}`;
}

/** Every check of the evidence, in aligned columns; the observed value stands below the recorded one. */
export function formatEvidence(evidence: readonly Evidence[], indent: number, paint: Paint): string {
  const checkWidth =
    widest(
      'check',
      evidence.map(({ check }) => check),
    ) + 2;
  const findingWidth =
    widest(
      'finding',
      evidence.map(({ finding }) => findingText(finding)),
    ) + 2;
  const margin = ' '.repeat(indent);
  const lines = [paint('quiet', `${margin}${'check'.padEnd(checkWidth)}finding`)];
  for (const { check, finding, recorded, observed } of evidence) {
    const found = paint(TONES[finding], findingText(finding).padEnd(findingWidth));
    const start = margin + check.padEnd(checkWidth) + found;
    const left = indent + checkWidth + findingWidth;
    lines.push(valueLine(start, 'recorded', recorded, left));
    lines.push(valueLine(' '.repeat(left), 'observed', observed, left));
  }
  return lines.join('\n');
}

/** `none` becomes a dash, because `boot-id  none` reads as if there were no boot id. */
function findingText(finding: Evidence['finding']): string {
  return finding === 'none' ? '-' : finding;
}

function valueLine(start: string, name: string, value: string | null, left: number): string {
  return hang(`${start}${name}  `, value === null ? 'nothing' : printable(value), left + name.length + 2);
}

function widest(heading: string, texts: readonly string[]): number {
  return Math.max(heading.length, ...texts.map((text) => text.length));
}
