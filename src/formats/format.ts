import type { OwnerRecord } from '../record/owner-record.js';

/** What kind of lock stands at a path. `none`: nothing is there, or nothing that names an owner. */
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

/** What a lock or PID file of another program says. */
export interface ForeignRecord {
  readonly format: LockFormat;
  /** It holds no identity, and is judged like every record that holds a pid alone. */
  readonly record: OwnerRecord;
  /** System V shared memory that the owner's children keep using when it dies. null when none is recorded. */
  readonly sharedMemory: SharedMemory | null;
}

export interface SharedMemory {
  /** Unsigned, 32 bits. */
  readonly key: number;
  readonly id: number;
}

/** What was found instead, in words that follow "it is". */
export type NotRecognised = string;

export function foreignRecord(
  format: LockFormat,
  record: OwnerRecord,
  sharedMemory: SharedMemory | null = null,
): ForeignRecord {
  return { format, record, sharedMemory };
}
