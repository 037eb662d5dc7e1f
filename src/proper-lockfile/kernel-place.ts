// A place on a file system of this machine, with the addon. The owner holds a lock of the kernel on its directory, so that
// nobody has to guess from the directory's time whether it lives; and a thread of the addon keeps that time fresh, however
// long the event loop is blocked, for those who do guess.
import type { Backend, FileStatus, OpenDirectory } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isSeenLocked } from '../backend/directory-locks.js';
import { isSameFile } from '../backend/file-status.js';
import { traitsOf } from '../backend/filesystem-traits.js';
import { typeOfFile } from '../backend/fuse-type.js';
import { listsAnyLock } from '../backend/procfs/locks.js';
import { errnoOf, isGone, isSystemError } from '../backend/system-error.js';
import { LockPath, withLockPath } from '../lock/protocol/lock-path.js';
import { type DirectoryRecord, readDirectoryRecord } from './directory-record.js';
import { publishDraft } from './draft.js';
import { guardPathOf } from './guard.js';
import { KernelMade } from './kernel-made.js';
import { startPlaceWatch } from './kernel-watch.js';
import { Making } from './making.js';
import type { Made, Place, PlaceWatch, Seen } from './place.js';
import { ageOf } from './seen-silence.js';
import type { Steps } from './steps.js';
import { sweepDrafts } from './sweep-drafts.js';

export class KernelPlace implements Place {
  readonly pollMs = 20;
  readonly #lockPath: LockPath;

  constructor(lockPath: LockPath) {
    this.#lockPath = lockPath;
  }

  /** @throws ENOENT and other system errors of the parent directory. */
  static open(path: string): KernelPlace {
    return new KernelPlace(LockPath.open(path));
  }

  get path(): string {
    return this.#lockPath.path;
  }

  *make(staleMs: number): Steps<Made | null> {
    return withLockPath(this.path, () => {
      const { backend, parent } = this.#lockPath;
      if (!isFree(this.#lockPath)) return null;
      if (traitsOf(backend.files.filesystem(parent).type).testableWitness) {
        sweepDrafts(this.#lockPath);
        const made = publishDraft(this.#lockPath, staleMs);
        if (made !== 'refused') return made;
      }
      return makeInPlace(this.#lockPath, staleMs);
    });
  }

  *look(beatMs: number): Steps<KernelSeen | null> {
    return withLockPath(this.path, () => KernelSeen.open(this.#lockPath, beatMs));
  }

  *remove(seen: Seen): Steps<boolean> {
    const { backend, parent, name, path } = this.#lockPath;
    const { directory, status } = seen as KernelSeen;
    try {
      return withLockPath(path, () => {
        const { files } = backend;
        const isThere =
          directory === null
            ? isUntouched(files.statAt(parent, name), status)
            : files.isAt(parent, name, directory);
        // Its owner may have released it since, and so its byte. Then it is not this process that removes it.
        if (!isThere) return false;
        if (directory === null) files.rmdirAt(parent, name);
        else files.rmdirIfAt(parent, name, directory);
        return true;
      });
    } catch (error) {
      const code = errnoOf(error);
      if (isGone(error) || code === 'ENOTEMPTY' || code === 'EEXIST') return false;
      throw error;
    }
  }

  guard(): Place {
    // It has a descriptor of its own, because the guard is closed before the lock.
    return KernelPlace.open(guardPathOf(this.path));
  }

  watch(seen: Seen): PlaceWatch | null {
    const { directory, record } = seen as KernelSeen;
    return directory === null ? null : startPlaceWatch(this.#lockPath.backend, directory, record);
  }

  close(): void {
    this.#lockPath.close();
  }
}

/**
 * False also for a file, and for what this process may not open. It opens what stands there, because {@link LockPath.exists}
 * would make an error of the usual answer, and that takes a seventh of the time of a lock and its release.
 */
function isFree({ backend, parent, name }: LockPath): boolean {
  let found: Descriptor | null;
  try {
    found = backend.files.findDirectoryAt(parent, name);
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
  if (found !== null) backend.files.close(found);
  return found === null;
}

/** Makes a directory that only its time keeps, where the kernel shows no owner or cannot rename without replacing. */
function makeInPlace(lockPath: LockPath, staleMs: number): KernelMade | null {
  const { backend, parent, name } = lockPath;
  const making = new Making(staleMs);
  let made: OpenDirectory | null;
  try {
    made = backend.files.createDirectoryAt(parent, name);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return null;
    throw error;
  }
  if (made === null) return null;
  const isOwn = isOwnAt(lockPath, made, making);
  if (!isOwn) backend.files.close(made.descriptor);
  return isOwn ? new KernelMade(lockPath, made, false) : null;
}

/** Whether the directory is the one that was made, and still stands there. */
function isOwnAt(
  { backend: { files }, parent, name }: LockPath,
  made: OpenDirectory,
  making: Making,
): boolean {
  const { descriptor, device, inode } = made;
  try {
    if (!making.isOwn(() => files.statFresh(descriptor).mtimeMs)) return false;
    return files.isStillAt(parent, name, descriptor, device, inode);
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** What a look finds out of the directory. */
type Judged = Pick<KernelSeen, 'state' | 'ageMs' | 'record'>;

/** A directory as it was at one moment, held open: its inode number goes to no other while it is. */
class KernelSeen implements Seen {
  readonly state: Seen['state'];
  readonly ageMs: number;
  /** null where it is no directory, or one that this process may not read. */
  readonly directory: Descriptor | null;
  readonly status: FileStatus;
  readonly record: DirectoryRecord | null;
  readonly #backend: Backend;

  private constructor(backend: Backend, status: FileStatus, directory: Descriptor | null, judged: Judged) {
    this.#backend = backend;
    this.status = status;
    this.directory = directory;
    this.state = judged.state;
    this.ageMs = judged.ageMs;
    this.record = judged.record;
  }

  /** null when nothing stands there. */
  static open(lockPath: LockPath, beatMs: number): KernelSeen | null {
    const { backend, parent, name } = lockPath;
    let directory: Descriptor | null = null;
    try {
      directory = findReadable(lockPath);
      // The time must not come from what the kernel remembers of a server's file.
      const status =
        directory === null ? backend.files.statAt(parent, name) : backend.files.statFresh(directory);
      return new KernelSeen(backend, status, directory, judge(lockPath, directory, status, beatMs));
    } catch (error) {
      if (directory !== null) backend.files.close(directory);
      if (isGone(error)) return null;
      throw error;
    }
  }

  get key(): string {
    return this.record?.offset ?? `${this.status.device}:${this.status.inode}`;
  }

  get holder(): DirectoryRecord | null {
    return this.record;
  }

  isLocked(): boolean {
    if (this.directory !== null) return isSeenLocked(this.#backend, this.directory);
    // The kernel's list shows the lock on a directory that this user may not open.
    return listsAnyLock(this.status, false);
  }

  close(): void {
    if (this.directory !== null) this.#backend.files.close(this.directory);
  }
}

/** null for a file, a symbolic link, and the directory of a user who keeps others out, as well as for nothing. */
function findReadable({ backend, parent, name }: LockPath): Descriptor | null {
  try {
    return backend.files.findDirectoryAt(parent, name);
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOTDIR' || code === 'ELOOP' || code === 'EACCES';
}

function isUntouched(now: FileStatus, before: FileStatus): boolean {
  return isSameFile(now, before) && now.mtimeMs === before.mtimeMs;
}

function judge(
  { backend, path }: LockPath,
  directory: Descriptor | null,
  status: FileStatus,
  beatMs: number,
): Judged {
  const { device, inode, mtimeMs } = status;
  const ageMs = ageOf(path, `${device}:${inode}:${mtimeMs}`, mtimeMs, beatMs);
  if (status.kind !== 'directory') return { state: 'held', ageMs, record: null };
  const silent: Judged = { state: 'silent', ageMs, record: null };
  if (directory === null) return silent;
  const filesystem = backend.files.filesystem(directory);
  if (!traitsOf(typeOfFile({ filesystem, status })).testableWitness) return silent;
  const record = readDirectoryRecord(backend, directory);
  // A copied directory, or one that is seen through another mount, has the record of another.
  if (record === null || !isSameFile(record, status)) return silent;
  const test = backend.directoryWitness?.test(directory, record.offset);
  return { state: test === 'held' ? 'held' : test === 'free' ? 'dead' : 'silent', ageMs, record };
}
