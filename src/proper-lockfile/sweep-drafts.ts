import { basename } from 'node:path';
import { isSeenLocked } from '../backend/directory-locks.js';
import { lockNameOfPrivate } from '../backend/private-name.js';
import type { LockPath } from '../lock/protocol/lock-path.js';
import { SweepParts } from '../lock/protocol/sweep-parts.js';
import { nameInDrafts } from './draft.js';
import { guardPathOf } from './guard.js';

/** Milliseconds. A live process gives its draft another name, or removes it, in less than one. */
const GRACE_MS = 60_000;

const parts = new SweepParts();

/** Removes the drafts that killed processes left beside a lock, if that is due. */
export function sweepDrafts(lockPath: LockPath): void {
  parts.sweepIfDue(lockPath, (lockNames) => {
    const own = [...lockNames].flatMap((name) => [name, basename(guardPathOf(name))]);
    const swept = new Set(own.map(nameInDrafts));
    return {
      visit(name) {
        const lockName = lockNameOfPrivate(name);
        if (lockName === null || !swept.has(lockName)) return false;
        sweepOne(lockPath, name);
        return true;
      },
    };
  });
}

/** Whoever stands still before it has locked its draft, and so loses it, makes another. */
function sweepOne({ backend, parent }: LockPath, name: string): void {
  const { files } = backend;
  try {
    const directory = files.findDirectoryAt(parent, name);
    if (directory === null) return;
    try {
      const isOld = Date.now() - files.statFresh(directory).mtimeMs > GRACE_MS;
      if (isOld && !isSeenLocked(backend, directory)) files.rmdirIfAt(parent, name, directory);
    } finally {
      files.close(directory);
    }
  } catch {
    // It belongs to another user, or has something in it.
  }
}
