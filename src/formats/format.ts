import type { OwnerRecord } from '../record/owner-record.js';

/** `none`: nothing is there, or nothing that names an owner. */
export type LockFormat =
  | 'kernel-identity'
  | 'openclaw-directory'
  | 'json-pid-file'
  | 'bare-pid'
  | 'postmaster'
  | 'chromium-singleton'
  | 'emacs'
  | 'ticks-line'
  | 'none';

/** A lock or PID file of another program, understood. */
export interface ForeignRecord {
  readonly format: LockFormat;
  /** Without an identity: judged as every record that holds but a pid. */
  readonly record: OwnerRecord;
  /** System V shared memory that the owner's children keep using when it dies; null: none recorded. */
  readonly sharedMemory: SharedMemory | null;
}

export interface SharedMemory {
  /** Unsigned, 32 bits. */
  readonly key: number;
  readonly id: number;
}

/** What was found instead, as in "it is ...". */
export type NotRecognised = string;

export function foreignRecord(
  format: LockFormat,
  record: OwnerRecord,
  sharedMemory: SharedMemory | null = null,
): ForeignRecord {
  return { format, record, sharedMemory };
}
