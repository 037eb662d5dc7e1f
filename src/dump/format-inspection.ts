import type { LockInspection } from '../lock/inspect.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { formatEvidence, formatVerdict } from './format-verdict.js';
import { alignFields } from './layout.js';
import { describeOwner } from './owner.js';
import { type Paint, plain, type Tone } from './paint.js';
import { printable } from './printable.js';

type State = LockInspection['state'];

const TONES: Readonly<Record<State, Tone>> = {
  free: 'good',
  held: 'good',
  stale: 'caution',
  unknown: 'caution',
};

/** What stands at a lock's path and why it is judged so, for people. */
export function formatInspection(inspection: LockInspection, paint: Paint = plain): string {
  const { path, state, verdict, owner } = inspection;
  const parts = [
    `${paint('heading', printable(path))}: ${paint(TONES[state], state)}`,
    alignFields(factsOf(inspection, paint), 2),
  ];
  if (verdict !== null) parts.push('', formatEvidence(verdict.evidence, 2, paint));
  const [advice, command] = nextStep(state, path, owner);
  parts.push('', alignFields([['next', advice]], 2));
  // On a line of its own and never wrapped: to be copied.
  if (command !== null) parts.push(`        ${printable(command)}`);
  return parts.join('\n');
}

function factsOf(inspection: LockInspection, paint: Paint): [string, string][] {
  const { format, verdict, owner, ageMs, description } = inspection;
  if (owner === null) return [['found', printable(description)]];
  const facts: [string, string][] = [['owner', describeOwner(owner, ageMs)]];
  if (owner.recordedAt !== null) facts.push(['written', writtenAt(owner.recordedAt)]);
  facts.push(['format', format]);
  if (verdict !== null) facts.push(['verdict', formatVerdict(verdict, paint)]);
  if (owner.problem !== null) facts.push(['problem', printable(owner.problem)]);
  return facts;
}

function writtenAt({ ms, source }: NonNullable<OwnerRecord['recordedAt']>): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime())
    ? `${ms} ms since 1970 (${source})`
    : `${time.toISOString()} (${source})`;
}

/** What a person may do now, and the command for it. */
function nextStep(
  state: State,
  path: string,
  owner: OwnerRecord | null,
): readonly [advice: string, command: string | null] {
  const quoted = shellQuoted(path);
  switch (state) {
    case 'free':
      return ['take it:', `kernel-identity run ${quoted} -- COMMAND`];
    case 'held':
      return [
        'leave it alone and wait for its owner:',
        `kernel-identity run --timeout 5m ${quoted} -- COMMAND`,
      ];
    case 'stale':
      return ['whoever acquires it next clears it; to clear it now:', `kernel-identity reclaim ${quoted}`];
    case 'unknown': {
      if (owner === null) return ['its maker may still be at work; look again in a while.', null];
      const host = owner.identity?.hostname ?? null;
      const where = host === null ? 'where its owner ran' : `where its owner ran (${printable(host)})`;
      return [
        `nobody can tell from here, so nothing clears it; look ${where}:`,
        `kernel-identity inspect ${quoted}`,
      ];
    }
  }
}

/** For sh(1). */
function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
