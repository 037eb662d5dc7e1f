import type { FileStatus } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isSameFile } from '../../backend/file-status.js';
import { errnoOf, isGone } from '../../backend/system-error.js';
import { LockNotEmptyError, NotALockError } from '../../errors.js';
import { type OwnerFile, openOwnerFile } from '../../record/owner-file.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import type { LockPath } from './lock-path.js';
import { isClaimedName, isRetiredName, isShadowName, NEW_OWNER_FILE, OWNER_FILE } from './names.js';

/** Enough to tell a lock directory from a directory with somebody's data. */
const MAX_ENTRIES = 64;
/** Enough of somebody's data for a person to know what it is. */
const MAX_FOREIGN_SHOWN = 5;

/**
 * What stands at a lock's place at one moment, through descriptors that stay on that very directory and file
 * whatever happens to their names. To be closed.
 */
export class LockView {
  readonly place: LockPath;
  /** Descriptor of the lock directory. */
  readonly directory: Descriptor;
  /** owner.json; null: the directory has none. */
  readonly owner: OwnerFile | null;
  /** What owner.json says; null: there is none, or it is torn. */
  readonly record: OwnerRecord | null;
  #directoryStatus: FileStatus | undefined;
  #leftovers: readonly string[] | undefined;
  #isKept = false;
  #isOwnerClosed = false;

  private constructor(
    place: LockPath,
    directory: Descriptor,
    owner: OwnerFile | null,
    record: OwnerRecord | null,
  ) {
    this.place = place;
    this.directory = directory;
    this.owner = owner;
    this.record = record;
  }

  /**
   * null: nothing is there.
   * @throws NotALockError (ERR_NOT_A_LOCK) for a file, a symbolic link, or an owner.json that is none.
   */
  static open(place: LockPath): LockView | null {
    const directory = openLockDirectory(place);
    if (directory === null) return null;
    const { files } = place.backend;
    try {
      const view = LockView.#read(place, directory);
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

  static #read(place: LockPath, directory: Descriptor): LockView {
    const read = openOwnerFile(place.backend.files, directory);
    if (read === null) return new LockView(place, directory, null, null);
    if (typeof read === 'string') throw foreignOwner(place, read);
    const { file, parsed } = read;
    return new LockView(place, directory, file, parsed.kind === 'record' ? parsed.record : null);
  }

  directoryStatus(): FileStatus {
    this.#directoryStatus ??= this.place.backend.files.statDescriptor(this.directory);
    return this.#directoryStatus;
  }

  /** Equal numbers are one directory only while one of the two is held open. */
  isSameDirectory(other: LockView): boolean {
    return isSameFile(this.directoryStatus(), other.directoryStatus());
  }

  /** Lets {@link close} leave the directory open, until {@link closeDirectory}. */
  keepDirectory(): void {
    this.directoryStatus();
    this.#isKept = true;
  }

  closeDirectory(): void {
    this.place.backend.files.close(this.directory);
  }

  /**
   * Names of the lock's own files in the directory when first asked, without owner.json and without deleted files'
   * shadows.
   */
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
    if (foreign.length > 0) throw new LockNotEmptyError(this.place.path, foreign);
  }

  /** A file deleted while it is open casts a shadow on NFS and FUSE, so owner.json is closed first. */
  closeOwner(): void {
    if (this.owner !== null && !this.#isOwnerClosed) this.place.backend.files.close(this.owner.descriptor);
    this.#isOwnerClosed = true;
  }

  close(): void {
    this.closeOwner();
    if (!this.#isKept) this.closeDirectory();
  }

  #names(): string[] {
    return this.place.backend.files.list(this.directory, MAX_ENTRIES).filter((name) => !isShadowName(name));
  }
}

function isOwnName(name: string): boolean {
  return name === NEW_OWNER_FILE || isRetiredName(name) || isClaimedName(name);
}

function openLockDirectory(place: LockPath): Descriptor | null {
  const { files } = place.backend;
  try {
    return files.findDirectoryAt(place.parent, place.name);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTDIR' || code === 'ELOOP') throw new NotALockError(place.path, kindAt(place));
    throw error;
  }
}

function kindAt(place: LockPath): string {
  try {
    const { kind } = place.backend.files.statAt(place.parent, place.name);
    return kind === 'symlink' ? 'a symbolic link' : kind === 'file' ? 'a file' : 'not a directory';
  } catch {
    return 'not a directory';
  }
}

function foreignOwner(place: LockPath, what: string): NotALockError {
  return new NotALockError(place.path, `a directory whose ${OWNER_FILE} is a ${what}`);
}
