import type { WatchOperations } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isOneKernelFilesystem } from '../../backend/filesystem-traits.js';
import type { LockView } from '../protocol/view.js';
import { Wakeup } from './wakeup.js';

/**
 * Wakes a waiter when the lock that it waits for may have become free. Armed before the look that finds the lock held,
 * so that no change falls between looking and waiting. To be closed.
 */
export interface ChangeWatch {
  /**
   * It sounds for everything that can free the lock. So it does for a lock of ours: its owner keeps owner.json open for
   * writing until it dies, and closing that wakes us from any namespace. An older program closed its file long ago, so
   * there it takes a pidfd. Another machine's changes on a shared filesystem make no sound at all.
   */
  readonly complete: boolean;
  close(): void;
}

/** Sounds in the event loop. */
export interface AsyncChangeWatch extends ChangeWatch {
  /** Resolves after `ms`, or earlier when the alarm sounds; rejects with `signal.reason` once that aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Sounds while this thread is blocked. */
export interface SyncChangeWatch extends ChangeWatch {
  /** Returns after `ms`, or earlier when the alarm sounds. */
  wait(ms: number): void;
}

/** How an acquisition sets its alarms; null: the kernel or the backend offers none, so the waiter polls. */
export type StartWatch<A extends ChangeWatch> = (view: LockView) => A | null;

export function watchAsync(view: LockView): AsyncChangeWatch | null {
  const { watch } = view.place.backend;
  return watch === null ? null : withOwnerPidfd(view, (pidfd) => EventLoopAlarm.set(watch, view, pidfd));
}

export function watchSync(view: LockView): SyncChangeWatch | null {
  const { watch, files } = view.place.backend;
  if (watch === null) return null;
  const monitor = watch.openChangeMonitor(view.directory);
  if (typeof monitor === 'string') return null;
  let pidfd = openOwnerPidfd(view);
  return {
    complete: isComplete(view, pidfd !== null),
    wait(ms) {
      // A process that has exited keeps its pidfd readable: one report of that is enough.
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

class EventLoopAlarm implements AsyncChangeWatch {
  readonly complete: boolean;
  readonly #watch: WatchOperations;
  readonly #bell = new Wakeup();
  #ticket = 0;

  static set(watch: WatchOperations, view: LockView, pidfd: Descriptor | null): EventLoopAlarm | null {
    const alarm = new EventLoopAlarm(watch, isComplete(view, pidfd !== null));
    const ticket = watch.onLockChange(view.directory, pidfd, () => alarm.#bell.ring());
    if (typeof ticket === 'string') return null;
    alarm.#ticket = ticket;
    return alarm;
  }

  private constructor(watch: WatchOperations, complete: boolean) {
    this.#watch = watch;
    this.complete = complete;
  }

  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#bell.wait(ms, signal);
  }

  close(): void {
    this.#watch.cancel(this.#ticket);
  }
}

function isComplete(view: LockView, hasPidfd: boolean): boolean {
  if (view.owner === null || view.record === null) return false;
  return isOneKernelFilesystem(view.owner.filesystem.type) && (view.record.version !== null || hasPidfd);
}

function withOwnerPidfd<T>(view: LockView, use: (pidfd: Descriptor | null) => T): T {
  const pidfd = openOwnerPidfd(view);
  try {
    return use(pidfd);
  } finally {
    if (pidfd !== null) view.place.backend.files.close(pidfd);
  }
}

/**
 * A pidfd of whatever process has the recorded number here. It may be somebody else's: an alarm only makes the waiter
 * look again, and a false one harms nobody.
 */
function openOwnerPidfd(view: LockView): Descriptor | null {
  const pid = view.record?.pid ?? null;
  if (pid === null) return null;
  const pidfd = view.place.backend.processes.openPidfd(pid);
  return typeof pidfd === 'number' ? pidfd : null;
}
