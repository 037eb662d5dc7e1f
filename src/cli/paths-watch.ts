import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { LockPath } from '../lock/protocol/lock-path.js';
import { type AsyncChangeWatch, watchLockAt } from '../lock/waiting/change-watch.js';
import { Wakeup } from '../lock/waiting/wakeup.js';

/** Milliseconds until the next look where the kernel reports every change, and where it does not. */
const SAFETY_INTERVAL = 5_000;
const POLL_INTERVAL = 1_000;

/**
 * Wakes a program that shows locks when one of them may have changed. The kernel reports what appears and vanishes in
 * the directory of a lock, each change in the lock itself, and the death of its owner. It reports nothing of that for
 * the file of another program, nor on plain Node: those are looked at every second.
 */
export class PathsWatch {
  readonly #paths: readonly string[];
  readonly #wakeup = new Wakeup();
  readonly #parents: FSWatcher[] = [];
  #areParentsWatched = true;
  #watches: (AsyncChangeWatch | null)[] = [];
  #round = new AbortController();
  #isReported = false;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    const names = new Set(paths.map((path) => basename(path)));
    for (const parent of new Set(paths.map((path) => dirname(path)))) this.#watchParent(parent, names);
  }

  /** Watches what stands at the paths now. Call this before the look whose result is shown. */
  begin(): void {
    this.#endRound();
    this.#round = new AbortController();
    this.#watches = this.#paths.map(watchLock);
  }

  /**
   * Waits for a change, until it is time for another look, or until `signal` aborts.
   * @returns true when something was reported.
   */
  async wait(signal: AbortSignal): Promise<boolean> {
    this.#isReported = false;
    const isWhole = this.#areParentsWatched && this.#watches.every((lock) => lock === null || lock.complete);
    const hasStranger = this.#watches.some((lock, index) => lock === null && !isFree(this.#paths[index]));
    const ms = isWhole && !hasStranger ? SAFETY_INTERVAL : POLL_INTERVAL;
    for (const lock of this.#watches) {
      // A wait that another one has overtaken is rejected at the end of the round.
      lock?.wait(ms * 2, this.#round.signal).then(
        () => this.#report(),
        () => {},
      );
    }
    await this.#wakeup.wait(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    return this.#isReported;
  }

  #report(): void {
    this.#isReported = true;
    this.#wakeup.wake();
  }

  close(): void {
    this.#endRound();
    for (const parent of this.#parents) parent.close();
  }

  #endRound(): void {
    this.#round.abort();
    for (const lock of this.#watches) lock?.close();
    this.#watches = [];
  }

  #watchParent(parent: string, names: ReadonlySet<string>): void {
    try {
      const watcher = watch(parent, (_event, name) => {
        if (name === null || names.has(name)) this.#report();
      });
      watcher.on('error', () => {
        this.#areParentsWatched = false;
        this.#wakeup.wake();
      });
      this.#parents.push(watcher);
    } catch {
      this.#areParentsWatched = false;
    }
  }
}

/** null where nothing stands, where no lock of this package does, or where the kernel reports nothing. */
function watchLock(path: string): AsyncChangeWatch | null {
  try {
    const lockPath = LockPath.open(path);
    try {
      return watchLockAt(lockPath);
    } finally {
      lockPath.close();
    }
  } catch {
    // The look that follows reports what is wrong.
    return null;
  }
}

function isFree(path: string | undefined): boolean {
  try {
    const lockPath = LockPath.open(path as string);
    try {
      return !lockPath.exists();
    } finally {
      lockPath.close();
    }
  } catch {
    return false;
  }
}
