// Waiting for a lock that this process does not want: it looks, and waits for a change, but takes and removes nothing.

import { monotonicMs } from '../../backend/monotonic-clock.js';
import { isErrno } from '../../backend/system-error.js';
import { LockNotEmptyError, NotALockError } from '../../errors.js';
import { hasOwnerFile } from '../../formats/format.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { type InspectedLock, lookAt } from '../inspect.js';
import { type AcquireOptions, checkAcquireOptions } from '../options.js';
import type { InspectOptions, LockState } from '../protocol/assess.js';
import { LastLook } from '../protocol/last-look.js';
import { LockPath } from '../protocol/lock-path.js';
import { LockTimeoutError } from '../timeout-error.js';
import { type AsyncChangeWatch, watchLockAt } from './change-watch.js';
import { Pace } from './pace.js';
import { Reporter } from './reporter.js';
import { Wakeup } from './wakeup.js';

type UntilFreeOptions = InspectOptions & Pick<AcquireOptions, 'timeout' | 'onWait'>;

/**
 * Waits until nobody holds the lock at `path`, or the lock or PID file of another program there: until nothing stands
 * there, or its owner is dead. Another process may have taken it again by the time this one goes on.
 * @throws LockTimeoutError (ERR_LOCK_TIMEOUT), and the errors of inspectLock().
 */
export async function waitUntilFree(path: string, options: UntilFreeOptions): Promise<void> {
  checkAcquireOptions(options);
  const { timeout = Number.POSITIVE_INFINITY, onWait: _, ...judging } = options;
  const started = monotonicMs();
  const pace = new Pace();
  const watcher = new Watcher(path);
  const lastLook = new LastLook();
  let reporter: Reporter | null = null;
  try {
    for (;;) {
      const { found, lockState } = lookAt(path, judging, lastLook, bothOf);
      if (found.state === 'free' || found.state === 'stale') return;
      refuseWhatIsNoLock(found, lockState);
      const waited = monotonicMs() - started;
      const { lookAgainIn } = lockState ?? {};
      const obstacle = { ...found, moving: false, ...(lookAgainIn === undefined ? {} : { lookAgainIn }) };
      reporter ??= new Reporter(found.path, options);
      const report = reporter.report(obstacle, waited);
      if (waited >= timeout) throw new LockTimeoutError(report, timeout);
      // A change before the watch began was not reported, so the lock is looked at once more.
      if (watcher.watch(found)) continue;
      const ms = pace.afterLook(obstacle, watcher.isComplete && found.state === 'held');
      const planned = Math.min(ms, timeout - waited, reporter.dueIn(report));
      const pausedAt = monotonicMs();
      await watcher.wait(planned);
      pace.afterPause(monotonicMs() - pausedAt, planned);
    }
  } finally {
    watcher.close();
  }
}

function bothOf(found: InspectedLock, lockState: LockState | null) {
  return { found, lockState };
}

/** @throws LockNotEmptyError or NotALockError for what no release would ever make free. */
function refuseWhatIsNoLock(
  { path, format, description, foreignFiles }: InspectedLock,
  state: LockState | null,
): void {
  if (foreignFiles.length > 0) throw new LockNotEmptyError(path, foreignFiles);
  // A lock that names its owner can be waited for, though it may be none that this package would remove.
  if (format !== 'none' || state?.refusal === undefined || state.lookAgainIn !== undefined) return;
  // An empty directory may be the lock of a program that locks by a directory alone, whatever it is called.
  if (state.liftedBy === 'ownerlessGrace') return;
  throw new NotALockError(path, description, 'Only a lock that names its owner can be waited for.');
}

/** The watch of what stands at a path, which is begun anew for each owner. Call close() when done. */
class Watcher {
  readonly #path: string;
  /** Wakes where there is no watch: never. */
  readonly #idle = new Wakeup();
  #watch: AsyncChangeWatch | null = null;
  #watched = '';

  constructor(path: string) {
    this.#path = path;
  }

  get isComplete(): boolean {
    return this.#watch?.complete === true;
  }

  /** @returns true when a watch has begun. */
  watch({ format, owner }: InspectedLock): boolean {
    const who = `${format} ${owner?.nonce} ${owner?.pid}`;
    if (who === this.#watched) return false;
    this.close();
    this.#watched = who;
    const lockPath = LockPath.open(this.#path);
    try {
      this.#watch = hasOwnerFile(format) ? watchLockAt(lockPath) : watchFile(lockPath, owner);
    } finally {
      lockPath.close();
    }
    return this.#watch !== null;
  }

  wait(ms: number): Promise<void> {
    return (this.#watch ?? this.#idle).wait(ms, undefined);
  }

  close(): void {
    this.#watch?.close();
    this.#watch = null;
  }
}

/** Watches the file's directory, and the process that has the recorded number, which may be another than the owner. */
function watchFile({ backend, parent }: LockPath, owner: OwnerRecord | null): AsyncChangeWatch | null {
  const { watch, processes, files } = backend;
  if (watch === null) return null;
  const wakeup = new Wakeup();
  const opened = owner?.pid ? processes.openPidfd(owner.pid) : 'ESRCH';
  const pidfd = isErrno(opened) ? null : opened;
  try {
    const ticket = watch.onLockChange(parent, pidfd, () => wakeup.wake());
    if (isErrno(ticket)) return null;
    return {
      complete: pidfd !== null,
      wait: (ms, signal) => wakeup.wait(ms, signal),
      wake: () => wakeup.wake(),
      close: () => watch.cancel(ticket),
    };
  } finally {
    if (pidfd !== null) files.close(pidfd);
  }
}
