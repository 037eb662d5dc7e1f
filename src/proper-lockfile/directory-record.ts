// What the owner writes into the extended attribute of its directory. It names the byte by which the kernel shows that the
// owner lives, and the directory for which it was written, because cp -a copies attributes.
//
// It is one line of numbers in base 36, because an attribute of at most 56 bytes finds room in an inode of ext4 (256 bytes).
// A longer one takes a block of its own, and then the removal of the directory takes four times as long.
import type { Backend, FileStatus } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isSystemError } from '../backend/system-error.js';
import { newNonce } from '../lock/protocol/nonce.js';
import { ownOffset } from '../lock/protocol/own-lifeline.js';
import type { Holder } from './place.js';

export interface DirectoryRecord extends Holder {
  /** Offset of the byte that the owner has locked, decimal, below 2^62. */
  readonly offset: string;
  /** st_dev and st_ino of the directory, decimal. */
  readonly device: string;
  readonly inode: string;
  /** Inode of the owner's PID namespace, decimal, in which `pid` is its number. null where it is not known. */
  readonly pidNamespace: string | null;
}

/** What a record of this form begins with. One that begins otherwise is of another version, and is not read. */
const VERSION = '1';
const RADIX = 36;
/** The version, the numbers in their order, and the namespace, which may be unknown. */
const RECORD =
  /^1 ([0-9a-z]{1,7}) ([0-9a-z]{1,9}) ([0-9a-z]{1,12}) ([0-9a-z]{1,13}) ([0-9a-z]{1,13}) ([0-9a-z]{1,13}|-)$/;

export function newDirectoryRecord(
  backend: Backend,
  { device, inode }: Pick<FileStatus, 'device' | 'inode'>,
): DirectoryRecord {
  return {
    pid: process.pid,
    acquiredAtMs: Date.now(),
    offset: ownOffset(newNonce(), { inode }),
    device,
    inode,
    pidNamespace: ownPidNamespace(backend),
  };
}

let known: string | null | undefined;

/** It is read once, because a process never changes its PID namespace. */
export function ownPidNamespace({ processes }: Backend): string | null {
  known ??= processes.pidNamespace()?.inode ?? null;
  return known;
}

export function formatDirectoryRecord(record: DirectoryRecord): string {
  const { pid, acquiredAtMs, offset, device, inode, pidNamespace } = record;
  const numbers = [pid, acquiredAtMs, offset, device, inode].map((number) => BigInt(number).toString(RADIX));
  return [VERSION, ...numbers, pidNamespace === null ? '-' : BigInt(pidNamespace).toString(RADIX)].join(' ');
}

/** null for a directory without a record, and for one that cannot be read: then only the directory's time counts. */
export function readDirectoryRecord(backend: Backend, directory: Descriptor): DirectoryRecord | null {
  try {
    const text = backend.directoryWitness?.readRecord(directory) ?? null;
    return text === null ? null : parseDirectoryRecord(text);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

export function parseDirectoryRecord(text: string): DirectoryRecord | null {
  const [, pid, acquiredAtMs, offset, device, inode, pidNamespace] = RECORD.exec(text) ?? [];
  if (!pid || !acquiredAtMs || !offset || !device || !inode || !pidNamespace) return null;
  const record = {
    pid: Number.parseInt(pid, RADIX),
    acquiredAtMs: Number.parseInt(acquiredAtMs, RADIX),
    offset: decimal(offset),
    device: decimal(device),
    inode: decimal(inode),
    pidNamespace: pidNamespace === '-' ? null : decimal(pidNamespace),
  };
  const isPossible = record.pid > 0 && record.pid < 2 ** 31 && BigInt(record.offset) < 2n ** 62n;
  return isPossible ? record : null;
}

function decimal(digits: string): string {
  let number = 0n;
  for (const digit of digits) number = number * BigInt(RADIX) + BigInt(Number.parseInt(digit, RADIX));
  return number.toString();
}
