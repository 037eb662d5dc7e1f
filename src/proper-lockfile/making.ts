import { monotonicMs } from '../backend/monotonic-clock.js';

/**
 * The moment before a directory is made, whose time is then that moment. Once the directory has grown old, others may take it
 * for abandoned, also those that know nothing of the kernel's locks.
 */
export class Making {
  readonly #wallMs = Date.now();
  readonly #awakeMs = monotonicMs();
  readonly #limitMs: number;

  /** @param staleMs after how many milliseconds others may take it for abandoned. */
  constructor(staleMs: number) {
    this.#limitMs = staleMs / 2;
  }

  /** Whether this process has stood still since, for so long that the directory may have grown old. */
  hasPaused(): boolean {
    // The monotonic clock stands still while the machine is suspended, and the wall clock may be set back.
    return Math.max(this.#wallPassedMs(), monotonicMs() - this.#awakeMs) >= this.#limitMs;
  }

  /**
   * Whether what was found at the path after mkdir(2), which gives no descriptor, is the directory that was made. A process
   * that stood still recognises its own by the time: another's is at least `staleMs` younger.
   * @param mtimeMs is called only if it is needed.
   */
  isOwn(mtimeMs: () => number): boolean {
    if (!this.hasPaused()) return true;
    return this.#wallPassedMs() >= this.#limitMs && Math.abs(mtimeMs() - this.#wallMs) < this.#limitMs;
  }

  #wallPassedMs(): number {
    return Date.now() - this.#wallMs;
  }
}
