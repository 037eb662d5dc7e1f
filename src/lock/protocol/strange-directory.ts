// A directory that is called like a lock may have something in place of its owner.json that no lock wrote: a symbolic
// link, or JSON without a pid. It names nobody, so no contender and no reclaim ever touches it. A person can say that it is
// a leftover; then it is retired like an owner's record.

import type { FileStatus } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isSameFile } from '../../backend/file-status.js';
import { isGone } from '../../backend/system-error.js';
import type { LockPath } from './lock-path.js';
import { isShadowName, OWNER_FILE, retiredName } from './names.js';
import { newNonce } from './nonce.js';
import { refuseUnlessRemovable } from './removable.js';
import { type OpenLockDirectory, removeWithLast, retireOwner } from './retire.js';

/** Names that are read: enough to see that there are others beside owner.json and shadows. */
const MAX_NAMES = 64;

/** A directory with nothing but a strange owner.json in it. Call close() when done. */
export class StrangeDirectory implements OpenLockDirectory {
  readonly lockPath: LockPath;
  readonly directory: Descriptor;
  /** The status of owner.json. */
  readonly status: FileStatus;

  private constructor(lockPath: LockPath, directory: Descriptor, status: FileStatus) {
    this.lockPath = lockPath;
    this.directory = directory;
    this.status = status;
  }

  /** null when it is no directory, holds anything else, or has a directory in place of owner.json. */
  static open(lockPath: LockPath): StrangeDirectory | null {
    const { files } = lockPath.backend;
    const directory = files.findDirectoryAt(lockPath.parent, lockPath.name);
    if (directory === null) return null;
    try {
      const names = files.list(directory, MAX_NAMES).filter((name) => !isShadowName(name));
      const status = files.statAt(directory, OWNER_FILE);
      if (names.length === 1 && status.kind !== 'directory')
        return new StrangeDirectory(lockPath, directory, status);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    files.close(directory);
    return null;
  }

  get description(): string {
    return `a directory whose ${OWNER_FILE} no lock wrote: a ${KINDS[this.status.kind]}`;
  }

  get signature(): string {
    const { inode, mtimeMs, size } = this.status;
    return `${inode} ${mtimeMs} ${size}`;
  }

  close(): void {
    this.lockPath.backend.files.close(this.directory);
  }
}

const KINDS = {
  file: 'file without a pid',
  symlink: 'symbolic link',
  other: 'special file',
  directory: 'directory',
};

/** @returns false when owner.json changed meanwhile, or is gone. */
export function clearStranger(strange: StrangeDirectory): boolean {
  refuseUnlessRemovable(strange.lockPath, false);
  const { files } = strange.lockPath.backend;
  const nonce = newNonce();
  const isJudged = (claimed: string) => isSameFile(files.statAt(strange.directory, claimed), strange.status);
  if (retireOwner(strange, OWNER_FILE, nonce, isJudged) !== 'retired') return false;
  removeWithLast(strange, retiredName(nonce));
  return true;
}
