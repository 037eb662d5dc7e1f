import { fileURLToPath } from 'node:url';
import type { Backend, FileOperations, OpenFile, OpenText } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { errnoOf, isGone, isSystemError } from '../backend/system-error.js';
import { rememberLast } from '../remember-last.js';
import type { OwnerRecord } from './owner-record.js';
import { type ParsedOwnerFile, parseOwnerFile } from './parse.js';

/** Name of the file in a lock directory that holds the owner record. */
export const OWNER_FILE = 'owner.json';

/** Bytes. A larger file is no owner.json. */
const MAX_OWNER_FILE = 64 * 1024;

/** What stands in place of an owner.json, in words that follow "a". */
const KIND_NAMES = { directory: 'directory', symlink: 'symbolic link', other: 'special file' } as const;

/** The file that a record was read from, still open. */
export type OwnerFile = OpenFile;

/** Where a record was read. */
export interface RecordSite {
  /** null where the record was read from no file. */
  readonly owner: OwnerFile | null;
  /** The open lock directory. null where the file is in none. */
  readonly directory: Descriptor | null;
  /** Files beside the record's that its program may lock. Left out where no such file is known. */
  readonly siblings?: Siblings;
}

/** Names in an open directory. */
export interface Siblings {
  readonly directory: Descriptor;
  readonly names: readonly string[];
}

export const NOWHERE: RecordSite = Object.freeze({ owner: null, directory: null });

/**
 * Opens and reads the owner.json of an open lock directory. The caller closes the descriptor of the file.
 * @param name the name that the file has at the moment, where it is being taken out of its directory.
 * @returns a text that says what has that name instead, such as `symbolic link`, when it is not a lock's file;
 * null when nothing has it.
 */
export function openOwnerFile(
  files: FileOperations,
  directory: Descriptor,
  name = OWNER_FILE,
): { readonly file: OpenText; readonly parsed: ParsedOwnerFile } | string | null {
  let opened: OpenText | null;
  try {
    opened = files.openText(directory, name, MAX_OWNER_FILE);
  } catch (error) {
    return whyNotOpened(error);
  }
  if (opened === null) return null;
  const { descriptor, status, text } = opened;
  let keep = false;
  try {
    if (text === null)
      return status.kind === 'file' ? `file of ${status.size} bytes` : KIND_NAMES[status.kind];
    const parsed = parseOnce(text, status.mtimeMs);
    if (parsed.kind === 'foreign') return 'file that no lock wrote';
    keep = true;
    return { file: opened, parsed };
  } finally {
    if (!keep) files.close(descriptor);
  }
}

/** Says from the error of opening a name what has that name. Any other error is thrown again. */
function whyNotOpened(error: unknown): string | null {
  // The file can vanish before it is read: on Windows, where the portable backend keeps no file open, or when
  // the server of an NFS or FUSE filesystem forgets it.
  if (isGone(error)) return null;
  const code = errnoOf(error);
  if (code === 'ELOOP') return 'symbolic link';
  if (code === 'ENXIO') return 'socket';
  throw error;
}

/**
 * A program that polls a lock reads the same record again and again. A record is frozen, so it can be the
 * same object each time: parsed anew, an inspection takes 14.6 us instead of 8.2.
 */
const parseOnce = rememberLast(parseOwnerFile);

/**
 * Runs `use` on the owner.json of the lock directory at `path`, if it still holds `record`. The nonce shows
 * that, because the inode of a lock that was released soon belongs to another one. `use` gets {@link NOWHERE} when
 * the file holds another record, or when it cannot be read.
 */
export function withOwnerFileOf<T>(
  { files }: Backend,
  path: string | URL,
  record: OwnerRecord,
  use: (site: RecordSite) => T,
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
): RecordSite {
  if (record.nonce === null) return NOWHERE;
  try {
    const directory = files.openParent(path instanceof URL ? fileURLToPath(path) : path);
    opened.push(directory);
    const read = openOwnerFile(files, directory);
    if (read === null || typeof read === 'string') return NOWHERE;
    const { file, parsed } = read;
    opened.push(file.descriptor);
    const isOfRecord = parsed.kind === 'record' && parsed.record.nonce === record.nonce;
    return isOfRecord ? { owner: file, directory } : NOWHERE;
  } catch (error) {
    if (isSystemError(error)) return NOWHERE;
    throw error;
  }
}
