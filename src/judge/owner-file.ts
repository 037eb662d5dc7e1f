import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend, FileOperations, FileStatus, Filesystem } from '../backend/backend.js';
import { isSystemError } from '../backend/system-error.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { type ParsedOwnerFile, parseOwnerFile } from '../record/parse.js';
import { filesystemOf } from './filesystems.js';

/** The one file of a lock directory in which its owner stands. */
export const OWNER_FILE = 'owner.json';

/** An owner.json larger than this is not one. */
const MAX_OWNER_FILE = 64 * 1024;

/** The file that a record was read from, still open. */
export interface OwnerFile {
  readonly descriptor: number;
  readonly status: FileStatus;
  readonly filesystem: Filesystem;
}

/** What an open owner.json says, or what it is instead. */
export function readOwnerFile(
  files: FileOperations,
  descriptor: number,
): { readonly file: OwnerFile; readonly parsed: ParsedOwnerFile } | string {
  const status = files.statDescriptor(descriptor);
  if (status.kind !== 'file') return status.kind;
  if (status.size > MAX_OWNER_FILE) return `file of ${status.size} bytes`;
  const parsed = parseOwnerFile(files.read(descriptor, MAX_OWNER_FILE).toString('utf8'), status.mtimeMs);
  if (parsed.kind === 'foreign') return 'file that no lock wrote';
  return { file: { descriptor, status, filesystem: filesystemOf(files, descriptor) }, parsed };
}

/**
 * Runs `use` on the owner.json of the lock directory at `path`, if `record` stands in it: by the nonce, since the inode
 * of a lock that was released is soon that of another one. null: it stands there no longer, or cannot be read.
 */
export function withOwnerFileOf<T>(
  { files }: Backend,
  path: string | URL,
  record: OwnerRecord,
  use: (file: OwnerFile | null) => T,
): T {
  const opened: number[] = [];
  try {
    return use(openOwnerFileOf(files, path, record, opened));
  } finally {
    for (const descriptor of opened) files.close(descriptor);
  }
}

function openOwnerFileOf(
  files: FileOperations,
  path: string | URL,
  record: OwnerRecord,
  opened: number[],
): OwnerFile | null {
  const directory = resolve(path instanceof URL ? fileURLToPath(path) : path);
  if (record.nonce === null) return null;
  try {
    const parent = files.openParent(directory);
    opened.push(parent);
    const descriptor = files.openAt(parent, OWNER_FILE, 'read');
    opened.push(descriptor);
    const read = readOwnerFile(files, descriptor);
    if (typeof read === 'string' || read.parsed.kind !== 'record') return null;
    return read.parsed.record.nonce === record.nonce ? read.file : null;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
