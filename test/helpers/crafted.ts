import { mkdirSync, readFileSync, statfsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesystemName } from '../../src/backend/procfs/filesystem.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { formatOwnerRecord, type NewOwnerRecord } from '../../src/record/format.js';
import type { WitnessRecord } from '../../src/record/owner-record.js';

/** No process ever has this number: it is the largest pid_max there is, and pids end below that (proc_sys_kernel(5)). */
export const NOBODY = 4_194_304;

/** The record of an older program whose process is gone. */
export const DEAD_OWNER = {
  pid: NOBODY,
  /** Now, because a file that is younger than its record is one that somebody touches. */
  get createdAtMs(): number {
    return Date.now();
  },
};

/**
 * Writes a lock directory, such as an older program leaves: `owner` is the content of owner.json. Returns the
 * path of that file.
 */
export function writeLock(path: string, owner: string | object): string {
  mkdirSync(path, { recursive: true });
  const file = ownerFile(path);
  writeFileSync(file, typeof owner === 'string' ? owner : `${JSON.stringify(owner, null, 2)}\n`);
  return file;
}

/** The same for a record that was written at this time, ms since the epoch: its file is as old. */
export function writeOldLock(path: string, owner: object, writtenMs: number): string {
  const file = writeLock(path, owner);
  utimesSync(file, writtenMs / 1000, writtenMs / 1000);
  return file;
}

/**
 * Writes a lock as this package would have written it for a process with that identity, on the filesystem of
 * `path`.
 */
export function writeLockOf(
  path: string,
  identity: ProcessIdentity,
  changes: Partial<NewOwnerRecord> = {},
): string {
  mkdirSync(path, { recursive: true });
  const record: NewOwnerRecord = {
    starttime: null,
    createdAtMs: Date.now(),
    nonce: '0123456789abcdef0123456789abcdef',
    identity,
    filesystem: filesystemName(statfsSync(path, { bigint: true }).type),
    witness: null,
    lifeline: null,
    lease: null,
    handedOver: false,
    label: undefined,
    ...changes,
  };
  return writeLock(path, formatOwnerRecord(record));
}

/** The witness that an owner records when it took its witness on this very file. */
export function witnessOn(file: string): WitnessRecord {
  const { dev, ino } = statSync(file, { bigint: true });
  const directory = statSync(dirname(file), { bigint: true }).ino.toString();
  return { device: dev.toString(), fsid: null, inode: ino.toString(), directory };
}

/** Returns the content of owner.json, as any reader sees it. */
export function readOwner(path: string): OwnerContent {
  return JSON.parse(readFileSync(ownerFile(path), 'utf8')) as OwnerContent;
}

interface OwnerContent {
  pid: number;
  starttime?: number;
  createdAtMs: number;
  version: number;
  nonce: string;
  identity: ProcessIdentity;
  filesystem: string;
  witness: WitnessRecord | null;
}

/** Changes owner.json in place, as a program would that overwrites it. */
export function editOwner(path: string, change: (owner: OwnerContent) => object): void {
  writeFileSync(ownerFile(path), JSON.stringify(change(readOwner(path))));
}

export function ownerFile(path: string): string {
  return join(path, 'owner.json');
}
