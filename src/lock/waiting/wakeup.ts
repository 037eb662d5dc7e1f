import { ignoreAbort, onAbort } from './aborts.js';

/** Wakes one waiter in the event loop. If it is woken before it waits, its next wait() returns at once. */
export class Wakeup {
  #isDue = false;
  #finish: (() => void) | null = null;

  wake(): void {
    this.#isDue = true;
    this.#finish?.();
  }

  /** Resolves after `ms` milliseconds, or earlier when woken. Rejects with `signal.reason` once it aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        if (signal !== undefined) ignoreAbort(signal, finish);
        this.#finish = null;
        this.#isDue = false;
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(finish, ms);
      if (signal !== undefined) onAbort(signal, finish);
      this.#finish = finish;
      if (this.#isDue) finish();
    });
  }
}
