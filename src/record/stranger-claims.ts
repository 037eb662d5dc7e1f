import type { OwnerRecord, RecordTime } from './owner-record.js';

/**
 * What another program's record says beside its pid. Each of these may speak for a living owner, and none proves a death,
 * because only its writer knows what it meant.
 */
export interface StrangerClaims {
  /** What may be the start of the owner, in a unit that is not known. */
  readonly starts: readonly StartClaim[];
  /** Other numbers that may be those of processes which work for the owner. */
  readonly otherPids: readonly PidClaim[];
  /** Times at which the owner showed that it lived, or until which its claim is good. */
  readonly signs: readonly SignOfLife[];
  /** When the record says that it was written. */
  readonly writtenAt: RecordTime | null;
  /** When the file was last written: its mtime. null for a record that was read from no file. */
  readonly touchedAt: RecordTime | null;
}

export interface StartClaim {
  /** Name of the field, such as `startTime`, or `owner.startTime` where it stands in another one. */
  readonly key: string;
  readonly value: number | string;
}

export interface PidClaim {
  readonly key: string;
  readonly pid: number;
}

export interface SignOfLife {
  readonly key: string;
  /** ms since the epoch. */
  readonly ms: number;
}

/** The claims that a program's record makes by its few fields. A format with more fields names them in `more`. */
export function claimsOf(
  { pid, starttime, recordedAt }: Pick<OwnerRecord, 'pid' | 'starttime' | 'recordedAt'>,
  { otherPids = [], ...more }: Partial<StrangerClaims> = {},
): StrangerClaims {
  const isOfFile = recordedAt?.source === 'file mtime';
  return Object.freeze({
    starts: starttime === null ? [] : [{ key: 'starttime', value: starttime }],
    otherPids: otherPids.filter((claim) => claim.pid !== pid),
    signs: [],
    writtenAt: isOfFile ? null : recordedAt,
    touchedAt: isOfFile ? recordedAt : null,
    ...more,
  });
}
