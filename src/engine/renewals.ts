import type { LeaseState } from './engine.js';

/** Renewals in the time that a server granted, as every process of this package makes them. */
const PER_TTL = 3;
/** Milliseconds: servers round the time that is left down to a second, and an answer takes some time. */
const RESOLUTION = 1_250;

/**
 * Watches from outside how often a lease is renewed. One process renews it once in a third of its time. Two copies of
 * one machine, with the same process in both, renew it twice; then the process that dies here may live in the copy.
 * A new leader of the server also begins all times anew, which looks the same, and costs no more than waiting.
 */
export class Renewals {
  /** When the last renewal was seen to have been made, in ms on the observer's clock. */
  #last: number | null = null;
  #areOfTwo = false;

  /** Whether the looks have shown that two processes renew the lease. */
  get areOfTwo(): boolean {
    return this.#areOfTwo;
  }

  /** Whether a look has shown a renewal after this moment, on the clock of the looks. */
  isLaterThan(at: number): boolean {
    return this.#last !== null && this.#last >= at + RESOLUTION;
  }

  /**
   * Takes note of a look.
   * @param at milliseconds on a monotonic clock.
   */
  see({ leftMs, ttlMs }: LeaseState, at: number): void {
    const renewed = at + leftMs - ttlMs;
    const gap = this.#last === null ? Number.POSITIVE_INFINITY : renewed - this.#last;
    if (gap >= RESOLUTION) {
      if (gap < ttlMs / PER_TTL - RESOLUTION) this.#areOfTwo = true;
      this.#last = renewed;
    }
  }
}
