import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend, FileOperations, OpenFile } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isSystemError } from '../backend/system-error.js';
import type { OwnerRecord } from './owner-record.js';
import { type ParsedOwnerFile, parseOwnerFile } from './parse.js';

/** The one file of a lock directory in which its owner stands. */
export const OWNER_FILE = 'owner.json';

/** An owner.json larger than this is not one. */
const MAX_OWNER_FILE = 64 * 1024;

/** The file that a record was read from, still open. */
export type OwnerFile = OpenFile;

/**
 * Opens the owner.json of an open lock directory: what it says, or what stands in its place. The descriptor is the
 * caller's to close then. null: there is none.
 */
export function openOwnerFile(
  files: FileOperations,
  directory: Descriptor,
): { readonly file: OwnerFile; readonly parsed: ParsedOwnerFile } | string | null {
  const opened = files.openText(directory, OWNER_FILE, MAX_OWNER_FILE);
  if (opened === null) return null;
  const { descriptor, status, text } = opened;
  let keep = false;
  try {
    if (text === null) return status.kind === 'file' ? `file of ${status.size} bytes` : status.kind;
    const parsed = parseOnce(text, status.mtimeMs);
    if (parsed.kind === 'foreign') return 'file that no lock wrote';
    keep = true;
    return { file: opened, parsed };
  } finally {
    if (!keep) files.close(descriptor);
  }
}

let last: { readonly text: string; readonly mtimeMs: number; readonly parsed: ParsedOwnerFile } | undefined;

/** Whoever polls a lock reads the same record again and again; it is frozen, so one will do. */
function parseOnce(text: string, mtimeMs: number): ParsedOwnerFile {
  if (last?.text !== text || last.mtimeMs !== mtimeMs) {
    last = { text, mtimeMs, parsed: parseOwnerFile(text, mtimeMs) };
  }
  return last.parsed;
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
  const opened: Descriptor[] = [];
  try {
    return use(findOwnerFileOf(files, path, record, opened));
  } finally {
    for (const descriptor of opened) files.close(descriptor);
  }
}

function findOwnerFileOf(
  files: FileOperations,
  path: string | URL,
  record: OwnerRecord,
  opened: Descriptor[],
): OwnerFile | null {
  const directory = resolve(path instanceof URL ? fileURLToPath(path) : path);
  if (record.nonce === null) return null;
  try {
    const parent = files.openParent(directory);
    opened.push(parent);
    const read = openOwnerFile(files, parent);
    if (read === null || typeof read === 'string') return null;
    opened.push(read.file.descriptor);
    return read.parsed.kind === 'record' && read.parsed.record.nonce === record.nonce ? read.file : null;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
