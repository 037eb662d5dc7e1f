import { currentObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { type OwnerFile, withOwnerFileOf } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { recordFromCaller } from '../record/parse.js';
import { LiveObservation, type Seen } from './live-observation.js';
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

/** How an owner is judged whose record is all that is at hand. */
export interface OwnerOptions extends JudgeOptions {
  /**
   * The lock directory that the record was read from. While the record stands in its owner.json, the witness and the
   * filesystem count too: an owner in another container of this host can be judged by nothing else.
   */
  readonly lock?: string | URL;
}

/**
 * Is the process that wrote this record alive? Never throws for what a record may hold.
 * @param recorded an identity, or a record as `inspectLock` returns it or as owner.json holds it.
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works.
 */
export function judgeOwner(recorded: ProcessIdentity | OwnerRecord, options: OwnerOptions = {}): Verdict {
  const record = recordFromCaller(recorded);
  return withRecordedFile(record, options, (file) => judgeRecord(record, file, options));
}

/** Runs `use` with the owner.json that the options lead to; null: to none with this record. */
export function withRecordedFile<T>(
  record: OwnerRecord,
  { lock }: OwnerOptions,
  use: (file: OwnerFile | null) => T,
): T {
  return lock === undefined ? use(null) : withOwnerFileOf(currentObserver().backend, lock, record, use);
}

const NOTHING_SEEN: Seen = {};

/**
 * {@link judgeOwner} for a record read from `file`, whose witness and filesystem then count.
 * @param seen what need not be looked for any more.
 */
export function judgeRecord(
  record: OwnerRecord,
  file: OwnerFile | null,
  options: JudgeOptions,
  seen: Seen = NOTHING_SEEN,
): Verdict {
  const observation = new LiveObservation(currentObserver(), record, file, seen);
  return decide(record, observation, {
    legacy: options.legacy ?? 'assume',
    clockSlack: options.clockSlack ?? DEFAULT_CLOCK_SLACK,
  });
}
