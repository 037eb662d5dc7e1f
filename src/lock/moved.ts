import { traitsOf } from '../backend/filesystem-traits.js';
import { errnoOf, isGone } from '../backend/system-error.js';
import { NotALockError } from '../errors.js';
import { movedEvent, type ReleaseEvent } from './events.js';
import type { LockPath } from './protocol/lock-path.js';
import type { PublishedLock } from './protocol/publish.js';
import { LockView } from './protocol/view.js';

/**
 * Milliseconds between two checks while the channel has a subscriber. No event of the kernel reports a
 * switched link.
 */
const INTERVAL = 1000;

/** The places that are checked in this thread. */
const checked = new Set<LockPlace>();
let timer: NodeJS.Timeout | null = null;

/**
 * Checks whether the path of a held lock still leads to it. It leads elsewhere once a directory above the lock
 * was renamed, or a symbolic link in the path was switched. The owner keeps its lock, but another process can
 * acquire one by the same path.
 */
export class LockPlace {
  readonly #published: PublishedLock;
  readonly #describe: () => ReleaseEvent | null;
  #isMoved = false;

  /** @param describe makes the payload of the event; null once the lock's handle was forgotten. */
  constructor(published: PublishedLock, describe: () => ReleaseEvent | null) {
    this.#published = published;
    this.#describe = describe;
  }

  /** True when the last check found that the path leads elsewhere. */
  get isMoved(): boolean {
    return this.#isMoved;
  }

  /** Checks now, and publishes an event when the path has begun to lead elsewhere. */
  check(): void {
    const wasMoved = this.#isMoved;
    this.#isMoved = isMoved(this.#published);
    if (!this.#isMoved || wasMoved || !movedEvent.isHeard) return;
    const payload = this.#describe();
    if (payload !== null) movedEvent.publish(payload);
  }

  /** Checks once a second, without keeping the process alive, until {@link stop}. */
  start(): void {
    checked.add(this);
    timer ??= setInterval(() => {
      for (const place of checked) place.check();
    }, INTERVAL).unref();
  }

  stop(): void {
    checked.delete(this);
    if (checked.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }
}

/**
 * False also for a lock that is no longer in its parent, because that is lost and not moved, and where no
 * check is possible.
 */
function isMoved(published: PublishedLock): boolean {
  try {
    return !isAtPath(published) && isIn(published.lockPath, published);
  } catch {
    return false;
  }
}

/** Follows the path anew, as a process that asks for the lock now would. */
function isAtPath(published: PublishedLock): boolean {
  let reopened: LockPath;
  try {
    reopened = published.lockPath.reopen();
  } catch (error) {
    if (leadsNowhere(error)) return false;
    throw error;
  }
  try {
    return isIn(reopened, published);
  } finally {
    reopened.close();
  }
}

function isIn(lockPath: LockPath, { directory, record }: PublishedLock): boolean {
  try {
    if (traitsOf(record.filesystem).stableInodes) {
      return lockPath.backend.files.isAt(lockPath.parent, lockPath.name, directory);
    }
    // On other filesystems each lookup of the name may give another inode number.
    const view = LockView.open(lockPath);
    view?.close();
    return view?.record?.nonce === record.nonce;
  } catch (error) {
    if (leadsNowhere(error)) return false;
    throw error;
  }
}

/** True for the errors of a path that leads to no directory, or to one that is no lock. */
function leadsNowhere(error: unknown): boolean {
  const code = errnoOf(error);
  return isGone(error) || code === 'ENOTDIR' || code === 'ELOOP' || error instanceof NotALockError;
}
