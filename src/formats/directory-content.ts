import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { FileOperations, FileStatus, OpenFile } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isGone, isSystemError } from '../backend/system-error.js';
import type { DirectoryEntry } from './directory-entry.js';
import { isDirectoryOf, isLockDirectory, MAX_ENTRIES } from './recognise.js';

/** Bytes of its only file that are read: more than the name of an owner takes. */
const MAX_OWNER = 4096;

/** A directory and what it holds, as they were read. */
export interface DirectoryContent {
  readonly descriptor: Descriptor;
  readonly status: FileStatus;
  readonly entries: readonly string[];
  /** Its only entry, if that is a regular file, which stays open. */
  readonly file: OpenFile | null;
  /** The content of that file. */
  readonly bytes: Buffer;
  /** Names and content, to be compared with {@link readAgain}. */
  readonly content: string;
  /** null when it cannot be read any more. */
  readonly readAgain: () => string | null;
}

/** @returns null when no directory of that name is there, or when it holds more than a lock does. */
export function readDirectory({ backend, parent, name }: DirectoryEntry): DirectoryContent | null {
  const { files } = backend;
  const descriptor = files.findDirectoryAt(parent, name);
  if (descriptor === null) return null;
  let file: OpenFile | null = null;
  try {
    const status = files.statDescriptor(descriptor);
    const entries = files.list(descriptor, MAX_ENTRIES);
    const only = entries.length === 1 ? (entries[0] as string) : null;
    const isLock = isDirectoryOf(name, entries) && entries.length < MAX_ENTRIES;
    if (!isLock || (only !== null && files.statAt(descriptor, only).kind !== 'file')) {
      files.close(descriptor);
      return null;
    }
    if (only !== null) file = openFile(files, descriptor, only);
    const bytes = file === null ? Buffer.alloc(0) : files.read(file.descriptor, MAX_OWNER);
    const content = contentOf(entries, bytes);
    const readAgain = () => contentAgain(files, descriptor, only, file);
    return { descriptor, status, entries, file, bytes, content, readAgain };
  } catch (error) {
    if (file !== null) files.close(file.descriptor);
    files.close(descriptor);
    // Its owner released it meanwhile.
    if (isGone(error)) return null;
    throw error;
  }
}

function openFile(files: FileOperations, directory: Descriptor, name: string): OpenFile {
  const descriptor = files.openAt(directory, name);
  try {
    return { descriptor, status: files.statDescriptor(descriptor), filesystem: files.filesystem(descriptor) };
  } catch (error) {
    files.close(descriptor);
    throw error;
  }
}

/** null where the only file is another one by now, which is what a program leaves that replaces its record by a rename. */
function contentAgain(
  files: FileOperations,
  descriptor: Descriptor,
  only: string | null,
  file: OpenFile | null,
): string | null {
  try {
    if (only !== null && files.statAt(descriptor, only).inode !== file?.status.inode) return null;
    const bytes = file === null ? Buffer.alloc(0) : files.read(file.descriptor, MAX_OWNER);
    return contentOf(files.list(descriptor, MAX_ENTRIES), bytes);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function contentOf(entries: readonly string[], bytes: Buffer): string {
  return JSON.stringify([[...entries].sort(), bytes.toString('latin1')]);
}

/**
 * The path of the directory around a file, if the two together are a lock of another program. Deleted alone, such a file
 * would leave a lock that is taken, and of which nobody knows whose it is. null when they are none.
 */
export function lockAround(files: FileOperations, parent: Descriptor, path: string): string | null {
  try {
    const directory = realpathSync(dirname(path));
    return isLockDirectory(basename(directory), (limit) => files.list(parent, limit)) ? directory : null;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
