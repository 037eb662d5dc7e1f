import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import type { FileStatus } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { isShortage, isSystemError, systemError } from '../system-error.js';

/** The three numbers by which /proc/locks names a file. */
export interface LockedFile {
  readonly major: bigint;
  readonly minor: bigint;
  readonly inode: bigint;
}

export interface LockTable {
  readonly text: string;
  /** False when locks that were held all the time may be missing from the text. */
  readonly complete: boolean;
  /** False when the list goes on beyond the text. */
  readonly ended: boolean;
}

const LOCKS = '/proc/locks';

/** Bytes. A read ends where the kernel ends it, mostly after a page. */
const READ_SIZE = 64 * 1024;

/** Bytes. seq_file collects records in one page and answers a read with those that fit. 4 KiB is the smallest page. */
const PAGE_SIZE = 4096;

/** Bytes. We assume that no record is longer: a lock for which about fifteen processes wait has this length. */
const LONGEST_RECORD = 1024;

/**
 * Reads /proc/locks. The kernel lets no lock come or go during one read(2) (proc_locks(5),
 * locks_start in fs/locks.c). A list that takes several reads is put together from several moments, by position. Locks
 * taken or dropped in between shift the others, so a lock that was held throughout can be in no part of it. Each lock
 * that is listed was held at one of those moments: presence can be trusted, absence only in a list that is complete.
 * @param most bytes; what lies beyond is not read.
 */
export function readLockTable(most = READ_SIZE): LockTable {
  const fd = openSync(LOCKS, constants.O_RDONLY);
  try {
    let buffer = Buffer.allocUnsafe(READ_SIZE);
    const first = readSync(fd, buffer, 0, READ_SIZE, null);
    let length = first;
    let more = first;
    while (more > 0 && length < most) {
      if (length === buffer.length) buffer = Buffer.concat([buffer], 2 * length);
      more = readSync(fd, buffer, length, buffer.length - length, null);
      length += more;
    }
    return {
      text: buffer.toString('latin1', 0, length),
      ended: more === 0,
      // An empty second read is not enough for a complete list, because the record that did not fit into the
      // first may be gone by the second. The first must also have had room for one more record.
      complete: length === first && length <= PAGE_SIZE - LONGEST_RECORD,
    };
  } finally {
    closeSync(fd);
  }
}

/** A byte-range lock that a process holds: a classic one (`POSIX`) or one of an open file description (`OFDLCK`). */
export interface ListedLock {
  readonly kind: 'POSIX' | 'OFDLCK';
  readonly access: 'READ' | 'WRITE';
  /** First byte, decimal. */
  readonly start: string;
  /** Last byte, decimal; `EOF`: the lock has no end. */
  readonly end: string;
}

// 7: OFDLCK ADVISORY  WRITE -1 fe:00:2146423 0 EOF
// A waiter has `->` between number and kind, and holds nothing. Device numbers are hexadecimal, the inode is decimal.
const LINE =
  /^(?:lock:)?\s*\d+:\s+(-> )?(FLOCK|POSIX|OFDLCK)\s+\S+\s+(READ|WRITE)\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s+(\d+)\s+(\d+|EOF)$/gm;

/** A lock of whatever kind, or a wait for one, with the file and the process that /proc/locks shows for it. */
export interface LockLine {
  readonly kind: ListedLock['kind'] | 'FLOCK';
  readonly access: ListedLock['access'];
  /** True for a process that waits for the lock, and holds nothing. */
  readonly waits: boolean;
  /**
   * The process that took the lock, which may have left it to another. null for a lock of an open file description,
   * and for a process that this PID namespace does not show.
   */
  readonly pid: number | null;
  readonly file: LockedFile;
  readonly start: string;
  readonly end: string;
}

/**
 * The locks in the text of /proc/locks, or in the lines `lock:` of the fdinfo of a descriptor (proc_pid_fdinfo(5)).
 * @param file those on this file alone.
 */
export function lockLinesIn(text: string, file?: LockedFile): LockLine[] {
  const lines: LockLine[] = [];
  for (const [, arrow, kind, access, pid, major, minor, number = '', start = '', end = ''] of text.matchAll(
    LINE,
  )) {
    const inode = BigInt(number);
    if (file !== undefined && inode !== file.inode) continue;
    const found = { major: BigInt(`0x${major}`), minor: BigInt(`0x${minor}`), inode };
    if (file !== undefined && !isSameFile(found, file)) continue;
    lines.push({
      kind: kind as LockLine['kind'],
      access: access as LockLine['access'],
      waits: arrow !== undefined,
      pid: Number(pid) > 0 ? Number(pid) : null,
      file: found,
      start,
      end,
    });
  }
  return lines;
}

/** Lists the byte-range locks on the file that the text of /proc/locks shows. */
export function locksOn(text: string, file: LockedFile): ListedLock[] {
  return lockLinesIn(text, file).flatMap(byteRange);
}

/** The byte-range locks of an open file description, from its fdinfo. */
export function locksIn(fdinfo: string): ListedLock[] {
  return lockLinesIn(fdinfo).flatMap(byteRange);
}

export function isSameFile(a: LockedFile, b: LockedFile): boolean {
  return a.inode === b.inode && a.major === b.major && a.minor === b.minor;
}

/** Nothing for a lock by flock(2), which no lock on bytes excludes, so that it proves nothing about them. */
function byteRange({ kind, access, waits, start, end }: LockLine): ListedLock[] {
  return waits || kind === 'FLOCK' ? [] : [{ kind, access, start, end }];
}

/** {@link locksIn} for a description of this process. Empty where they cannot be read. */
export function locksThrough(fd: Descriptor): ListedLock[] {
  try {
    return locksIn(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

/** Most readings of a list that is too long for one read(2). One that was held throughout can be missing from each. */
const READINGS = 3;
/** Bytes: some 300 000 locks. */
const LONGEST_LIST = 16 * 1024 * 1024;

/**
 * True when /proc/locks lists a lock of whatever kind on the inode of a file or directory, which must be open.
 * @param byDevice false: the device is not compared, because btrfs and overlay show another one there. A lock of a
 * namesake on another filesystem only delays.
 * @throws ENOMEM for a list that is too long to be read whole: nothing is known then.
 */
export function listsAnyLock(file: Pick<FileStatus, 'device' | 'inode'>, byDevice: boolean): boolean {
  try {
    const { major, minor } = splitDevice(BigInt(file.device));
    // Both numbers have two digits at the least (locks_show of fs/locks.c).
    const [high, low] = [major, minor].map((number) => number.toString(16).padStart(2, '0'));
    const device = byDevice ? `${high}:${low}` : '[0-9a-f]+:[0-9a-f]+';
    const lock = new RegExp(`^\\s*\\d+:\\s+[A-Z]\\S+\\s.*\\s${device}:${file.inode}\\s`, 'm');
    for (let reading = 0; reading < READINGS; reading += 1) {
      const { text, complete, ended } = readLockTable(LONGEST_LIST);
      if (lock.test(text)) return true;
      if (!ended) throw systemError('ENOMEM', 'read', { path: LOCKS });
      if (complete) break;
    }
    return false;
  } catch (error) {
    // Nothing was learned where descriptors have run out.
    if (isSystemError(error) && !isShortage(error)) return false;
    throw error;
  }
}

/** Splits a user-space st_dev, in which makedev(3) has put each of the two numbers in two pieces. */
export function splitDevice(device: bigint): { major: bigint; minor: bigint } {
  return {
    major: ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n),
    minor: (device & 0xffn) | ((device >> 12n) & 0xffffff00n),
  };
}
