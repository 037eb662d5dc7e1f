import { machineRecord, toHostname } from '../record/legacy-fields.js';
import type { MachineRecord, RecordTime } from '../record/owner-record.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime, laterOf } from '../record/record-time.js';
import type { PidClaim, StartClaim } from '../record/stranger-claims.js';
import { type ForeignRecord, foreignRecord, type LockFormat, type Source } from './format.js';

/** What a format records beside a pid. Every part that it does not record is left out. */
export interface Said {
  /** When the record was written, by itself. */
  readonly writtenAt?: RecordTime | null;
  readonly machine?: Partial<MachineRecord>;
  /** Start ticks of the owner. */
  readonly starttime?: number | null;
  /** The owner's start in another unit, or in one that is not known. */
  readonly starts?: readonly StartClaim[];
  readonly otherPids?: readonly PidClaim[];
}

/**
 * The record of a lock that names its owner by a pid.
 * @param pid digits, perhaps behind spaces.
 */
export function pidRecord(
  format: LockFormat,
  { mtimeMs }: Pick<Source, 'mtimeMs'>,
  pid: string,
  said: Said = {},
  more?: Parameters<typeof foreignRecord>[2],
): ForeignRecord {
  const { writtenAt = null, machine, starttime = null, starts = [], otherPids = [] } = said;
  const touchedAt = fileTime(mtimeMs);
  // A number that begins with a zero may be octal or hexadecimal, and is none then.
  const isDecimal = !/^0\d/.test(pid);
  const ticks = starttime === null ? [] : [{ key: 'starttime', value: starttime }];
  const record = legacyOwnerRecord(isDecimal ? Number(pid) : pid, {
    starttime,
    recordedAt: laterOf(writtenAt, touchedAt),
    machine: machine === undefined ? null : machineRecord(machine),
    claims: { starts: [...ticks, ...starts], otherPids, writtenAt, touchedAt },
  });
  return foreignRecord(format, record, more);
}

/**
 * The record of a lock that names its owner by a host and a pid on it.
 * @param more what else the lock says of that host.
 * @returns null where one of the two was not found, or where the text is no host name.
 */
export function recordOnHost(
  format: LockFormat,
  source: Pick<Source, 'mtimeMs'>,
  host: string | undefined,
  pid: string | undefined,
  more: Partial<MachineRecord> = {},
): ForeignRecord | null {
  const machine = hostNamed(host);
  if (machine === null || pid === undefined) return null;
  return pidRecord(format, source, pid, { machine: { ...machine, ...more } });
}

/**
 * A host of which the pid is one, as its writers mean it: they leave the lock of another host alone.
 * @returns null when the text is no host name.
 */
export function hostNamed(text: string | undefined): Partial<MachineRecord> | null {
  const hostname = toHostname(text);
  return hostname === null ? null : { hostname, pidIsOfHost: true };
}
