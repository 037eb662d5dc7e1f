/** Wakes a task of the event loop that waits for it; one that comes later, since it had no turn to look, does not wait. */
export class Wakeup {
  #rang = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  /** Resolves after `ms`, or earlier when the bell rings; rejects with `signal.reason` once that aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        this.#wake = null;
        this.#rang = false;
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener('abort', finish, { once: true });
      this.#wake = finish;
      if (this.#rang) finish();
    });
  }
}
