import type { WatchOperations } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { isErrno } from '../../backend/system-error.js';
import { lockFileOf, NO_SURROUNDINGS } from '../../judge/lock-file.js';
import type { LockPath } from '../protocol/lock-path.js';
import { LockView } from '../protocol/view.js';
import { type LifelineToWatch, lifelineToWatch } from './lifeline-to-watch.js';
import { Wakeup } from './wakeup.js';

/**
 * Wakes a waiter when the lock that it waits for may have become free. The watch starts before the look that
 * finds the lock held, so no change between the look and the wait is missed. Call close() when done.
 */
export interface ChangeWatch {
  /**
   * True when everything that can free the lock wakes the waiter. That holds for a lock of this package on a
   * filesystem of one kernel: its owner keeps owner.json open for writing until it dies, and the close wakes
   * us from any namespace. An older program has closed its file long before, so its death takes a pidfd.
   * Elsewhere it holds for a lock with a lifeline of its own that is held on this kernel, because its owner
   * drops that whatever ends the lock. Changes that another machine makes on a shared filesystem wake no
   * waiter.
   */
  readonly complete: boolean;
  close(): void;
}

/**
 * Most pidfds that the watches of this thread keep open beside a watch that is complete without one. A pidfd
 * is the faster witness of a death there, but a thread may wait for a thousand locks, and have 1024
 * descriptors.
 */
const MAX_PIDFDS = 64;
let pidfdCount = 0;

/** Wakes a waiter in the event loop. */
export interface AsyncChangeWatch extends ChangeWatch {
  /** Resolves after `ms` milliseconds or at a change. Rejects with `signal.reason` once that aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** Ends its {@link wait}. */
  wake(): void;
}

/** Wakes a blocked thread. */
export interface SyncChangeWatch extends ChangeWatch {
  /** Returns after `ms` milliseconds, or earlier at a change. */
  wait(ms: number): void;
}

/** Starts the watch of an acquisition. null when the kernel or the backend has none, so the waiter polls. */
export type StartWatch<W extends ChangeWatch> = (view: LockView) => W | null;

export function startAsyncWatch(view: LockView): AsyncChangeWatch | null {
  const { watch, files } = view.lockPath.backend;
  if (watch === null) return null;
  const lifeline = lifelineToWatch(view);
  const isSaved = isComplete(view, false) && pidfdCount >= MAX_PIDFDS;
  const pidfd = lifeline === null && !isSaved ? openOwnerPidfd(view) : null;
  try {
    return EventLoopWatch.start(watch, view, pidfd, lifeline);
  } finally {
    if (pidfd !== null) files.close(pidfd);
  }
}

/** Watches the lock directory at a path. null also where nothing stands there. @throws the errors of LockView.open(). */
export function watchLockAt(lockPath: LockPath): AsyncChangeWatch | null {
  const view = LockView.open(lockPath);
  if (view === null) return null;
  try {
    return startAsyncWatch(view);
  } finally {
    view.close();
  }
}

export function startSyncWatch(view: LockView): SyncChangeWatch | null {
  const { watch, files } = view.lockPath.backend;
  if (watch === null) return null;
  const monitor = watch.openChangeMonitor(view.directory);
  if (isErrno(monitor)) return null;
  const lifeline = lifelineToWatch(view);
  const signal = lifeline === null ? 'ENOENT' : watch.openLifelineSignal(lifeline.text);
  let end = isErrno(signal) ? openOwnerPidfd(view) : signal;
  return {
    complete: isErrno(signal) ? isComplete(view, end !== null) : lifeline?.isOfLock === true,
    wait(ms) {
      // The descriptor stays readable after the owner's end, so it is closed after its first report.
      if (watch.block(monitor, end, ms) === 'exit') closeEnd();
    },
    close() {
      files.close(monitor);
      closeEnd();
    },
  };

  function closeEnd(): void {
    if (end !== null) files.close(end);
    end = null;
  }
}

class EventLoopWatch implements AsyncChangeWatch {
  readonly #operations: WatchOperations;
  readonly #wakeup = new Wakeup();
  readonly #tickets: number[] = [];
  /** How many descriptors the backend keeps open for it. */
  readonly #pidfds: number;
  #isComplete: boolean;

  static start(
    operations: WatchOperations,
    view: LockView,
    pidfd: Descriptor | null,
    lifeline: LifelineToWatch | null,
  ): EventLoopWatch | null {
    const isOfOwner = lifeline === null ? isComplete(view, pidfd !== null) : lifeline.isOfLock;
    const isWhole = operations.reportsChanges && isOfOwner;
    const watch = new EventLoopWatch(operations, isWhole, pidfd === null ? 0 : 1);
    const file = view.owner?.descriptor ?? null;
    const ticket = operations.onLockChange(view.directory, pidfd, () => watch.#wakeup.wake(), file);
    if (isErrno(ticket)) return null;
    watch.#tickets.push(ticket);
    pidfdCount += watch.#pidfds;
    if (lifeline !== null) watch.#watchLifeline(lifeline);
    return watch;
  }

  private constructor(operations: WatchOperations, isWhole: boolean, pidfds: number) {
    this.#operations = operations;
    this.#isComplete = isWhole;
    this.#pidfds = pidfds;
  }

  get complete(): boolean {
    return this.#isComplete;
  }

  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#wakeup.wait(ms, signal);
  }

  wake(): void {
    this.#wakeup.wake();
  }

  /** A lifeline that has become free by now wakes the waiter as well. */
  #watchLifeline({ text }: LifelineToWatch): void {
    const ticket = this.#operations.onLifelineEnd(text, () => this.#wakeup.wake());
    if (!isErrno(ticket)) {
      this.#tickets.push(ticket);
      return;
    }
    // The lifeline cannot be watched, so the waiter looks again at once, and polls from then on.
    this.#isComplete = false;
    this.#wakeup.wake();
  }

  close(): void {
    for (const ticket of this.#tickets) this.#operations.cancel(ticket);
    pidfdCount -= this.#pidfds;
  }
}

function isComplete(view: LockView, hasPidfd: boolean): boolean {
  const { owner, record } = view;
  if (owner === null || record === null || !traitsOf(owner.filesystem.type).testableWitness) return false;
  // The kernel reports nothing of a file that the owner has open through another mount of its filesystem.
  if (record.witness !== null && lockFileOf(record, owner, NO_SURROUNDINGS) !== 'recorded') return false;
  return record.version !== null || hasPidfd;
}

/**
 * Opens a pidfd of the process that has the recorded number here. It may be another process than the owner.
 * That does no harm, because its exit only makes the waiter look again.
 */
function openOwnerPidfd(view: LockView): Descriptor | null {
  const pid = view.record?.pid ?? null;
  if (pid === null) return null;
  const pidfd = view.lockPath.backend.processes.openPidfd(pid);
  return isErrno(pidfd) ? null : pidfd;
}
