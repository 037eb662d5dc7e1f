import { machineRecord, toBootId, toHostname, toPidNamespace } from './machine-record.js';
import type { MachineRecord, OwnerRecord } from './owner-record.js';
import { identityRecord, legacyOwnerRecord, malformed } from './parse.js';
import { timeOfRow } from './record-time.js';
import { Columns, type RowKeys } from './row-columns.js';
import { readPid } from './strangers-pid.js';
import { toTicks } from './ticks.js';

/**
 * The record in a row of a database. What is wrong with the keys, or with the type of a column, throws, because a
 * misspelt `identity` would otherwise leave the row to be judged by its bare pid. A value that no owner writes makes
 * the record malformed, so that its owner is unknown.
 * @throws TypeError (ERR_INVALID_ARG_TYPE) naming the key.
 */
export function recordByKeys(row: unknown, keys: RowKeys): OwnerRecord {
  if (typeof row !== 'object' || row === null) return malformed('not an object');
  const columns = new Columns(row, keys);
  const identity = columns.identity();
  const pid = columns.number('pid');
  if (typeof identity === 'string') return malformed(columns.problem('identity', identity));
  if (identity !== null) {
    return pid === null || pid === identity.pid
      ? identityRecord(identity)
      : malformed(columns.problem('pid', 'differs from the pid in the identity'));
  }
  return recordOfPid(columns, pid);
}

function recordOfPid(columns: Columns, pid: number | null): OwnerRecord {
  if (pid === null) return malformed('the row names neither an identity nor a pid');
  if (typeof readPid(pid) === 'string') return malformed(columns.problem('pid', 'no process number'));
  const created = columns.time();
  const recordedAt = created === null ? null : timeOfRow(created);
  if (created !== null && recordedAt === null) {
    return malformed(
      columns.problem('createdAt', 'no time in ms since the epoch, and no ISO 8601 text with a zone'),
    );
  }
  const started = columns.start();
  if (started !== null && Number(started) <= 0) {
    return malformed(columns.problem('starttime', 'no start of a process'));
  }
  const machine = machineOf(columns);
  if (typeof machine === 'string') return malformed(machine);
  return legacyOwnerRecord(pid, {
    starttime: toTicks(Number(started)),
    recordedAt,
    machine,
    claims: { starts: started === null ? [] : [{ key: 'starttime', value: started }] },
  });
}

/** A text says what is wrong with it. */
function machineOf(columns: Columns): MachineRecord | string | null {
  const [host, boot, namespace] = [columns.text('hostname'), columns.text('bootId'), columns.namespace()];
  const hostname = toHostname(host);
  if (host !== null && hostname === null) return columns.problem('hostname', 'no host name');
  const bootId = toBootId(boot);
  if (boot !== null && bootId === null) return columns.problem('bootId', 'no boot id');
  const pidNamespace = toPidNamespace(namespace);
  if (namespace !== null && pidNamespace === null) return columns.problem('pidNamespace', 'no PID namespace');
  const isNamed = hostname !== null || bootId !== null || pidNamespace !== null;
  return isNamed ? machineRecord({ hostname, pidIsOfHost: hostname !== null, bootId, pidNamespace }) : null;
}
