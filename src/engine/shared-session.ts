import { closedError } from './closed-error.js';
import type { Engine } from './engine.js';
import { Session } from './session.js';

/** The session that all locks of one object share. It is opened with the first of them, and anew after one was lost. */
export class SharedSession {
  readonly #engine: Engine;
  readonly #ttlMs: number;
  #opened: Promise<Session> | null = null;
  #isEnded = false;

  constructor(engine: Engine, ttlMs: number) {
    this.#engine = engine;
    this.#ttlMs = ttlMs;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** @throws Error (ERR_INVALID_STATE) after the end, and the errors of {@link Engine}. */
  async open(): Promise<Session> {
    for (;;) {
      if (this.#isEnded) throw closedError(this.#engine.address);
      this.#opened ??= this.#engine.grant(this.#ttlMs).then((lease) => new Session(this.#engine, lease));
      const opened = this.#opened;
      const session = await opened.catch((error: unknown) => {
        if (this.#opened === opened) this.#opened = null;
        throw error;
      });
      if (!session.isLost) return session;
      if (this.#opened === opened) this.#opened = null;
    }
  }

  lose(how: string): void {
    void this.#opened?.then(
      (session) => session.lose(how),
      () => {},
    );
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    const session = await this.#opened?.catch(() => null);
    await session?.end();
  }
}
