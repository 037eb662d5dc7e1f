// A takeover deletes the file of a dead owner from the path of a lock. unlink(2) and rename(2) act on a name, not on the
// file that was judged. If two processes judge one dead file, the first deletes it, and a third makes its own, then the
// second would delete that one. So only the process that holds the takeover's own lock may judge and delete.
import { assess, type InspectOptions } from './assess.js';
import { clearStale } from './clear.js';
import { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { guardName, OWNER_FILE, retiredName } from './names.js';
import { type PublishedLock, publishLock } from './publish.js';
import { removeWithLast, retireOwner } from './retire.js';
import { LockView } from './view.js';

/**
 * Runs `action` while no other process of this package takes over a file at the path. It is a lock like any other, so
 * that of a killed process is in nobody's way.
 * @returns `contended` when another process has it at the moment.
 * @throws the errors of an acquisition.
 */
export function duringTakeover<T>(
  lockPath: LockPath,
  options: InspectOptions,
  action: () => T,
): T | 'contended' {
  const path = lockPath.sibling(guardName(lockPath.name));
  const guard = clearIfStale(path, options) ? publishLock(path, {}) : 'contended';
  if (typeof guard === 'string') return 'contended';
  try {
    return action();
  } finally {
    release(guard);
  }
}

/** @returns false when another process has the lock. */
function clearIfStale(path: LockPath, options: InspectOptions): boolean {
  const view = LockView.open(path);
  if (view === null) return true;
  try {
    return assess(view, options, new LastLook()).state === 'stale' && clearStale(view) === 'cleared';
  } finally {
    view.close();
  }
}

function release(guard: PublishedLock): void {
  const { lockPath, directory, owner, record } = guard;
  const { files } = lockPath.backend;
  try {
    retireOwner(guard, OWNER_FILE, record.nonce, () => true);
    files.close(owner.descriptor);
    removeWithLast(guard, retiredName(record.nonce));
  } finally {
    guard.lifeline?.drop();
    files.close(directory);
  }
}
