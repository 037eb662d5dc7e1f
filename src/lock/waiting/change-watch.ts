import type { WatchOperations } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { isErrno } from '../../backend/system-error.js';
import type { LockView } from '../protocol/view.js';
import { Wakeup } from './wakeup.js';

/**
 * Wakes a waiter when the lock that it waits for may have become free. The watch starts before the look that
 * finds the lock held, so no change between the look and the wait is missed. Call close() when done.
 */
export interface ChangeWatch {
  /**
   * True when everything that can free the lock wakes the waiter. That holds for a lock of this package: its
   * owner keeps owner.json open for writing until it dies, and the close wakes us from any namespace. An
   * older program has closed its file long before, so its death takes a pidfd. Changes that another machine
   * makes on a shared filesystem wake no waiter.
   */
  readonly complete: boolean;
  close(): void;
}

/** Wakes a waiter in the event loop. */
export interface AsyncChangeWatch extends ChangeWatch {
  /** Resolves after `ms` milliseconds or at a change. Rejects with `signal.reason` once that aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Wakes a blocked thread. */
export interface SyncChangeWatch extends ChangeWatch {
  /** Returns after `ms` milliseconds, or earlier at a change. */
  wait(ms: number): void;
}

/** Starts the watch of an acquisition. null when the kernel or the backend has none, so the waiter polls. */
export type StartWatch<W extends ChangeWatch> = (view: LockView) => W | null;

export function startAsyncWatch(view: LockView): AsyncChangeWatch | null {
  const { watch } = view.lockPath.backend;
  return watch === null ? null : withOwnerPidfd(view, (pidfd) => EventLoopWatch.start(watch, view, pidfd));
}

export function startSyncWatch(view: LockView): SyncChangeWatch | null {
  const { watch, files } = view.lockPath.backend;
  if (watch === null) return null;
  const monitor = watch.openChangeMonitor(view.directory);
  if (isErrno(monitor)) return null;
  let pidfd = openOwnerPidfd(view);
  return {
    complete: isComplete(view, pidfd !== null),
    wait(ms) {
      // The pidfd of an exited process stays readable, so it is closed after its first report.
      if (watch.block(monitor, pidfd, ms) === 'exit') closePidfd();
    },
    close() {
      files.close(monitor);
      closePidfd();
    },
  };

  function closePidfd(): void {
    if (pidfd !== null) files.close(pidfd);
    pidfd = null;
  }
}

class EventLoopWatch implements AsyncChangeWatch {
  readonly complete: boolean;
  readonly #operations: WatchOperations;
  readonly #wakeup = new Wakeup();
  #ticket = 0;

  static start(operations: WatchOperations, view: LockView, pidfd: Descriptor | null): EventLoopWatch | null {
    const watch = new EventLoopWatch(operations, isComplete(view, pidfd !== null));
    const ticket = operations.onLockChange(view.directory, pidfd, () => watch.#wakeup.wake());
    if (isErrno(ticket)) return null;
    watch.#ticket = ticket;
    return watch;
  }

  private constructor(operations: WatchOperations, complete: boolean) {
    this.#operations = operations;
    this.complete = complete;
  }

  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#wakeup.wait(ms, signal);
  }

  close(): void {
    this.#operations.cancel(this.#ticket);
  }
}

function isComplete(view: LockView, hasPidfd: boolean): boolean {
  if (view.owner === null || view.record === null) return false;
  return traitsOf(view.owner.filesystem.type).testableWitness && (view.record.version !== null || hasPidfd);
}

function withOwnerPidfd<T>(view: LockView, use: (pidfd: Descriptor | null) => T): T {
  const pidfd = openOwnerPidfd(view);
  try {
    return use(pidfd);
  } finally {
    if (pidfd !== null) view.lockPath.backend.files.close(pidfd);
  }
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
