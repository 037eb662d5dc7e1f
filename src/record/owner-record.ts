import type { ProcessIdentity } from '../identity/process-identity.js';

/** The file lock on owner.json that lives as long as its owner: how to recognise the file it was taken on. */
export interface WitnessRecord {
  /** st_dev, decimal. Changes when the filesystem is mounted again. */
  readonly device: string;
  /** f_fsid, hexadecimal; null: not known. Survives a remount. */
  readonly fsid: string | null;
  /** st_ino, decimal. */
  readonly inode: string;
}

/** How often an owner that can be judged by nothing else shows that it lives. */
export interface LeaseRecord {
  /** A waiter that saw no change for this long, in ms on its own monotonic clock, may reclaim. */
  readonly durationMs: number;
}

/** When a record was written, as well as can be told. */
export interface RecordTime {
  /** ms since the epoch. */
  readonly ms: number;
  /** The true time lies within this many ms. */
  readonly resolutionMs: number;
  readonly source: 'record' | 'file mtime';
}

/** What a program that records no identity says of the machine it runs on. */
export interface MachineRecord {
  readonly hostname: string | null;
  /** True: its writers mean the pid as one of that host. False: the name is for people. */
  readonly pidIsOfHost: boolean;
  /** As in `ProcessIdentity.bootId`; whether something was mounted over the file is not recorded. */
  readonly bootId: string | null;
  /** Wall-clock time of the machine's boot, ms since the epoch; moves when the clock is set. */
  readonly bootTimeMs: number | null;
}

/** What a lock's owner wrote about itself, this package's owner.json or another program's lock or PID file. */
export interface OwnerRecord {
  /** Version of the record; null: written by a program that records no identity. */
  readonly version: number | null;
  /** As recorded; null unless it is an integer from 1 to 2^31 - 1. */
  readonly pid: number | null;
  /** Start ticks of the owner as it read them itself, for programs that know no identity; null: not recorded. */
  readonly starttime: number | null;
  readonly recordedAt: RecordTime | null;
  /** 128 random bits in hexadecimal, of this acquisition alone. */
  readonly nonce: string | null;
  readonly identity: ProcessIdentity | null;
  /** Filesystem of the lock as its owner saw it, by the names of `Filesystem.type`. */
  readonly filesystem: string | null;
  readonly witness: WitnessRecord | null;
  readonly lease: LeaseRecord | null;
  readonly label: string | null;
  /** null: nothing is said of it, or an identity says it. */
  readonly machine: MachineRecord | null;
  /** What is wrong with the record; null: nothing. */
  readonly problem: string | null;
}
