import type { Obstacle } from './obstacle.js';

/** The pause that means: look again at once. */
export const AT_ONCE = 0;
/** A look that found the lock changing is repeated at once, but only this often in a row. */
const MAX_IMMEDIATE = 8;
/** Milliseconds between two looks at a lock whose changes are not all reported. */
const POLL_INTERVAL = 100;
/**
 * Milliseconds from a change to the first re-check. Each further re-check follows PATIENCE times later, up to
 * POLL_INTERVAL. They are needed because two steps raise no inotify event: the kernel reports that the
 * owner's file was closed a moment before it frees the witness (__fput: fsnotify_close, then
 * locks_remove_file), and it reports no removal of a directory that a process has open. The process may
 * be descheduled between the step that is reported and the one that is not.
 */
const FIRST_RECHECK = 2;
const PATIENCE = 7;
/**
 * Milliseconds between two looks at a lock all of whose changes are reported, in case one is missed. A look
 * takes half a millisecond in an otherwise idle process, so a hundred waiters take 0.3 % of a core.
 */
const SAFETY_INTERVAL = 15_000;
/** Share by which pauses are varied, so that waiters of one lock do not look in step. */
const JITTER = 0.2;

/** What of a look decides when the next one comes. */
type Look = Pick<Obstacle, 'moving' | 'owner' | 'lookAgainIn'>;

/** Decides when a waiter looks at the lock again. It reads no clock. */
export class Pace {
  readonly #random: () => number;
  /** Looks that were repeated at once since the last pause. */
  #immediate = 0;
  /** Milliseconds from the last look to the next re-check. Infinity when nothing has changed lately. */
  #recheck = Number.POSITIVE_INFINITY;
  #wasWoken = false;

  /** @param random a number from 0 to 1, as Math.random gives it. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * @param seen what this waiter's look has just shown.
   * @param isWatchComplete true when every change that can free the lock is reported.
   * @returns milliseconds until the next look, or {@link AT_ONCE}.
   */
  afterLook({ moving, owner, lookAgainIn }: Look, isWatchComplete: boolean): number {
    if (moving && this.#immediate < MAX_IMMEDIATE) {
      this.#immediate += 1;
      return AT_ONCE;
    }
    // The lock has a new owner already, or others keep changing it: the change that woke this waiter is over.
    const isSettled = moving || (this.#immediate > 0 && owner !== null);
    this.#immediate = 0;
    if (moving || this.#wasWoken) this.#recheck = isSettled ? POLL_INTERVAL : FIRST_RECHECK;
    else this.#recheck *= PATIENCE;
    const isQuiet = this.#recheck > POLL_INTERVAL;
    const interval = isQuiet && isWatchComplete ? SAFETY_INTERVAL : Math.min(this.#recheck, POLL_INTERVAL);
    // The bound is not varied, because what the waiter wants to see then is over a moment later.
    return Math.min(this.#vary(interval), lookAgainIn ?? Number.POSITIVE_INFINITY);
  }

  /** @returns milliseconds for which a waiter pauses while another waiter of this thread looks for both. */
  whileAnotherLooks(): number {
    return this.#vary(SAFETY_INTERVAL);
  }

  /** Call this after each pause. `took` and `planned` are milliseconds. */
  afterPause(took: number, planned: number): void {
    // A timer may be a millisecond early.
    this.#wasWoken = took < planned - 1;
  }

  #vary(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#random() - 1));
  }
}
