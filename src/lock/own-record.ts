import { isSameFile } from '../backend/file-status.js';
import { traitsOf } from '../backend/filesystem-traits.js';
import { errnoOf, isGone, systemError } from '../backend/system-error.js';
import { formatOwnerRecord, writtenRecordOf } from '../record/format.js';
import { openOwnerFile } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { parseOwnerFile } from '../record/parse.js';
import { isClaimedName, OWNER_FILE } from './protocol/names.js';
import type { PublishedLock } from './protocol/publish.js';

/** Bytes: more than any record that this package writes. */
export const MAX_OWN_RECORD = 16 * 1024;
/**
 * How a lock is lost whose record still bears its nonce, but says something else than was written, or has grown. Others may
 * have judged it by that, and found its owner dead.
 */
export const CHANGED = 'its owner.json was changed by another program';
/** Most names in the lock's directory that are read. */
const MAX_NAMES = 64;
/** How a lock is lost whose record is missing. A single look may miss one that is there: see {@link LOOKS}. */
export const GONE = 'its owner.json is gone';
const REPLACED = 'another owner.json stands in its place';
/**
 * Looks that must miss the record before it counts as gone. A process that wants to reclaim the lock of the owner before may
 * claim this record by mistake. It gives it back at once, perhaps under a name at which the look has been already.
 */
const LOOKS = 8;

/** Finds the record of a lock that this process holds, and checks whether the lock is still its own. */
export class OwnRecord {
  readonly #published: PublishedLock;
  readonly #pid = process.pid;

  constructor(published: PublishedLock) {
    this.#published = published;
  }

  /**
   * Says how the lock was lost. null when the descriptors are still ours, and owner.json still says what was written at
   * the acquisition.
   */
  whatIsWrong(): string | null {
    for (let look = 1; ; look += 1) {
      const wrong = this.#look();
      const isMissed = wrong === GONE || wrong === REPLACED;
      if (!isMissed || look === LOOKS) return wrong;
    }
  }

  #look(): string | null {
    const { lockPath, owner, content } = this.#published;
    const { descriptor } = owner;
    const { files } = lockPath.backend;
    if (process.pid !== this.#pid) return 'this process was forked from the one that holds it';
    try {
      // This check comes first, because it also makes sure that the directory's descriptor is still ours.
      const isAtItsPath = this.#isAtItsPath();
      if (this.#isStillAt(OWNER_FILE)) {
        const text = files.readText(descriptor, MAX_OWN_RECORD);
        const wrong = text === content ? null : this.#whatIsWrongIn(text);
        if (wrong !== null) return wrong;
      } else {
        const name = this.#findOnce();
        if (name === null) return this.#hasOwnerFile() ? REPLACED : GONE;
        const replaced = this.#isStillAt(name) ? null : this.#recordAt(name);
        if (replaced !== null && !this.#isAsWritten(replaced)) return CHANGED;
      }
      return isAtItsPath ? null : 'its directory was moved away';
    } catch (error) {
      if (isGone(error)) return GONE;
      if (errnoOf(error) === 'EBADF') return 'its descriptors were closed by other code in this process';
      throw error;
    }
  }

  #whatIsWrongIn(text: string): string | null {
    const found = recordIn(text);
    if (found?.nonce !== this.#published.record.nonce)
      return 'its owner.json was overwritten by another program';
    const isWhole = Buffer.byteLength(text) < MAX_OWN_RECORD;
    return isWhole && this.#isAsWritten(found) ? null : CHANGED;
  }

  /** True when a record says what was written at the acquisition, however it is laid out. */
  #isAsWritten(found: OwnerRecord): boolean {
    const written = recordIn(this.#published.content);
    return written !== null && sayingOf(found) === sayingOf(written);
  }

  /** True when the file that was written at the acquisition is at its place and still bears our nonce. */
  bearsItsNonce(): boolean {
    const { lockPath, owner, record } = this.#published;
    if (!this.#isStillAt(OWNER_FILE)) return false;
    return (
      recordIn(lockPath.backend.files.readText(owner.descriptor, MAX_OWN_RECORD))?.nonce === record.nonce
    );
  }

  /**
   * The name of the record in the lock's directory. An editor or `sed -i` replaces owner.json by another file
   * of the same content, and a process that judges the owner may have claimed it for a moment. The nonce
   * shows that it is ours.
   */
  find(): string | null {
    for (let look = 1; look <= LOOKS; look += 1) {
      const name = this.#findOnce();
      if (name !== null) return name;
    }
    return null;
  }

  #findOnce(): string | null {
    if (this.isAt(OWNER_FILE)) return OWNER_FILE;
    const { lockPath, directory } = this.#published;
    const claims = lockPath.backend.files.list(directory, MAX_NAMES).filter(isClaimedName);
    return claims.find((name) => this.isAt(name)) ?? null;
  }

  isAt(name: string): boolean {
    return this.#isStillAt(name) || this.#recordAt(name)?.nonce === this.#published.record.nonce;
  }

  /** null when no record can be read there. */
  #recordAt(name: string): OwnerRecord | null {
    const { lockPath, directory } = this.#published;
    const { files } = lockPath.backend;
    const read = openOwnerFile(files, directory, name);
    if (read === null || typeof read === 'string') return null;
    files.close(read.file.descriptor);
    return read.parsed.kind === 'record' ? read.parsed.record : null;
  }

  /**
   * False also when there is no such name. @throws EBADF when the descriptor of owner.json is another file's
   * by now.
   */
  #isStillAt(name: string): boolean {
    const { lockPath, directory, owner } = this.#published;
    const { descriptor, status } = owner;
    try {
      return lockPath.backend.files.isStillAt(directory, name, descriptor, status.device, status.inode);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  #hasOwnerFile(): boolean {
    const { lockPath, directory } = this.#published;
    try {
      lockPath.backend.files.statAt(directory, OWNER_FILE);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /**
   * False when the directory was moved away. Some programs do that before they delete a lock, and the path is
   * free for others from then on.
   * @throws EBADF when the directory's descriptor belongs to another file by now.
   */
  #isAtItsPath(): boolean {
    const { lockPath, directory, directoryId, record } = this.#published;
    const { backend, parent, name } = lockPath;
    const { device, inode } = directoryId;
    try {
      if (traitsOf(record.filesystem).stableInodes) {
        return backend.files.isStillAt(parent, name, directory, device, inode);
      }
      // On other filesystems each lookup of the name may give another inode number, so there is no lookup.
      if (isSameFile(backend.files.statDescriptor(directory), directoryId)) return true;
      throw systemError('EBADF', 'fstat');
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  isIntact(): boolean {
    try {
      return this.whatIsWrong() === null && this.#isWitnessIntact() && this.#isLifelineIntact();
    } catch {
      return false;
    }
  }

  /** Tests through a second file description, because a file lock never conflicts with its own. */
  #isWitnessIntact(): boolean {
    const { lockPath, record, directory } = this.#published;
    if (record.witness === null) return true;
    return lockPath.backend.witness.testAt(directory, OWNER_FILE, record.filesystem) === 'held';
  }

  #isLifelineIntact(): boolean {
    const { lockPath, record } = this.#published;
    return record.lifeline === null || lockPath.backend.lifeline.test(record.lifeline) === 'held';
  }
}

/** What a record says, in the layout of this version. null for a record that this package did not write. */
function sayingOf(record: OwnerRecord): string | null {
  const written = writtenRecordOf(record);
  return written === null ? null : formatOwnerRecord(written);
}

function recordIn(text: string): OwnerRecord | null {
  const parsed = parseOwnerFile(text, null);
  return parsed.kind === 'record' ? parsed.record : null;
}
