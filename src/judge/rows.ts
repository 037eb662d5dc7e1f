import type { Certainty, Evidence, Lift, Reason, VerdictState } from './verdict.js';

/** What a row of a decision table says of a record. */
export interface Answer {
  readonly state: VerdictState;
  readonly reason: Reason;
  /** `proven` where it is left out. */
  readonly certainty?: Certainty;
  /** See {@link Verdict.lookAgainIn}. */
  readonly lookAgainIn?: number;
  /** See {@link Verdict.liftedBy}. */
  readonly liftedBy?: Lift;
}

/**
 * One row of a decision table: it notes what it saw as evidence, and answers. null when the row does not
 * apply, or when what it saw decides nothing.
 */
export type Row<Judged> = (judged: Judged) => Answer | null;

/** A decision table in the order in which it is read. Its last row always answers. */
export type Rows<Judged> = readonly [...Row<Judged>[], (judged: Judged) => Answer];

/** The answer of the first row that has one. */
export function firstAnswer<Judged>(rows: Rows<Judged>, judged: Judged): Answer {
  let answer: Answer | null = null;
  for (let row = 0; answer === null; row++) answer = (rows[row] as Row<Judged>)(judged);
  return answer;
}

/** Adds one piece of evidence. */
export function note(
  evidence: Evidence[],
  check: string,
  recorded: string | null,
  observed: string | null,
  finding: Evidence['finding'],
): void {
  evidence.push({ check, recorded, observed, finding });
}

/** The finding of the evidence that led to this answer. */
export function findingOf(answer: Answer | null): Evidence['finding'] {
  return answer === null || answer.state === 'unknown' ? 'none' : answer.state;
}
