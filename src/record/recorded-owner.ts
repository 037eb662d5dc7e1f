import type { OwnerRecord } from './owner-record.js';
import { recordFromCaller } from './parse.js';
import { recordByKeys } from './row-by-keys.js';
import type { RowKeys } from './row-columns.js';

/** {@link recordFromCaller}, or the record in a row whose columns have the names in `keys`. */
export function recordedOwner(value: unknown, keys: RowKeys | undefined): OwnerRecord {
  return keys === undefined ? recordFromCaller(value) : recordByKeys(value, keys);
}
