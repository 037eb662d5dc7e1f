import type { ProcessIdentity } from '../identity/process-identity.js';
import type { LeaseRecord, OwnerRecord, WitnessRecord } from './owner-record.js';
import { MAX_LABEL, RECORD_VERSION, trusted } from './parse.js';
import { timeOfMs } from './record-time.js';

/** What this package writes into owner.json. */
export interface NewOwnerRecord {
  /** Start ticks as the owner itself reads them, which is what older programs compare; null: not known. */
  readonly starttime: number | null;
  /** ms since the epoch. */
  readonly createdAtMs: number;
  readonly nonce: string;
  readonly identity: ProcessIdentity;
  readonly filesystem: string;
  readonly witness: WitnessRecord | null;
  readonly lease: LeaseRecord | null;
  readonly label: string | undefined;
}

/**
 * The content of owner.json: 2-space JSON with a trailing newline. `pid`, `starttime` and `createdAtMs` come first and
 * mean what they mean to older programs.
 */
export function formatOwnerRecord(record: NewOwnerRecord): string {
  const { starttime, createdAtMs, nonce, identity, filesystem, witness, lease, label } = record;
  const content = {
    pid: identity.pid,
    // Absent rather than null: an older reader takes null for a number it does not understand.
    ...(starttime === null ? {} : { starttime }),
    createdAtMs,
    version: RECORD_VERSION,
    nonce,
    ...(label === undefined ? {} : { label }),
    identity,
    filesystem,
    witness,
    lease,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** What a reader makes of {@link formatOwnerRecord}. */
export function ownerRecordOf(record: NewOwnerRecord): OwnerRecord {
  const { starttime, createdAtMs, nonce, identity, filesystem, witness, lease, label } = record;
  return trusted({
    version: RECORD_VERSION,
    pid: identity.pid,
    starttime,
    recordedAt: timeOfMs(createdAtMs),
    nonce,
    identity,
    filesystem,
    witness,
    lease,
    label: label?.slice(0, MAX_LABEL) ?? null,
    machine: null,
    problem: null,
  });
}
