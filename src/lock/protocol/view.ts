import type { FileStatus } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isSameFile } from '../../backend/file-status.js';
import { errnoOf, isGone, isSystemError } from '../../backend/system-error.js';
import { LockNotEmptyError, NotALockError } from '../../errors.js';
import { type OwnerFile, openOwnerFile } from '../../record/owner-file.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import type { LockPath } from './lock-path.js';
import { isClaimedName, isRetiredName, isShadowName, NEW_OWNER_FILE, OWNER_FILE } from './names.js';

/** Most entries that are read: enough to see that a directory holds data and is no lock. */
const MAX_ENTRIES = 64;
/** Most foreign files that are named: enough for a person to see whose data it is. */
const MAX_FOREIGN_SHOWN = 5;

/**
 * A lock directory and its owner.json as they were at one moment. The open descriptors refer to that
 * directory and that file even when their names change. Call close() when done.
 */
export class LockView {
  readonly lockPath: LockPath;
  /** Descriptor of the lock directory. */
  readonly directory: Descriptor;
  /** owner.json. null when the directory has none. */
  readonly owner: OwnerFile | null;
  /** The content of owner.json. null when there is none, or when it is torn. */
  readonly record: OwnerRecord | null;
  #directoryStatus: FileStatus | undefined;
  #leftovers: readonly string[] | undefined;
  #isKept = false;
  #isOwnerClosed = false;

  private constructor(
    lockPath: LockPath,
    directory: Descriptor,
    owner: OwnerFile | null,
    record: OwnerRecord | null,
  ) {
    this.lockPath = lockPath;
    this.directory = directory;
    this.owner = owner;
    this.record = record;
  }

  /**
   * @returns null when the path does not exist.
   * @throws NotALockError (ERR_NOT_A_LOCK) for a file, a symbolic link, or an owner.json that no lock wrote; an error
   * that {@link isLeased}.
   */
  static open(lockPath: LockPath): LockView | null {
    const directory = openLockDirectory(lockPath);
    if (directory === null) return null;
    const { files } = lockPath.backend;
    try {
      const view = LockView.#read(lockPath, directory);
      if (view.owner !== null || view.directoryStatus().links > 0) return view;
    } catch (error) {
      if (!isGone(error)) {
        files.close(directory);
        throw error;
      }
    }
    files.close(directory);
    return null;
  }

  static #read(lockPath: LockPath, directory: Descriptor): LockView {
    const read = openOwnerFile(lockPath.backend.files, directory);
    if (read === null) return new LockView(lockPath, directory, null, null);
    if (typeof read === 'string') throw foreignOwner(lockPath, read);
    const { file, parsed } = read;
    return new LockView(lockPath, directory, file, parsed.kind === 'record' ? parsed.record : null);
  }

  directoryStatus(): FileStatus {
    this.#directoryStatus ??= this.lockPath.backend.files.statDescriptor(this.directory);
    return this.#directoryStatus;
  }

  /** True for the same directory. One view must still hold it open, because inode numbers are reused. */
  isSameDirectory(other: LockView): boolean {
    return isSameFile(this.directoryStatus(), other.directoryStatus());
  }

  /** Makes {@link close} leave the directory open. Call {@link closeKeptDirectory} when done. */
  keepDirectory(): void {
    this.#isKept = true;
  }

  /** Closes the directory if {@link keepDirectory} was called. */
  closeKeptDirectory(): void {
    if (this.#isKept) this.lockPath.backend.files.close(this.directory);
  }

  /** Names of the lock's own files except owner.json and shadows. The directory is read at the first call. */
  leftovers(): string[] {
    this.#leftovers ??= this.#names().filter((name) => name !== OWNER_FILE && isOwnName(name));
    return [...this.#leftovers];
  }

  /** Names of the first few files in the directory that are not the lock's own. */
  foreignFiles(): readonly string[] {
    const foreign = this.#names().filter((name) => name !== OWNER_FILE && !isOwnName(name));
    return foreign.slice(0, MAX_FOREIGN_SHOWN);
  }

  /** @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY) when there are any {@link foreignFiles}. */
  refuseForeignFiles(): void {
    const foreign = this.foreignFiles();
    if (foreign.length > 0) throw new LockNotEmptyError(this.lockPath.path, foreign);
  }

  /** Call this before owner.json is deleted, because NFS and FUSE leave a shadow of an open file. */
  closeOwner(): void {
    if (this.owner !== null && !this.#isOwnerClosed) this.lockPath.backend.files.close(this.owner.descriptor);
    this.#isOwnerClosed = true;
  }

  close(): void {
    this.closeOwner();
    if (!this.#isKept) this.lockPath.backend.files.close(this.directory);
  }

  #names(): string[] {
    return this.lockPath.backend.files
      .list(this.directory, MAX_ENTRIES)
      .filter((name) => !isShadowName(name));
  }
}

/** What to tell people when {@link isLeased}. */
export const LEASED =
  'another program has a lease on the file (fcntl F_SETLEASE, as file servers take), which it has not given back yet';

/**
 * True when a file could not be opened because of another program's lease (F_SETLEASE of fcntl(2)). The kernel has asked
 * that program to give it back, and takes it away after 45 s (/proc/sys/fs/lease-break-time). So the file can be opened
 * later, and says nothing until then.
 */
export function isLeased(error: unknown): boolean {
  return isSystemError(error) && error.code === 'EAGAIN' && /^open(at)?$/.test(error.syscall);
}

function isOwnName(name: string): boolean {
  return name === NEW_OWNER_FILE || isRetiredName(name) || isClaimedName(name);
}

function openLockDirectory(lockPath: LockPath): Descriptor | null {
  const { files } = lockPath.backend;
  try {
    return files.findDirectoryAt(lockPath.parent, lockPath.name);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTDIR' || code === 'ELOOP') throw new NotALockError(lockPath.path, kindAt(lockPath));
    throw error;
  }
}

function kindAt(lockPath: LockPath): string {
  try {
    const { kind } = lockPath.backend.files.statAt(lockPath.parent, lockPath.name);
    return kind === 'symlink' ? 'a symbolic link' : kind === 'file' ? 'a file' : 'not a directory';
  } catch {
    return 'not a directory';
  }
}

function foreignOwner(lockPath: LockPath, what: string): NotALockError {
  return new NotALockError(lockPath.path, `a directory whose ${OWNER_FILE} is a ${what}`);
}
