import { dirname, join } from 'node:path';
import type { Backend, FileStatus } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isSeenLocked } from '../backend/directory-locks.js';
import { errnoOf } from '../backend/system-error.js';
import { type JudgeOptions, judgeRecord } from '../judge/judge.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerFile } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { type DirectoryContent, lockAround, readDirectory } from './directory-content.js';
import {
  type DirectoryEntry,
  isSameState,
  openIfThere,
  putBack,
  readAtRest,
  readLink,
  statEntry,
} from './directory-entry.js';
import type { ForeignRecord, NotRecognised, SharedMemory } from './format.js';
import { namesNobody } from './names-nobody.js';
import { POSTMASTER_PID } from './postmaster.js';
import { isDirectoryName, recognise, recogniseHead } from './recognise.js';
import { attachedTo } from './shared-memory.js';
import { siblingsOf } from './sibling-locks.js';

/** Bytes. A larger file is no lock. */
const MAX_FILE = 64 * 1024;

type Removal = 'removed' | 'gone' | 'changed';

/**
 * A lock of another program: a regular file or a directory, which are held open, or a symbolic link. A directory with an
 * owner.json is none of them.
 */
export class ForeignLock {
  /** What the lock says, or what stands there instead of a lock. */
  readonly found: ForeignRecord | NotRecognised;
  /** The status when it was read. */
  readonly status: FileStatus;
  readonly #entry: DirectoryEntry;
  /** Bytes of the file, or of the link's target, as latin1. */
  readonly #content: string;
  /**
   * The file, or the only one in a directory. null for a symbolic link, and for what is never opened because it is no lock.
   */
  readonly #file: OwnerFile | null;
  /** null for everything but a directory. */
  readonly #directory: DirectoryContent | null;

  /** Call {@link openForeign} or {@link openForeignDirectory} instead. */
  constructor(
    entry: DirectoryEntry,
    status: FileStatus,
    found: ForeignRecord | NotRecognised,
    content = '',
    file: OwnerFile | null = null,
    directory: DirectoryContent | null = null,
  ) {
    this.#entry = entry;
    this.status = status;
    this.found = found;
    this.#content = content;
    this.#file = file;
    this.#directory = directory;
  }

  /** Judges whether the owner of a lock that was recognised is alive. */
  judge(found: ForeignRecord, options: JudgeOptions): Verdict {
    const siblings = siblingsOf(this.#entry.parent, this.#entry.name);
    const verdict = judgeRecord(found.record, { owner: this.#file, directory: null, siblings }, options);
    const sharedMemory = verdict.state === 'dead' ? this.#sharedMemoryOf(found) : null;
    const attached = sharedMemory === null ? null : attachedTo(sharedMemory);
    if (sharedMemory === null || attached === null) return verdict;
    // A server's children may outlive it, and then work on the data that its successor would take. The
    // successor finds their memory by this file; PostgreSQL itself refuses to start then.
    const inUse = attached > 0;
    const memory = {
      check: 'shared-memory',
      recorded: `key ${sharedMemory.key}, id ${sharedMemory.id}`,
      observed: `${attached} processes attached`,
      finding: inUse ? ('alive' as const) : ('none' as const),
    };
    const evidence = [...verdict.evidence, memory];
    return inUse
      ? { state: 'alive', certainty: 'assumed', reason: 'legacy-memory-in-use', evidence }
      : { ...verdict, evidence };
  }

  /** The lock beside a socket of PostgreSQL leads to the file of the same server that says which memory it has. */
  #sharedMemoryOf({ sharedMemory, dataDirectory, record }: ForeignRecord): SharedMemory | null {
    if (dataDirectory === null) return sharedMemory;
    const server = openIn(this.#entry.backend, dataDirectory, POSTMASTER_PID);
    if (server === null) return null;
    const { found } = server;
    server.close();
    return typeof found !== 'string' && found.record.pid === record.pid ? found.sharedMemory : null;
  }

  /** The record in it. null where there is none. */
  get owner(): OwnerRecord | null {
    return typeof this.found === 'string' ? null : this.found.record;
  }

  /** Tells the file or link from any other at the same path, and from the same one with other content. */
  get signature(): string {
    return `${this.status.inode} ${this.#content}`;
  }

  /** True for a regular file that names no owner: see {@link namesNobody}. */
  get namesNobody(): boolean {
    return (
      this.#file !== null &&
      this.#directory === null &&
      this.#content.length <= MAX_FILE &&
      namesNobody(this.#content)
    );
  }

  /** Whether a process is known to have a file lock on it: see {@link isSeenLocked}. */
  isLocked(): boolean {
    return this.#file !== null && isSeenLocked(this.#entry.backend, this.#file.descriptor);
  }

  /**
   * Deletes what was judged, if it still stands there as it was and no process has a file lock on it.
   *
   * No system call unlinks a name only if it leads to a given file. So the file is renamed first, and compared
   * under its new name, which nobody else uses. What is found to be another file by then was put there in the
   * microseconds between the check and the rename. It gets its name back at once, unless yet another program has
   * taken the lock in the microseconds in which the name was free: that one's file is never replaced. Call this only
   * while no other process of this package can do the same.
   * @param aside a name in the same directory that only this call uses.
   * @param isForced deletes it also if a process has a file lock on it.
   */
  remove(aside: string, isForced = false): Removal {
    const { backend, parent, name } = this.#entry;
    const { files } = backend;
    const before = this.#stateAt(name);
    if (before !== 'judged') return before;
    if (this.#directory !== null) {
      return !isForced && this.isLocked() ? 'changed' : this.#removeDirectory(this.#directory);
    }
    // rename(2) replaces a file only by a file. So it cannot move a directory, which would be that of a live lock.
    files.close(files.createAt(parent, aside).descriptor);
    try {
      files.renameAt(parent, name, parent, aside);
    } catch (error) {
      files.unlinkAt(parent, aside);
      if (errnoOf(error) === 'ENOENT') return 'gone';
      if (errnoOf(error) === 'ENOTDIR') return 'changed';
      throw error;
    }
    // A program that opened the file before the rename may have locked it since.
    if (this.#stateAt(aside) !== 'judged' || (!isForced && this.isLocked())) {
      putBack(this.#entry, aside);
      return 'changed';
    }
    try {
      files.unlinkAt(parent, aside);
      return 'removed';
    } catch (error) {
      // A sweep gave it its name back, because this process was stopped for long.
      if (errnoOf(error) === 'ENOENT') return 'changed';
      throw error;
    }
  }

  #stateAt(name: string): 'judged' | 'changed' | 'gone' {
    const { backend, parent, path } = this.#entry;
    const entry = { backend, parent, name, path: join(dirname(path), name) };
    const status = statEntry(entry);
    if (status === null) return 'gone';
    return isSameState(status, this.status) && this.#readAgain(entry) === this.#content
      ? 'judged'
      : 'changed';
  }

  /**
   * Deletes a directory with the files that were judged with it. Nobody can make another one in its place before it is
   * gone, because its name is taken until then.
   */
  #removeDirectory({ descriptor, entries }: DirectoryContent): Removal {
    const { backend, parent, name } = this.#entry;
    try {
      for (const entry of entries) backend.files.unlinkAt(descriptor, entry);
      backend.files.rmdirIfAt(parent, name, descriptor);
      return 'removed';
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return 'gone';
      throw error;
    }
  }

  close(): void {
    const { files } = this.#entry.backend;
    if (this.#file !== null) files.close(this.#file.descriptor);
    if (this.#directory !== null) files.close(this.#directory.descriptor);
  }

  /**
   * Reads the content again, because a second write within one tick of the kernel's clock can leave mtime and
   * size as they are.
   */
  #readAgain(entry: DirectoryEntry): string | null {
    if (this.#directory !== null) return this.#directory.readAgain();
    if (this.#file === null) return readLink(entry);
    return this.#entry.backend.files.read(this.#file.descriptor, MAX_FILE + 1).toString('latin1');
  }
}

/**
 * Reads what stands under a name. Call {@link ForeignLock.close} when done.
 * @returns null when nothing stands there any more; `directory` for a directory: see {@link openForeignDirectory}.
 */
export function openForeign(entry: DirectoryEntry): ForeignLock | 'directory' | null {
  const status = statEntry(entry);
  switch (status?.kind) {
    case undefined:
      return null;
    case 'directory':
      return 'directory';
    case 'symlink':
      return openLink(entry, status);
    case 'file':
      return openFile(entry);
    case 'other':
      // These are never opened, because that alone rewinds a tape and starts a watchdog.
      return new ForeignLock(entry, status, 'a FIFO, a socket or a device');
  }
}

/** Reads a directory that other programs use as a lock. null when it is of no such format, or is gone. */
export function openForeignDirectory(entry: DirectoryEntry): ForeignLock | null {
  if (!isDirectoryName(entry.name)) return null;
  const directory = readDirectory(entry);
  if (directory === null) return null;
  const { status, file, entries, bytes } = directory;
  const text = bytes.toString('utf8');
  const { mtimeMs } = file?.status ?? status;
  const found = recognise({ kind: 'directory', name: entry.name, text, bytes, entries, mtimeMs });
  const lock = new ForeignLock(entry, status, found, directory.content, file, directory);
  if (typeof found !== 'string') return lock;
  lock.close();
  return null;
}

function openLink(entry: DirectoryEntry, status: FileStatus): ForeignLock {
  const content = readLink(entry);
  if (content === null) return new ForeignLock(entry, status, 'a symbolic link that cannot be read');
  const bytes = Buffer.from(content, 'latin1');
  const { mtimeMs } = status;
  const text = bytes.toString('utf8');
  const found = recognise({ kind: 'link', name: entry.name, text, bytes, entries: [], mtimeMs });
  return new ForeignLock(entry, status, found, content);
}

function openFile(entry: DirectoryEntry): ForeignLock | null {
  const { files } = entry.backend;
  const descriptor = openIfThere(entry);
  if (descriptor === null) return null;
  try {
    // One byte more than a lock may have shows that it is too large. Its size does not, because a file can
    // grow, and the files in /proc have none.
    const [status, bytes] = readAtRest(files, descriptor, MAX_FILE + 1);
    const found = readFile(entry, bytes, status.mtimeMs);
    const file = { descriptor, status, filesystem: files.filesystem(descriptor) };
    return new ForeignLock(entry, status, found, bytes.toString('latin1'), file);
  } catch (error) {
    files.close(descriptor);
    // On Windows the portable backend keeps no file open, so the file can be deleted before it is read.
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function readFile(entry: DirectoryEntry, bytes: Buffer, mtimeMs: number): ForeignRecord | NotRecognised {
  const { backend, name, path } = entry;
  const lock = lockAround(backend.files, entry.parent, path);
  if (lock !== null) return `the file in the lock directory ${lock}: the directory is the lock`;
  const source = { kind: 'file', name, text: bytes.toString('utf8'), bytes, entries: [], mtimeMs } as const;
  if (bytes.length <= MAX_FILE) return recognise(source);
  return recogniseHead(source) ?? `a file of more than ${MAX_FILE} bytes, too large for a lock`;
}

/** Reads a file in another directory. null when it cannot be read. The caller closes it. */
function openIn(backend: Backend, directory: string, name: string): ForeignLock | null {
  let parent: Descriptor | null = null;
  try {
    parent = backend.files.openParent(directory);
    const lock = openForeign({ backend, parent, name, path: join(directory, name) });
    return lock === 'directory' ? null : lock;
  } catch {
    return null;
  } finally {
    if (parent !== null) backend.files.close(parent);
  }
}
