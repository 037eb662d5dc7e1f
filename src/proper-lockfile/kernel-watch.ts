import type { Backend, WatchOperations } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isErrno } from '../backend/system-error.js';
import { Wakeup } from '../lock/waiting/wakeup.js';
import { type DirectoryRecord, ownPidNamespace } from './directory-record.js';
import type { PlaceWatch } from './place.js';

/** Starts a watch of the directory and of the process that holds it. null where the kernel has none left. */
export function startPlaceWatch(
  backend: Backend,
  directory: Descriptor,
  record: DirectoryRecord | null,
): PlaceWatch | null {
  const { watch, files } = backend;
  if (watch === null) return null;
  const pidfd = record === null ? null : openPidfd(backend, record);
  try {
    const wakeup = new Wakeup();
    const ticket = watch.onLockChange(directory, pidfd, () => wakeup.wake());
    return isErrno(ticket) ? null : new KernelWatch(watch, ticket, wakeup, pidfd !== null);
  } finally {
    if (pidfd !== null) files.close(pidfd);
  }
}

/**
 * A pidfd of the process that has the recorded number, if that is a number of our own PID namespace. It may be another
 * process by now, which does no harm: its end only makes the waiter look again.
 */
function openPidfd(backend: Backend, { pid, pidNamespace }: DirectoryRecord): Descriptor | null {
  if (pidNamespace === null || pidNamespace !== ownPidNamespace(backend)) return null;
  const pidfd = backend.processes.openPidfd(pid);
  return isErrno(pidfd) ? null : pidfd;
}

class KernelWatch implements PlaceWatch {
  readonly isComplete: boolean;
  readonly #watch: WatchOperations;
  readonly #ticket: number;
  readonly #wakeup: Wakeup;

  constructor(watch: WatchOperations, ticket: number, wakeup: Wakeup, isComplete: boolean) {
    this.#watch = watch;
    this.#ticket = ticket;
    this.#wakeup = wakeup;
    this.isComplete = isComplete;
  }

  wait(ms: number): Promise<void> {
    return this.#wakeup.wait(ms, undefined);
  }

  close(): void {
    this.#watch.cancel(this.#ticket);
  }
}
