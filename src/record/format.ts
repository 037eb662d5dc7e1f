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
 * mean what they mean to older programs. Most of it is the same each time, so that JSON.stringify sees the rest only:
 * all of it would be a thirtieth of taking a lock.
 */
export function formatOwnerRecord(record: NewOwnerRecord): string {
  const { starttime, createdAtMs, nonce, identity, filesystem, witness, lease, label } = record;
  // Absent rather than null: an older reader takes null for a number it does not understand.
  const starttimeLine = starttime === null ? '' : `  "starttime": ${starttime},\n`;
  const labelLine = label === undefined ? '' : `  "label": ${JSON.stringify(label)},\n`;
  return `{
  "pid": ${identity.pid},
${starttimeLine}  "createdAtMs": ${createdAtMs},
  "version": ${RECORD_VERSION},
  "nonce": "${nonce}",
${labelLine}  "identity": ${identityText(identity)},
  "filesystem": "${filesystem}",
  "witness": ${witnessText(witness)},
  "lease": ${lease === null ? 'null' : nested(lease)}
}
`;
}

let last: { readonly identity: ProcessIdentity; readonly text: string } | undefined;

/** A process has one identity for life. */
function identityText(identity: ProcessIdentity): string {
  if (last?.identity !== identity) last = { identity, text: nested(identity) };
  return last.text;
}

/** Numbers in decimal and hexadecimal, which hold nothing that JSON would escape. */
function witnessText(witness: WitnessRecord | null): string {
  if (witness === null) return 'null';
  const { device, fsid, inode } = witness;
  return `{
    "device": "${device}",
    "fsid": ${fsid === null ? 'null' : `"${fsid}"`},
    "inode": "${inode}"
  }`;
}

/** As JSON.stringify writes it one level deep. */
function nested(value: object): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
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
