import type { OwnerRecord } from '../../record/owner-record.js';
import type { Observation } from '../observation.js';
import type { JudgeOptions } from '../options.js';
import type { Answer } from '../rows.js';
import type { Evidence } from '../verdict.js';

/** A record without an identity under judgement, with the evidence so far. */
export interface Judged {
  readonly record: OwnerRecord;
  readonly seen: Observation;
  readonly options: JudgeOptions;
  readonly evidence: Evidence[];
}

/** One thing that may speak against a death. null when it does not. */
export type Objection = (judged: Judged, ground: Answer) => Answer | null;

/**
 * True when the caller says that the writer of a record ran on this host, though the record or its place does not show
 * that. The variable serves an entrypoint that runs programs in which nobody can set the option.
 */
export function isSaidToBeOfThisHost({ options }: Judged): boolean {
  return options.sameHost ?? process.env.KERNEL_IDENTITY_SAME_HOST === '1';
}
