import { isUuid } from '../identity/format.js';
import { Fields } from '../text/json-fields.js';
import type { MachineRecord, OwnerRecord, RecordTime } from './owner-record.js';
import { copiedTime, readRecordTime } from './record-time.js';
import { toTicks } from './ticks.js';

/** The fields that programs without identities record beside a pid, under many names. */
export type LegacyFields = Pick<OwnerRecord, 'starttime' | 'recordedAt' | 'machine'>;

/** The one kind of start id that counts what `starttime` counts. */
const TICKS_KIND = 'linux-proc-start-ticks';
/**
 * Longest time, in ms, from the start of a program to its record. A number that, as seconds since the epoch,
 * is longer ago counts as ticks.
 */
const LONGEST_RUN = 30 * 86_400_000;
/** Longest host name kept of another program's record. Host names end at 64 on Linux, at 255 in the DNS. */
const MAX_HOSTNAME = 256;

export function readLegacyFields(fields: Fields, mtimeMs: number | null): LegacyFields {
  const recordedAt = readRecordTime(fields, mtimeMs) ?? copiedTime(fields.get('recordedAt'));
  return { starttime: readTicks(fields, recordedAt), recordedAt, machine: readMachine(fields) };
}

/** Makes the record of a machine about which only `known` was recorded. */
export function machineRecord(known: Partial<MachineRecord>): MachineRecord {
  return { hostname: null, pidIsOfHost: false, bootId: null, bootTimeMs: null, ...known };
}

/** null when the value is no host name. A longer text is not a host's, and would fill a terminal. */
export function toHostname(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= MAX_HOSTNAME ? value : null;
}

/** null when the value is no boot id. */
export function toBootId(value: unknown): string | null {
  const id = typeof value === 'string' ? value.toLowerCase() : value;
  return isUuid(id) ? id : null;
}

function readTicks(fields: Fields, recordedAt: RecordTime | null): number | null {
  const ticks = toTicks(fields.get('starttime') ?? fields.get('startTime') ?? readStartId(fields));
  return plausibleTicks(ticks, recordedAt);
}

/**
 * null for a number that reads as a time shortly before the record: on macOS the same programs write seconds since the
 * epoch. At worst ticks go unused, which makes no owner dead.
 */
export function plausibleTicks(ticks: number | null, recordedAt: RecordTime | null): number | null {
  if (ticks === null || recordedAt?.source !== 'record') return ticks;
  const ranFor = recordedAt.ms - ticks * 1000;
  return Math.abs(ranFor) < LONGEST_RUN ? null : ticks;
}

function readStartId(fields: Fields): unknown {
  if (fields.get('startIdKind') !== TICKS_KIND) return null;
  const id = fields.get('startId');
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id;
}

function readMachine(fields: Fields): MachineRecord | null {
  const copied = fields.get('machine');
  if (typeof copied === 'object' && copied !== null) return copiedMachine(new Fields(copied));
  const hostname = toHostname(fields.get('hostname'));
  const bootId = toBootId(fields.get('bootId'));
  return hostname === null && bootId === null ? null : machineRecord({ hostname, bootId });
}

/** The machine in a copy of an OwnerRecord. */
function copiedMachine(fields: Fields): MachineRecord {
  const bootTimeMs = fields.get('bootTimeMs');
  return {
    hostname: toHostname(fields.get('hostname')),
    pidIsOfHost: fields.get('pidIsOfHost') === true,
    bootId: toBootId(fields.get('bootId')),
    bootTimeMs: typeof bootTimeMs === 'number' && Number.isFinite(bootTimeMs) ? bootTimeMs : null,
  };
}
