import { currentObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { recordFromCaller } from '../record/parse.js';
import { LiveObservation, type OwnerFile } from './live-observation.js';
import { decide } from './table.js';
import type { Verdict } from './verdict.js';

/** How records of older programs, which hold a pid but no identity, are judged. */
export interface JudgeOptions {
  /**
   * `assume` (default): the pid is taken to be of this PID namespace, as its writer takes it. That can misjudge a
   * pid-only lock of a live sibling container on a shared volume. `unknown`: such a record is never judged.
   */
  readonly legacy?: 'assume' | 'unknown';
  /** ms by which the wall clock may have been set since the record was written. Default 60 000. */
  readonly clockSlack?: number;
}

/** ms; a clock that is set by hand or by NTP at start moves less than this. */
const DEFAULT_CLOCK_SLACK = 60_000;

/**
 * Is the process that wrote this record alive? Never throws for what a record may hold.
 * @param recorded an identity, or a record as `inspectLock` returns it or as owner.json holds it.
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works.
 */
export function judgeOwner(recorded: ProcessIdentity | OwnerRecord, options: JudgeOptions = {}): Verdict {
  return judgeRecord(recordFromCaller(recorded), null, options);
}

/** {@link judgeOwner} for a record read from `file`, whose witness and filesystem then count. */
export function judgeRecord(record: OwnerRecord, file: OwnerFile | null, options: JudgeOptions): Verdict {
  const seen = new LiveObservation(currentObserver(), record, file);
  return decide(record, seen, {
    legacy: options.legacy ?? 'assume',
    clockSlack: options.clockSlack ?? DEFAULT_CLOCK_SLACK,
  });
}
