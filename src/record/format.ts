import type { ProcessIdentity } from '../identity/process-identity.js';
import { rememberLast } from '../remember-last.js';
import type { LeaseRecord, OwnerRecord, WitnessRecord } from './owner-record.js';
import { checkedRecords, MAX_LABEL, RECORD_VERSION } from './parse.js';
import { timeOfMs } from './record-time.js';
import { toTicks } from './ticks.js';

/** What this package writes into owner.json. */
export interface NewOwnerRecord {
  /**
   * Start ticks as the owner itself reads them, which older programs compare. null when they are not known.
   */
  readonly starttime: number | null;
  /** ms since the epoch. */
  readonly createdAtMs: number;
  readonly nonce: string;
  readonly identity: ProcessIdentity;
  readonly filesystem: string;
  readonly witness: WitnessRecord | null;
  /** See {@link OwnerRecord.lifeline}. */
  readonly lifeline: string | null;
  readonly lease: LeaseRecord | null;
  /** See {@link OwnerRecord.handedOver}. */
  readonly handedOver: boolean;
  readonly label: string | undefined;
}

/**
 * The content of owner.json: 2-space JSON with a trailing newline. `pid`, `starttime` and `createdAtMs` come
 * first and mean what they mean to older programs. The text is put together here so that the identity in it,
 * which is the same each time, is not formatted anew: to take and release a lock would take 36.3 us instead
 * of 32.6.
 */
export function formatOwnerRecord(record: NewOwnerRecord): string {
  const { starttime, createdAtMs, nonce, identity, filesystem, label } = record;
  const { witness, lifeline, lease, handedOver } = record;
  // The key is absent rather than null, because an older reader takes null for a number that it does not
  // understand.
  const starttimeLine = starttime === null ? '' : `  "starttime": ${starttime},\n`;
  const labelLine = label === undefined ? '' : `  "label": ${JSON.stringify(label)},\n`;
  const lifelineLine = lifeline === null ? '' : `  "lifeline": "${lifeline}",\n`;
  return `{
  "pid": ${identity.pid},
${starttimeLine}  "createdAtMs": ${createdAtMs},
  "version": ${RECORD_VERSION},
  "nonce": "${nonce}",
${labelLine}  "identity": ${identityText(identity)},
  "filesystem": "${filesystem}",
  "witness": ${witnessText(witness)},
${lifelineLine}  "lease": ${lease === null ? 'null' : leaseText(lease)}${handedOver ? ',\n  "handedOver": true' : ''}
}
`;
}

/** A process has one identity for life. */
const identityText = rememberLast((identity: ProcessIdentity) => nested(identity));

function leaseText({ durationMs, settleMs }: LeaseRecord): string {
  return `{
    "durationMs": ${durationMs}${settleMs === undefined ? '' : `,\n    "settleMs": ${settleMs}`}
  }`;
}

/** The values are decimal and hexadecimal numbers, in which JSON would escape nothing. */
function witnessText(witness: WitnessRecord | null): string {
  if (witness === null) return 'null';
  const { device, fsid, inode, directory } = witness;
  return `{
    "device": "${device}",
    "fsid": ${quotedOrNull(fsid)},
    "inode": "${inode}",
    "directory": ${quotedOrNull(directory)}
  }`;
}

function quotedOrNull(number: string | null): string {
  return number === null ? 'null' : `"${number}"`;
}

/** The JSON of a value that is a property of the outermost object. */
function nested(value: object): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
}

/** The record that a reader makes of {@link formatOwnerRecord}. */
export function ownerRecordOf(record: NewOwnerRecord): OwnerRecord {
  const { starttime, createdAtMs, nonce, identity, filesystem, label } = record;
  const { witness, lifeline, lease, handedOver } = record;
  const made: OwnerRecord = {
    version: RECORD_VERSION,
    pid: identity.pid,
    starttime: toTicks(starttime),
    recordedAt: timeOfMs(createdAtMs),
    nonce,
    identity,
    filesystem,
    witness,
    lifeline,
    lease,
    handedOver,
    label: label?.slice(0, MAX_LABEL) ?? null,
    machine: null,
    claims: null,
    problem: null,
  };
  return checkedRecords.markChecked(Object.freeze(made));
}

/**
 * What was written, from the record that a reader made of it: the reverse of {@link ownerRecordOf}. null for a record
 * that {@link formatOwnerRecord} did not write.
 */
export function writtenRecordOf(record: OwnerRecord): NewOwnerRecord | null {
  const { starttime, recordedAt, nonce, identity, filesystem, problem, label } = record;
  const { witness, lifeline, lease, handedOver } = record;
  if (problem !== null || recordedAt === null || nonce === null || identity === null || filesystem === null) {
    return null;
  }
  const known = { starttime, createdAtMs: recordedAt.ms, nonce, identity, filesystem };
  return { ...known, witness, lifeline, lease, handedOver, label: label ?? undefined };
}
