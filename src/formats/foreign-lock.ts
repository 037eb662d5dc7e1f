import { readlinkSync } from 'node:fs';
import type { Backend, FileStatus } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { errnoOf } from '../backend/system-error.js';
import { type JudgeOptions, judgeRecord } from '../judge/judge.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerFile } from '../record/owner-file.js';
import type { ForeignRecord, NotRecognised } from './format.js';
import { recogniseFile, recogniseLink } from './recognise.js';
import { attachedTo } from './shared-memory.js';

/** A larger file is no lock. */
const MAX_FILE = 64 * 1024;

/** A name in a directory that is held open. */
export interface Entry {
  readonly backend: Backend;
  /** Descriptor of the directory. */
  readonly parent: Descriptor;
  readonly name: string;
  /** Of the entry, absolute. */
  readonly path: string;
}

export type Removal = 'removed' | 'gone' | 'changed';

/** What else than a directory stands under a name: a regular file that is held open, a symbolic link, or neither. */
export class ForeignLock {
  /** What it says, or what it is instead of a lock. */
  readonly found: ForeignRecord | NotRecognised;
  readonly #entry: Entry;
  /** As it was when it was read. */
  readonly #status: FileStatus;
  /** Bytes of the file or of the link, as latin1. */
  readonly #content: string;
  /** null: not a regular file, or not opened because it is no lock's. */
  readonly #file: OwnerFile | null;

  private constructor(
    entry: Entry,
    status: FileStatus,
    found: ForeignRecord | NotRecognised,
    content = '',
    file: OwnerFile | null = null,
  ) {
    this.#entry = entry;
    this.#status = status;
    this.found = found;
    this.#content = content;
    this.#file = file;
  }

  /**
   * Reads what stands there. To be closed.
   * @returns null: nothing any more. `directory`: that is for others to read.
   */
  static open(entry: Entry): ForeignLock | 'directory' | null {
    const status = statEntry(entry);
    switch (status?.kind) {
      case undefined:
        return null;
      case 'directory':
        return 'directory';
      case 'symlink':
        return ForeignLock.#openLink(entry, status);
      case 'file':
        return ForeignLock.#openFile(entry);
      case 'other':
        // Never opened: that alone rewinds a tape and starts a watchdog.
        return new ForeignLock(entry, status, 'a FIFO, a socket or a device');
    }
  }

  static #openLink(entry: Entry, status: FileStatus): ForeignLock {
    const content = readLink(entry);
    if (content === null) return new ForeignLock(entry, status, 'a symbolic link that cannot be read');
    const target = Buffer.from(content, 'latin1').toString('utf8');
    return new ForeignLock(entry, status, recogniseLink(entry.name, target, status.mtimeMs), content);
  }

  static #openFile(entry: Entry): ForeignLock | null {
    const { files } = entry.backend;
    const descriptor = openIfThere(entry);
    if (descriptor === null) return null;
    try {
      const status = files.statDescriptor(descriptor);
      // One more than a lock may have: the size does not tell, for a file can grow, and those in /proc have none.
      const bytes = files.read(descriptor, MAX_FILE + 1);
      const found =
        bytes.length > MAX_FILE
          ? `a file of more than ${MAX_FILE} bytes, too large for a lock`
          : recogniseFile(entry.name, bytes.toString('utf8'), status.mtimeMs);
      const file = { descriptor, status, filesystem: files.filesystem(descriptor) };
      return new ForeignLock(entry, status, found, bytes.toString('latin1'), file);
    } catch (error) {
      files.close(descriptor);
      // Where nothing can be held open (Windows), it can be taken away before it was read.
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** Is the owner alive? Only of what was recognised. */
  judge({ record, sharedMemory }: ForeignRecord, options: JudgeOptions): Verdict {
    const verdict = judgeRecord(record, this.#file, options);
    const attached = verdict.state === 'dead' && sharedMemory !== null ? attachedTo(sharedMemory) : null;
    if (sharedMemory === null || attached === null) return verdict;
    // A server's children may outlive it. Its successor finds their memory by what stands in the file, and would
    // otherwise work on the same data: PostgreSQL itself refuses to start then.
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

  /**
   * Deletes what was judged, if it still stands there as it was.
   *
   * No system call unlinks a name only if it leads to a given file. So between the look below and unlink(2), some
   * microseconds, a program that takes the lock at this very moment can put its own file under the name or write into
   * this one, and lose it. It cannot lose one that it created with O_EXCL: that fails as long as the old file is
   * there. A rename to another name first would not help: whoever looks meanwhile finds the lock free.
   */
  remove(): Removal {
    const standing = statEntry(this.#entry);
    if (standing === null) return 'gone';
    if (!isSameState(standing, this.#status) || this.#readAgain() !== this.#content) return 'changed';
    try {
      this.#entry.backend.files.unlinkAt(this.#entry.parent, this.#entry.name);
      return 'removed';
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return 'gone';
      throw error;
    }
  }

  close(): void {
    if (this.#file !== null) this.#entry.backend.files.close(this.#file.descriptor);
  }

  /** mtime and size do not tell a second write within one tick of the kernel's clock. */
  #readAgain(): string | null {
    if (this.#file === null) return readLink(this.#entry);
    return this.#entry.backend.files.read(this.#file.descriptor, MAX_FILE + 1).toString('latin1');
  }
}

/** The inode number of a file that is open cannot be another file's; that of a link could, but not with its mtime. */
function isSameState(a: FileStatus, b: FileStatus): boolean {
  return (
    a.kind === b.kind &&
    a.device === b.device &&
    a.inode === b.inode &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs
  );
}

function statEntry({ backend, parent, name }: Entry): FileStatus | null {
  try {
    return backend.files.statAt(parent, name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Where a symbolic link leads, as latin1. Node has no readlinkat(2), but /proc/self/fd/N is the open directory itself
 * and not a path to it (proc_pid_fd(5)), and readlink(2) follows nothing after it. Where there is no /proc, only
 * the path is left. null: no link any more, or no /proc in spite of the backend.
 */
function readLink({ backend, parent, name, path }: Entry): string | null {
  try {
    const exact = backend.actsOnOpenDirectory ? `/proc/self/fd/${parent}/${name}` : path;
    return readlinkSync(exact, 'buffer').toString('latin1');
  } catch {
    return null;
  }
}

/** null: it is gone. @throws ELOOP, ENXIO where a link or a socket took its place a moment ago. */
function openIfThere({ backend, parent, name }: Entry): Descriptor | null {
  try {
    return backend.files.openAt(parent, name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
