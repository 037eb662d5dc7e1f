import type { ProcessIdentity } from '../identity/process-identity.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { Observation } from './observation.js';
import type { JudgeOptions } from './options.js';
import type { Evidence } from './verdict.js';

/** A record with an identity under judgement, with the evidence so far. */
export interface Judged {
  readonly record: OwnerRecord;
  readonly identity: ProcessIdentity;
  readonly seen: Observation;
  readonly options: JudgeOptions;
  readonly evidence: Evidence[];
}
