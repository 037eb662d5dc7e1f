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
import { errnoOf, isGone, isShortage, isSystemError } from '../backend/system-error.js';
import { LockPath, withLockPath } from '../lock/protocol/lock-path.js';
import {
  type DirectoryRecord,
  formatDirectoryRecord,
  newDirectoryRecord,
  readDirectoryRecord,
} from './directory-record.js';
import { guardPathOf } from './guard.js';
import { KernelMade } from './kernel-made.js';
import { startPlaceWatch } from './kernel-watch.js';
import { Making } from './making.js';
import type { Made, Place, PlaceWatch, Seen } from './place.js';
import { ageOf } from './seen-silence.js';
import type { Steps } from './steps.js';

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
    const { backend, parent, name, path } = this.#lockPath;
    const making = new Making(staleMs);
    const made = withLockPath(path, () => {
      try {
        return backend.files.createDirectoryAt(parent, name);
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') return null;
        throw error;
      }
    });
    if (made === null) return null;
    let isOwn = false;
    try {
      // A mark on the directory of another would make it look dead.
      isOwn = making.isOwn(() => backend.files.statFresh(made.descriptor).mtimeMs);
      const { type } = backend.files.filesystem(made.descriptor);
      if (isOwn && mark(this.#lockPath, made, type)) return new KernelMade(this.#lockPath, made, type);
      backend.files.close(made.descriptor);
      return null;
    } catch (error) {
      if (isOwn) backend.files.rmdirIfAt(parent, name, made.descriptor);
      backend.files.close(made.descriptor);
      throw error;
    }
  }

  *look(beatMs: number): Steps<KernelSeen | null> {
    return withLockPath(this.path, () => KernelSeen.open(this.#lockPath, beatMs));
  }

  *remove(seen: Seen): Steps<boolean> {
    const { backend, parent, name, path } = this.#lockPath;
    const { directory, status } = seen as KernelSeen;
    try {
      withLockPath(path, () => {
        if (directory !== null) backend.files.rmdirIfAt(parent, name, directory);
        else if (isUntouched(backend.files.statAt(parent, name), status)) backend.files.rmdirAt(parent, name);
      });
      return true;
    } catch (error) {
      if (isGone(error)) return true;
      const code = errnoOf(error);
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
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
 * Locks a byte of the new directory, and then writes into an attribute which one. Until that is done the directory is like
 * one of proper-lockfile, which is nobody's to take before its time is old. It stays so where the kernel cannot help.
 *
 * A process that stood still after its mkdir(2) may have opened the directory of another, whose `stale` is shorter than its
 * own. The other's lock then says so, or its record, or the path. Each locks its byte before it asks for locks, so that of
 * two at the same moment one sees the other, also where no record is kept.
 * @param type of the file system.
 * @returns false when it is another's, which stays as it is.
 * @throws EMFILE, ENFILE, ENOMEM or ENOLCK where descriptors or memory have run out.
 */
function mark({ backend, parent, name }: LockPath, made: OpenDirectory, type: string): boolean {
  const { directoryWitness, files } = backend;
  const { descriptor, device, inode } = made;
  if (directoryWitness === null || !traitsOf(type).testableWitness) return true;
  const record = newDirectoryRecord(backend, made);
  try {
    directoryWitness.take(descriptor, record.offset);
    if (backend.witness.testAnyLock(descriptor, type) === 'held') return false;
    // A sandbox (gVisor) may grant a lock that others do not see, so a second file description tests it.
    const other = files.openAt(parent, name);
    const test = directoryWitness.test(other, record.offset);
    files.close(other);
    if (test === 'held') directoryWitness.writeRecord(descriptor, formatDirectoryRecord(record));
  } catch (error) {
    // Only the first record is written (XATTR_CREATE).
    if (errnoOf(error) === 'EEXIST') return false;
    if (!isSystemError(error) || isShortage(error)) throw error;
  }
  try {
    // From here on the byte keeps others from removing it, so one that still stands at the path will stay there.
    return files.isStillAt(parent, name, descriptor, device, inode);
  } catch (error) {
    if (isGone(error)) return false;
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
    const code = errnoOf(error);
    if (code === 'ENOTDIR' || code === 'ELOOP' || code === 'EACCES') return null;
    throw error;
  }
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
