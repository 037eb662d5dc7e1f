// What stands under a name, read and renamed through the open directory.
import { readlinkSync } from 'node:fs';
import type { Backend, FileOperations, FileStatus } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { errnoOf, isSystemError } from '../backend/system-error.js';

/** Most readings of a file that is being written. */
const READINGS = 8;

/** A name in a directory that is held open. */
export interface DirectoryEntry {
  readonly backend: Backend;
  /** Descriptor of the directory. */
  readonly parent: Descriptor;
  readonly name: string;
  /** The entry's path, absolute. */
  readonly path: string;
}

/**
 * Reads a file that may be written at the same time. A mixture of the old and the new content must not be taken for a
 * record, so it is read again when it has changed meanwhile.
 */
export function readAtRest(
  files: FileOperations,
  descriptor: Descriptor,
  limit: number,
): [status: FileStatus, bytes: Buffer] {
  for (let attempt = 1; ; attempt += 1) {
    const status = files.statDescriptor(descriptor);
    const bytes = files.read(descriptor, limit);
    if (attempt === READINGS || isSameState(files.statDescriptor(descriptor), status)) return [status, bytes];
  }
}

/**
 * Gives a file that was renamed to `aside` its name back, unless there is another of that name by now. Then it stays
 * where it is, because only one of the two can have the name, and neither is ours to delete.
 */
export function putBack(entry: DirectoryEntry, aside: string): void {
  const { files } = entry.backend;
  const { parent, name } = entry;
  const ways = [
    () => files.renameNoReplaceAt(parent, aside, parent, name),
    // Plain Node and some filesystems have no rename that replaces nothing.
    () => {
      files.linkAt(parent, aside, name);
      files.unlinkAt(parent, aside);
    },
    // FAT has no links, a directory can have none, and the kernel may refuse one to another user's file
    // (fs.protected_hardlinks). A file that appears after the check would be replaced.
    () => {
      if (statEntry(entry) === null) files.renameAt(parent, aside, parent, name);
    },
  ];
  for (const giveBack of ways) {
    try {
      giveBack();
      return;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === 'EEXIST' || error.code === 'ENOENT') return;
    }
  }
}

/**
 * True when the file or link seems unchanged. While a file is open, no other file gets its inode number. A link
 * is not open, so another link may get its number, but hardly with the same mtime.
 */
export function isSameState(a: FileStatus, b: FileStatus): boolean {
  return (
    a.kind === b.kind &&
    a.device === b.device &&
    a.inode === b.inode &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs
  );
}

export function statEntry({ backend, parent, name }: DirectoryEntry): FileStatus | null {
  try {
    return backend.files.statAt(parent, name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * The target of a symbolic link, as latin1. Node has no readlinkat(2), but /proc/self/fd/N is the open
 * directory itself and not a path to it (proc_pid_fd(5)), and readlink(2) follows nothing after it. Without
 * /proc only the path is left. null when it is no link any more, or when there is no /proc in spite of the
 * backend.
 */
export function readLink({ backend, parent, name, path }: DirectoryEntry): string | null {
  try {
    const exact = backend.actsOnOpenDirectory ? `/proc/self/fd/${parent}/${name}` : path;
    return readlinkSync(exact, 'buffer').toString('latin1');
  } catch {
    return null;
  }
}

/** null when the file is gone. @throws ELOOP, ENXIO where a link or a socket took its place a moment ago. */
export function openIfThere({ backend, parent, name }: DirectoryEntry): Descriptor | null {
  try {
    return backend.files.openAt(parent, name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
