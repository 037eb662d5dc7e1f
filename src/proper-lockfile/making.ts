import { monotonicMs } from '../backend/monotonic-clock.js';

/**
 * The moment before a mkdir(2). That call gives no descriptor, so what is found at the path afterwards is the directory that
 * was made only while nobody can have put another in its place. Nobody does before it has grown old: then others may take
 * it for abandoned, also those that know nothing of the kernel's locks.
 */
export class Making {
  readonly #wallMs = Date.now();
  readonly #awakeMs = monotonicMs();
  readonly #limitMs: number;

  /** @param staleMs after how many milliseconds others may take it for abandoned. */
  constructor(staleMs: number) {
    this.#limitMs = staleMs / 2;
  }

  /**
   * Whether what was found is the directory that was made. A process that stood still recognises its own by the time:
   * another's is at least `staleMs` younger.
   * @param mtimeMs is called only if it is needed.
   */
  isOwn(mtimeMs: () => number): boolean {
    // The monotonic clock stands still while the machine is suspended, and the wall clock may be set back.
    const wallMs = Date.now() - this.#wallMs;
    if (Math.max(wallMs, monotonicMs() - this.#awakeMs) < this.#limitMs) return true;
    return wallMs >= this.#limitMs && Math.abs(mtimeMs() - this.#wallMs) < this.#limitMs;
  }
}
