// What the owner writes into the extended attribute of its directory. It names the byte by which the kernel shows that the
// owner lives, and the directory for which it was written, because cp -a copies attributes.
import { hostname } from 'node:os';
import type { Backend, FileStatus } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isSystemError } from '../backend/system-error.js';
import { newNonce } from '../lock/protocol/nonce.js';
import { ownOffset } from '../lock/protocol/own-lifeline.js';
import { Fields } from '../text/json-fields.js';
import type { Holder } from './place.js';

export interface DirectoryRecord extends Holder {
  /** Offset of the byte that the owner has locked, decimal, below 2^62. */
  readonly offset: string;
  /** st_dev and st_ino of the directory, decimal. */
  readonly device: string;
  readonly inode: string;
  /** Inode of the owner's PID namespace, in which `pid` is its number. null where it is not known. */
  readonly pidNamespace: string | null;
}

const VERSION = 1;

export function newDirectoryRecord(
  backend: Backend,
  { device, inode }: Pick<FileStatus, 'device' | 'inode'>,
): DirectoryRecord {
  return {
    pid: process.pid,
    hostname: hostname(),
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
  return JSON.stringify({ version: VERSION, ...record });
}

/** null for a directory without a record, and for one that cannot be read: then only the directory's time counts. */
export function readDirectoryRecord(backend: Backend, directory: Descriptor): DirectoryRecord | null {
  try {
    const text = backend.directoryWitness?.readRecord(directory) ?? null;
    return text === null ? null : parse(text);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function parse(text: string): DirectoryRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Fields(value);
  const [version, pid, host, acquiredAtMs] = ['version', 'pid', 'hostname', 'acquiredAtMs'].map((name) =>
    fields.get(name),
  );
  const [offset, device, inode, pidNamespace] = ['offset', 'device', 'inode', 'pidNamespace'].map((name) =>
    fields.get(name),
  );
  if (version !== VERSION || !isPid(pid) || typeof host !== 'string' || typeof acquiredAtMs !== 'number')
    return null;
  if (!isDecimal(offset) || BigInt(offset) >> 62n !== 0n || !isDecimal(device) || !isDecimal(inode))
    return null;
  if (pidNamespace !== null && !isDecimal(pidNamespace)) return null;
  return { pid, hostname: host, acquiredAtMs, offset, device, inode, pidNamespace };
}

function isPid(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31;
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
