import type { FileStatus, OpenText } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isSameFile } from '../../backend/file-status.js';
import { ownCommand } from '../../backend/own-command.js';
import { errnoOf, isGone } from '../../backend/system-error.js';
import { LockNotEmptyError, NotALockError } from '../../errors.js';
import { isNamedLikeLock } from '../../formats/lock-word.js';
import { openOwnerFile } from '../../record/owner-file.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { shellQuoted } from '../../text/shell-quote.js';
import { type DirectoryContents, MAX_FOREIGN_SHOWN, readContents } from './contents.js';
import type { LockPath } from './lock-path.js';
import { isClaimedName, lockNameOfPrivate, OWNER_FILE } from './names.js';
import { putBack } from './retire.js';

/** Milliseconds. A claim takes some microseconds, unless the process that makes it is stopped or killed. */
const CLAIM_TIME = 1_000;
/** Bytes: more than any owner.json that is judged. */
const MAX_RECORD = 64 * 1024;
/** Readings of a directory whose owner.json is being renamed each time. */
const READINGS = 3;

/** An owner.json that was opened and read. */
interface OpenOwner {
  readonly file: OpenText;
  readonly record: OwnerRecord | null;
  /** `owner.json`, or `claimed.<nonce>`. */
  readonly name: string;
}

/**
 * A lock directory and its owner.json as they were at one moment. The open descriptors refer to that
 * directory and that file even when their names change. Call close() when done.
 */
export class LockView {
  readonly lockPath: LockPath;
  /** Descriptor of the lock directory. */
  readonly directory: Descriptor;
  /** owner.json. null when the directory has none. */
  readonly owner: OpenText | null;
  /** The content of owner.json. null when there is none, or when it is torn. */
  readonly record: OwnerRecord | null;
  /**
   * The name under which {@link owner} was found. It is a claimed one while another process retires the file.
   */
  readonly ownerName: string;
  #directoryStatus: FileStatus | undefined;
  #contentsFound: DirectoryContents | undefined;
  #isKept = false;
  #isOwnerClosed = false;

  private constructor(
    lockPath: LockPath,
    directory: Descriptor,
    owner: OpenOwner | null,
    contents?: DirectoryContents,
  ) {
    this.lockPath = lockPath;
    this.directory = directory;
    this.owner = owner === null ? null : owner.file;
    this.record = owner === null ? null : owner.record;
    this.ownerName = owner === null ? OWNER_FILE : owner.name;
    this.#contentsFound = contents;
  }

  /**
   * @returns null when the path does not exist.
   * @throws NotALockError (ERR_NOT_A_LOCK) for a file, a symbolic link, or an owner.json that no lock wrote;
   * EAGAIN while another program has a file lease on owner.json (file-lease.ts).
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
    for (let reading = 1; ; reading += 1) {
      const owner = openOwner(lockPath, directory, OWNER_FILE);
      if (owner !== null) return new LockView(lockPath, directory, owner);
      // A process that retires the owner, or was killed while it did so, has given owner.json another name.
      const contents = readContents(lockPath.backend.files, directory);
      const claims = contents.own.filter(isClaimedName);
      for (const name of claims) {
        const claimed = openOwner(lockPath, directory, name);
        if (claimed !== null) return new LockView(lockPath, directory, claimed, contents);
      }
      if (claims.length === 0 || reading === READINGS)
        return new LockView(lockPath, directory, null, contents);
    }
  }

  /** Opens the claimed files beside the owner's. Close each of them; the directory is this view's. */
  otherClaims(): LockView[] {
    const views: LockView[] = [];
    for (const name of this.leftovers().filter(isClaimedName)) {
      const claimed = openOwner(this.lockPath, this.directory, name);
      if (claimed === null) continue;
      const view = new LockView(this.lockPath, this.directory, claimed, this.#contents());
      view.#isKept = true;
      views.push(view);
    }
    return views;
  }

  /**
   * True while the file that was judged still has the name under which it was found. A witness or a process
   * that is found gone while a release renames the file says nothing of the owner.
   */
  isOwnerStillNamed(): boolean {
    return this.owner !== null && this.#isOwnerAt(this.ownerName);
  }

  /**
   * Gives a claimed owner.json its name back, if the process that claimed it was killed, or has been stopped
   * for a while. Call this when its owner was not found dead.
   */
  putBackOldClaim(): void {
    if (this.owner === null || this.ownerName === OWNER_FILE) return;
    // The rename set ctime. Where the clocks differ, the claim is given back too early, and the claimer
    // begins anew.
    const claimedFor = Math.abs(Date.now() - this.owner.status.ctimeMs);
    if (claimedFor > CLAIM_TIME) putBack(this, this.ownerName);
  }

  /** True when the file of that name is the one that was judged, and as it was then. */
  isUnchangedOwner(name: string): boolean {
    const { owner } = this;
    if (owner === null || !this.#isOwnerAt(name)) return false;
    const { files } = this.lockPath.backend;
    const { size, mtimeMs } = files.statDescriptor(owner.descriptor);
    if (size !== owner.status.size || mtimeMs !== owner.status.mtimeMs) return false;
    // A second write within one tick of the kernel's clock can leave size and mtime as they are.
    return files.readText(owner.descriptor, MAX_RECORD) === owner.text;
  }

  #isOwnerAt(name: string): boolean {
    const { owner, lockPath, directory } = this;
    try {
      return owner !== null && lockPath.backend.files.isAt(directory, name, owner.descriptor);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
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

  /** Names of the lock's own files, except that of {@link owner}. */
  leftovers(): string[] {
    return this.#contents().own.filter((name) => name !== this.ownerName);
  }

  /** False when the directory may hold more names than were read. */
  isWhole(): boolean {
    return this.#contents().isWhole;
  }

  /** Names of the first few files in the directory that are not the lock's own. */
  foreignFiles(): readonly string[] {
    return this.#contents().foreign.slice(0, MAX_FOREIGN_SHOWN);
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

  /** The directory is read at the first call. */
  #contents(): DirectoryContents {
    this.#contentsFound ??= readContents(this.lockPath.backend.files, this.directory);
    return this.#contentsFound;
  }
}

/** @returns null when no file has that name. */
function openOwner(lockPath: LockPath, directory: Descriptor, name: string): OpenOwner | null {
  const { files } = lockPath.backend;
  const read = openOwnerFile(files, directory, name);
  if (read === null) return null;
  if (typeof read === 'string') throw foreignOwner(lockPath, read);
  const { file, parsed } = read;
  const record = parsed.kind === 'record' ? parsed.record : null;
  if (record !== null && !isOurs(lockPath, record)) {
    files.close(file.descriptor);
    throw foreignOwner(lockPath, 'file with a pid, and which is not named like a lock');
  }
  return { file, record, name };
}

/**
 * A record with an identity proves by itself that its directory is a lock. A pid alone can stand in anybody's
 * data, so there the name of the directory has to say it.
 */
function isOurs({ name }: LockPath, record: OwnerRecord): boolean {
  return record.version !== null || lockNameOfPrivate(name) !== null || isNamedLikeLock(name);
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

function foreignOwner({ path, name }: LockPath, what: string): NotALockError {
  const advice = isNamedLikeLock(name)
    ? `If it was left by a lock, this shows it, and removes it when you say so: ${ownCommand()} reclaim --force ${shellQuoted(path)}`
    : undefined;
  return new NotALockError(path, `a directory whose ${OWNER_FILE} is a ${what}`, advice);
}
