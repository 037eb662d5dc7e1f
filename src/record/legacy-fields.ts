import type { Fields } from '../text/json-fields.js';
import { copiedClaims } from './copied-claims.js';
import { copiedMachine, machineIn } from './machine-record.js';
import { namedValuesIn } from './named-values.js';
import type { OwnerRecord, RecordTime } from './owner-record.js';
import { claimsIn, writtenAtIn } from './read-claims.js';
import { copiedTime, fileTime, laterOf } from './record-time.js';
import type { StrangerClaims } from './stranger-claims.js';
import { toTicks } from './ticks.js';

export { machineRecord, toBootId, toHostname } from './machine-record.js';

/** The fields that programs without identities record beside a pid, under many names. */
export interface LegacyFields extends Pick<OwnerRecord, 'starttime' | 'recordedAt' | 'machine'> {
  /** What a format knows beyond these. What is left out follows from the rest. */
  readonly claims?: Partial<StrangerClaims>;
  /** Why no judgement is possible. */
  readonly problem?: string;
}

/** The one kind of start id that counts what `starttime` counts. */
const TICKS_KIND = 'linux-proc-start-ticks';

/**
 * Longest time, in ms, from the start of a program to its record. A number that, as seconds since the epoch,
 * is longer ago counts as ticks.
 */
const LONGEST_RUN = 30 * 86_400_000;

/**
 * Reads what a program that records no identity says beside its pid.
 * @param mtimeMs the file's mtime. null when the record was read from no file.
 */
export function readLegacyFields(fields: Fields, mtimeMs: number | null): LegacyFields {
  return readCopy(fields) ?? readFields(fields, mtimeMs);
}

/** The fields in a copy of an OwnerRecord, such as the JSON of one from another process. */
function readCopy(fields: Fields): LegacyFields | null {
  const claims = copiedClaims(fields.get('claims'));
  const machine = fields.get('machine');
  if (claims === null || typeof machine !== 'object') return null;
  return {
    starttime: toTicks(fields.get('starttime')),
    recordedAt: copiedTime(fields.get('recordedAt')),
    machine: machine === null ? null : copiedMachine(machine),
    claims,
  };
}

function readFields(fields: Fields, mtimeMs: number | null): LegacyFields {
  const values = namedValuesIn(fields.value);
  if (values === null) {
    const problem = 'it holds more than the record of a process does';
    return { starttime: null, recordedAt: null, machine: null, problem };
  }
  const writtenAt = writtenAtIn(values);
  const touchedAt = mtimeMs === null ? null : fileTime(mtimeMs);
  const claims = { ...claimsIn(values), writtenAt, touchedAt };
  return {
    starttime: readTicks(fields, writtenAt),
    recordedAt: laterOf(writtenAt, touchedAt),
    machine: machineIn(values),
    claims,
  };
}

function readTicks(fields: Fields, recordedAt: RecordTime | null): number | null {
  const ticks = toTicks(fields.get('starttime') ?? fields.get('startTime') ?? readStartId(fields));
  return plausibleTicks(ticks, recordedAt);
}

/**
 * null for a number that reads as a time shortly before the record: on macOS the same programs write seconds since the
 * epoch. At worst ticks go unused, which makes no owner dead.
 */
function plausibleTicks(ticks: number | null, recordedAt: RecordTime | null): number | null {
  if (ticks === null || recordedAt?.source !== 'record') return ticks;
  const ranFor = recordedAt.ms - ticks * 1000;
  return Math.abs(ranFor) < LONGEST_RUN ? null : ticks;
}

function readStartId(fields: Fields): unknown {
  if (fields.get('startIdKind') !== TICKS_KIND) return null;
  const id = fields.get('startId');
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id;
}
