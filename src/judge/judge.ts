import { currentObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { NOWHERE, type RecordSite, withOwnerFileOf } from '../record/owner-file.js';
import type { OwnerRecord, OwnerRow } from '../record/owner-record.js';
import { recordedOwner } from '../record/recorded-owner.js';
import type { RowKeys } from '../record/row-columns.js';
import { FakeObservation, fakeStateOf } from './fakes.js';
import { LiveObservation, type Seen } from './live-observation.js';
import { checkJudgement, type JudgeOptions } from './options.js';
import { decide } from './table.js';
import type { Verdict } from './verdict.js';

export type { JudgeOptions } from './options.js';

/** Options for judging an owner when the caller has only its record. */
export interface OwnerOptions extends JudgeOptions {
  /**
   * The lock directory that the record was read from. While its owner.json still holds the record, the
   * witness and the filesystem count too. Nothing else shows whether an owner in another container of this
   * host lives.
   */
  readonly lock?: string | URL | undefined;
  /**
   * The file that holds a record which is in no lock directory: a database, a JSON file. On a filesystem of
   * one kernel no copy of this machine can have written it, so that a free lifeline is a death (`assumed`).
   */
  readonly path?: string | URL | undefined;
  /** The names of the columns, where the record is a row that has other ones than {@link OwnerRow}. */
  readonly keys?: RowKeys | undefined;
}

/** Options for a row whose columns have names of their own. */
export interface RowOptions extends OwnerOptions {
  readonly keys: RowKeys;
}

/**
 * Judges whether the process that wrote a record is alive. Never throws for what a record may hold.
 * @param recorded an identity, a row with an identity in it, or a record as `inspectLock` returns it or as
 * owner.json holds it.
 * @example
 * const { state, reason } = judgeOwner(selfIdentity());
 * console.log(state); // alive
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works; TypeError
 * (ERR_INVALID_ARG_TYPE) for what is no object; the same, TypeError (ERR_INVALID_ARG_VALUE) or RangeError
 * (ERR_OUT_OF_RANGE) for wrong options; EMFILE, ENFILE or ENOMEM where descriptors or memory have run out before
 * this process could read its own identity.
 */
export function judgeOwner(
  recorded: ProcessIdentity | OwnerRecord | OwnerRow,
  options?: OwnerOptions,
): Verdict;
/**
 * Judges whether the process that wrote a row of a database is alive, where its columns have names of their own.
 * @example
 * const row = { id: 1, owner: formatIdentity(selfIdentity()) };
 * console.log(judgeOwner(row, { keys: { identity: 'owner' } }).state); // alive
 * @throws the errors of the other signature; TypeError (ERR_INVALID_ARG_TYPE), which names the key, for `keys` that do
 * not fit the row.
 */
export function judgeOwner(row: object, options: RowOptions): Verdict;
export function judgeOwner(recorded: object, options: OwnerOptions = {}): Verdict {
  checkJudgement(recorded, options);
  return judgeAtLock(recordedOwner(recorded, options.keys), options);
}

/**
 * Judges a record by the lock that the options lead to, if they name one.
 * @param seen see {@link judgeRecord}.
 */
export function judgeAtLock(record: OwnerRecord, options: OwnerOptions, seen?: Seen): Verdict {
  if (options.lock === undefined) return judgeRecord(record, NOWHERE, options, seen);
  const judge = () => withRecordedFile(record, options, (site) => judgeRecord(record, site, options, seen));
  const verdict = judge();
  // A release renames owner.json, then drops the witness. A living owner whose release came between the
  // opening of the file and the test would be called dead; the second look finds that its record stands there
  // no longer.
  return verdict.state === 'dead' ? judge() : verdict;
}

/**
 * Runs `use` with the owner.json that the options lead to. It gets {@link NOWHERE} when there is none with
 * this record.
 */
export function withRecordedFile<T>(
  record: OwnerRecord,
  { lock }: OwnerOptions,
  use: (site: RecordSite) => T,
): T {
  return lock === undefined ? use(NOWHERE) : withOwnerFileOf(currentObserver().backend, lock, record, use);
}

const NOTHING_SEEN: Seen = {};

/**
 * Judges a record as {@link judgeOwner} does, by what the kernel shows now.
 * @param site where the record was read: the witness and the filesystem of that file count then.
 * @param seen what a watch has seen already, which is not read again.
 */
export function judgeRecord(
  record: OwnerRecord,
  site: RecordSite,
  options: JudgeOptions & Pick<OwnerOptions, 'path'>,
  seen: Seen = NOTHING_SEEN,
): Verdict {
  const fake = fakeStateOf(record);
  const observer = currentObserver();
  const observation =
    fake === undefined
      ? new LiveObservation(observer, record, site, seen, options.path)
      : new FakeObservation(fake, observer, record, site, seen, options.path);
  return decide(record, observation, options);
}
