import { closedError } from './closed-error.js';
import type { Engine } from './engine.js';
import { Session } from './session.js';

/** The session that all locks of one object share. It is opened with the first of them, and anew after one was lost. */
export class SharedSession {
  readonly #engine: Engine;
  readonly #ttlMs: number;
  #opened: Promise<Session> | null = null;
  /** The latest one that the server has granted. */
  #session: Session | null = null;
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
      this.#opened ??= this.#grant();
      const opened = this.#opened;
      const session = await opened.catch((error: unknown) => {
        if (this.#opened === opened) this.#opened = null;
        throw this.#isEnded ? closedError(this.#engine.address) : error;
      });
      if (session.loss === null) return session;
      if (this.#opened === opened) this.#opened = null;
    }
  }

  async #grant(): Promise<Session> {
    const lease = await this.#engine.grant(this.#ttlMs);
    if (this.#isEnded) {
      lease.stop();
      throw closedError(this.#engine.address);
    }
    this.#session = new Session(this.#engine, lease);
    return this.#session;
  }

  lose(how: string): void {
    void this.#opened?.then(
      (session) => session.lose(how),
      () => {},
    );
  }

  /** A lease that the server has not granted yet is not waited for. It keeps nothing, and falls by itself. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#session?.end();
  }
}
