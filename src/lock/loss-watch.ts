import type { Backend } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isErrno } from '../backend/system-error.js';

/** Milliseconds between two looks where the kernel reports no changes. */
const POLL_INTERVAL = 1_000;
/**
 * Milliseconds from a look that missed the lock to the last one that may find it back. Each pause is twice as
 * long as the one before, from 1 ms on. Another process may have renamed owner.json in order to compare it
 * with what it judged, and then renames it back.
 */
const LONGEST_PAUSE = 64;

/**
 * Notices that a lock which this process holds is deleted, replaced or moved away by another program. The
 * kernel reports that by inotify, through the one instance that the process has; where there is none, the
 * watch looks once a second. It does not keep the process from exiting. Call close() when done.
 */
export class LossWatch {
  readonly #backend: Backend;
  readonly #whatIsWrong: () => string | null;
  readonly #lost: (how: string) => void;
  /** The watch of the kernel. null while this one polls. */
  readonly #ticket: number | null;
  readonly #poll: NodeJS.Timeout | null;
  #recheck: NodeJS.Timeout | null = null;
  #isClosed = false;

  /**
   * @param directory the lock's.
   * @param whatIsWrong says how the lock is lost; null while it is held. It may throw where it cannot know.
   * @param lost called once, with what was wrong at the last look.
   */
  constructor(
    backend: Backend,
    directory: Descriptor,
    whatIsWrong: () => string | null,
    lost: (how: string) => void,
  ) {
    this.#backend = backend;
    this.#whatIsWrong = whatIsWrong;
    this.#lost = lost;
    const ticket = backend.watch?.onOwnLockChange(directory, () => this.#begin()) ?? null;
    this.#ticket = ticket === null || isErrno(ticket) ? null : ticket;
    this.#poll = this.#ticket === null ? setInterval(() => this.#begin(), POLL_INTERVAL) : null;
    this.#poll?.unref();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#ticket !== null) this.#backend.watch?.cancel(this.#ticket);
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#recheck !== null) clearTimeout(this.#recheck);
  }

  /**
   * Looks now, unless looks follow each other already: a flood of changes must not delay the last of them.
   */
  #begin(): void {
    if (this.#recheck === null) this.#look(1);
  }

  /** Looks once, and if the lock is not there, again after `pause` ms and ever longer pauses. */
  #look(pause: number): void {
    if (this.#isClosed) return;
    this.#recheck = null;
    const wrong = this.#see();
    if (wrong === null) return;
    if (pause > LONGEST_PAUSE) {
      this.close();
      this.#lost(wrong);
      return;
    }
    this.#recheck = setTimeout(() => this.#look(2 * pause), pause);
    this.#recheck.unref();
  }

  #see(): string | null {
    try {
      return this.#whatIsWrong();
    } catch {
      // The disk fails, or the process has given up the right to read the directory. That is no loss.
      return null;
    }
  }
}
