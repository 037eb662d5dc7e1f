/** When a look at a file began and ended, in milliseconds on one monotonic clock. */
export interface LookTimes {
  readonly startedMs: number;
  readonly endedMs: number;
}

/**
 * Counts for how long a file is known not to have changed: a sum over the looks that all saw the same.
 *
 * An interval counts from the end of one look to the start of the next. The answer of a server may be late,
 * and what it says was true at some moment between the two ends of its look; so no more than this is known.
 * And it counts for at most `longestMs`, because the observer may have been stopped, frozen or suspended in
 * between, together with the owner that it observes: after any pause the other looks have to be made anew. It
 * reads no clock.
 */
export class Silence {
  #signature: string | null = null;
  #silentMs = 0;
  #lastEndedMs = 0;

  /**
   * Adds a look that saw `signature`.
   * @returns milliseconds for which that has certainly not changed.
   */
  add(signature: string, { startedMs, endedMs }: LookTimes, longestMs: number): number {
    if (signature === this.#signature) {
      this.#silentMs += Math.min(Math.max(startedMs - this.#lastEndedMs, 0), longestMs);
    } else {
      this.#signature = signature;
      this.#silentMs = 0;
    }
    this.#lastEndedMs = endedMs;
    return this.#silentMs;
  }
}
