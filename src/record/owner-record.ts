import type { ProcessIdentity } from '../identity/process-identity.js';
import type { StrangerClaims } from './stranger-claims.js';

/**
 * How to recognise the file that the witness was taken on: the file lock on owner.json that lives as long as
 * its owner.
 */
export interface WitnessRecord {
  /** st_dev, decimal. It changes when the filesystem is mounted again. */
  readonly device: string;
  /** f_fsid, hexadecimal. It survives a remount. null when it is not known. */
  readonly fsid: string | null;
  /** st_ino, decimal. */
  readonly inode: string;
  /**
   * st_ino of the lock directory, decimal. A copy of the lock has both numbers other than recorded. null
   * where the number may change while the lock stands (overlay whose directories have another st_dev than its
   * files), and in records of versions that did not write it.
   */
  readonly directory: string | null;
}

/** How an owner shows that it lives where nothing else says so: it touches owner.json again and again. */
export interface LeaseRecord {
  /**
   * ms, on a waiter's own monotonic clock. A waiter that saw no change for this long may reclaim the lock.
   */
  readonly durationMs: number;
  /**
   * ms for which the lock is kept after the death of its owner was seen, because what it sent may still be on its way; at
   * most a day. Absent in owner.json, and where the owner wants none.
   */
  readonly settleMs?: number | undefined;
}

/** When a record was written, as far as that is known. */
export interface RecordTime {
  /** ms since the epoch. */
  readonly ms: number;
  /** The true time lies within this many ms. */
  readonly resolutionMs: number;
  readonly source: 'record' | 'file mtime';
}

/** What a program that records no identity records of the machine it runs on. */
export interface MachineRecord {
  readonly hostname: string | null;
  /** True when its writers mean the pid as one of that host. False when the name is for people. */
  readonly pidIsOfHost: boolean;
  /**
   * The same as `ProcessIdentity.bootId`, but whether something was mounted over the file is not recorded.
   */
  readonly bootId: string | null;
  /** Wall-clock time of the machine's boot, ms since the epoch. It moves when the clock is set. */
  readonly bootTimeMs: number | null;
  /** machine-id(5): 32 hexadecimal digits. */
  readonly hostId: string | null;
  /** As `process.platform` names it. */
  readonly platform: string | null;
  /** 12 or 64 hexadecimal digits. */
  readonly containerId: string | null;
  /** Inode of the PID namespace in which the pid is a number, decimal. */
  readonly pidNamespace: string | null;
  /** True when the pid is one of Windows, though Linux reads the file: Claude Code in WSL. */
  readonly runningInWindows: boolean;
}

/** A record of another program, such as a row of a database, in which an identity stands among other columns. */
export interface OwnerRow {
  /** What `selfIdentity()` gave to the owner, as an object or as JSON text. null: the row is of an older program. */
  readonly identity: ProcessIdentity | string | null;
  /** It must be the one in the identity. A row without an identity is judged by it. */
  readonly pid?: number;
  /** When the row was written: ms since the epoch, ISO 8601 text or a Date. It counts only without an identity. */
  readonly createdAt?: number | string | Date;
}

/**
 * What a lock's owner wrote about itself, into this package's owner.json or another program's lock or PID
 * file.
 */
export interface OwnerRecord {
  /** Version of the record. null when a program wrote it that records no identity. */
  readonly version: number | null;
  /** The pid recorded. null unless it is an integer from 1 to 2^31 - 1. */
  readonly pid: number | null;
  /**
   * Start ticks as the owner read them itself, for programs that know no identity. null when none are
   * recorded.
   */
  readonly starttime: number | null;
  readonly recordedAt: RecordTime | null;
  /** 128 random bits in hexadecimal. Each acquisition has its own. */
  readonly nonce: string | null;
  readonly identity: ProcessIdentity | null;
  /** Filesystem of the lock as its owner saw it, by the names of `Filesystem.type`. */
  readonly filesystem: string | null;
  readonly witness: WitnessRecord | null;
  /**
   * The lock's own lifeline, such as `time:1234`, which its owner drops with the lock. It has the form of
   * {@link ProcessIdentity.lifeline}, which is the whole process's. null where the lock has none.
   */
  readonly lifeline: string | null;
  readonly lease: LeaseRecord | null;
  /**
   * True: another process may inherit the witness and the lifeline, and may work on under the lock when the recorded
   * process is dead, so that the death of that process proves nothing.
   */
  readonly handedOver: boolean;
  readonly label: string | null;
  /** null when the record says nothing of it, or holds an identity that does. */
  readonly machine: MachineRecord | null;
  /** What else a record without an identity says. null for a record that holds one. */
  readonly claims: StrangerClaims | null;
  /** What is wrong with the record. null when nothing is. */
  readonly problem: string | null;
}
