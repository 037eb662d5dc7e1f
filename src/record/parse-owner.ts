import { invalidArgument, kindOf } from '../errors.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { type OptionNames, requireOptions } from '../known-options.js';
import type { OwnerRecord, OwnerRow } from './owner-record.js';
import { checkedRecords } from './parse.js';
import { recordedOwner } from './recorded-owner.js';
import type { RowKeys } from './row-columns.js';

export interface ParseOwnerOptions {
  /** The names of the columns, where the record is a row that has other ones than {@link OwnerRow}. */
  readonly keys?: RowKeys | undefined;
}

const PARSE_OPTIONS = { keys: true } satisfies OptionNames<ParseOwnerOptions>;

/**
 * Reads a record once, for a program that judges it often: `judgeOwner` then reads nothing of it anew, which is most of
 * the time of a judgement. It gives the verdict that it would give for the record itself, and needs no `keys`.
 * @example
 * const owner = parseOwner({ id: 1, owner: selfIdentity() }, { keys: { identity: 'owner' } });
 * console.log(judgeOwner(owner).state); // alive
 * @param recorded all that `judgeOwner` takes. What it holds never throws: `problem` says in words why a record cannot be
 * judged, or is null.
 * @returns a copy, frozen with all its parts.
 * @throws TypeError (ERR_INVALID_ARG_TYPE) where `recorded` is no object, and for `keys` that do not fit the row.
 */
export function parseOwner(
  recorded: ProcessIdentity | OwnerRecord | OwnerRow | object,
  options: ParseOwnerOptions = {},
): OwnerRecord {
  requireRecorded(recorded);
  requireOptions(options, PARSE_OPTIONS);
  return checkedRecords.markChecked(deeplyFrozen(recordedOwner(recorded, options.keys)));
}

/**
 * What is no object is no record that somebody wrote, but the slip of a caller: the owner of a lock that is free by now is
 * null.
 * @throws TypeError (ERR_INVALID_ARG_TYPE)
 */
export function requireRecorded(recorded: unknown): void {
  if (typeof recorded === 'object' && recorded !== null) return;
  throw invalidArgument(`a recorded owner must be an object, not ${kindOf(recorded)}`);
}

function deeplyFrozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deeplyFrozen(part);
  return Object.freeze(value);
}
