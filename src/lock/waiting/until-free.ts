// Waiting for a lock that this process does not want: it looks, and waits for a change, but takes and removes nothing.

import { lstatSync, type Stats } from 'node:fs';
import { basename } from 'node:path';
import { monotonicMs } from '../../backend/monotonic-clock.js';
import { isErrno } from '../../backend/system-error.js';
import { LockNotEmptyError, NotALockError } from '../../errors.js';
import { hasOwnerFile } from '../../formats/format.js';
import { isNamedLikeLock } from '../../formats/names.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { inspectLockSync, type LockInspection } from '../inspect.js';
import { type AcquireOptions, checkAcquireOptions } from '../options.js';
import { BEATS_PER_LEASE, type InspectOptions, MIN_LEASE } from '../protocol/assess.js';
import { ABOUT_TO_BE_WRITTEN, WRITING_TIME } from '../protocol/file-at-path.js';
import { LEASED } from '../protocol/file-lease.js';
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
  let reporter: Reporter | null = null;
  try {
    for (;;) {
      const found = inspectLockSync(path, judging);
      if (found.state === 'free' || found.state === 'stale') return;
      refuseWhatIsNoLock(found, judging);
      const waited = monotonicMs() - started;
      const obstacle = { ...found, moving: false, ...lookAgain(found) };
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

/** @throws LockNotEmptyError or NotALockError for what no release would ever make free. */
function refuseWhatIsNoLock(found: LockInspection, { emptyFile }: InspectOptions): void {
  const { path, format, description, foreignFiles } = found;
  if (foreignFiles.length > 0) throw new LockNotEmptyError(path, foreignFiles);
  // With the option, a file that names nobody becomes a left-over lock in time.
  if (format !== 'none' || description === LEASED || emptyFile === 'take') return;
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.isDirectory()) return;
  if (description.endsWith(ABOUT_TO_BE_WRITTEN) && isNew(path, status)) return;
  throw new NotALockError(path, description, 'Only a lock that names its owner can be waited for.');
}

/**
 * True for a file that is so new that its owner may not have written its record yet, as acquireLock() has it. Its size
 * says nothing, because the record may have been written since the file was found without one.
 */
function isNew(path: string, { mtimeMs }: Stats): boolean {
  // Date.now() is cut to whole milliseconds, so that a file of this very one would seem to be of the future.
  const ageMs = Date.now() - Math.floor(mtimeMs);
  return isNamedLikeLock(basename(path)) && ageMs >= 0 && ageMs <= WRITING_TIME;
}

/** When time alone may have changed the state. */
function lookAgain({ verdict, owner }: LockInspection): { lookAgainIn?: number } {
  if (verdict?.lookAgainIn !== undefined) return { lookAgainIn: verdict.lookAgainIn };
  // The silence of an owner counts for one beat from one look to the next: see assessByLease().
  const lease = owner?.lease ?? null;
  return lease === null ? {} : { lookAgainIn: Math.max(lease.durationMs, MIN_LEASE) / BEATS_PER_LEASE };
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
  watch({ format, owner }: LockInspection): boolean {
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
