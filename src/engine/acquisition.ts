import { monotonicMs } from '../backend/monotonic-clock.js';
import { acquireEvent, type WaitReport } from '../lock/events.js';
import { LockTimeoutError } from '../lock/timeout-error.js';
import { Candidate, type CandidateOptions, GivenUp, SessionLost } from './candidate.js';
import type { Engine } from './engine.js';
import { EngineLock } from './engine-lock.js';
import type { ProofOfDeath } from './proof-of-death.js';
import type { SharedSession } from './shared-session.js';
import type { Turns } from './turns.js';

const BUSY = 'another task of this process holds it or waits for it';
const MUTE = 'the server has not answered who holds it';

/**
 * A call of `acquire`: first this process's turn, then one candidate after the other, as long as sessions are lost. It ends
 * with the lock, with its time, or with its signal.
 */
export class Acquisition {
  readonly #engine: Engine;
  readonly #proof: ProofOfDeath;
  readonly #session: SharedSession;
  readonly #turns: Turns;
  readonly #name: string;
  readonly #options: CandidateOptions;
  readonly #timeout: number;
  readonly #startedAt = monotonicMs();
  #candidate: Candidate | null = null;
  #isInTurn = false;
  #isOver = false;

  constructor(
    { engine, proof }: { readonly engine: Engine; readonly proof: ProofOfDeath },
    session: SharedSession,
    turns: Turns,
    name: string,
    options: CandidateOptions,
  ) {
    this.#engine = engine;
    this.#proof = proof;
    this.#session = session;
    this.#turns = turns;
    this.#name = name;
    this.#options = options;
    this.#timeout = options.timeout ?? Number.POSITIVE_INFINITY;
  }

  /** @throws LockTimeoutError, `signal.reason`, and the errors of {@link Engine}. */
  async run(): Promise<EngineLock> {
    this.#options.signal?.throwIfAborted();
    if (this.#timeout === 0 && this.#turns.isTaken(this.#name)) throw this.#timedOut();
    const lock = await this.#withinTime(this.#win());
    if (acquireEvent.isHeard) {
      const { path, owner, reclaimed } = lock;
      acquireEvent.publish({ path, owner, reclaimed, waited: this.#waited });
    }
    return lock;
  }

  async #win(): Promise<EngineLock> {
    const { turn, leave } = this.#turns.enter(this.#name);
    try {
      await turn;
      this.#isInTurn = true;
      for (;;) {
        if (this.#isOver) throw new GivenUp();
        const session = await this.#session.open();
        const candidate = new Candidate(
          this.#engine,
          session,
          this.#proof,
          this.#name,
          this.#options,
          this.#startedAt,
        );
        this.#candidate = candidate;
        if (this.#isOver) candidate.giveUp();
        const won = await candidate.win(this.#timeout === 0).catch(nullIfSessionLost);
        if (won !== null) return new EngineLock({ ...won, leave });
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Waits for `work`, unless time is over or the signal aborts before. What it brings then is given back. */
  #withinTime(work: Promise<EngineLock>): Promise<EngineLock> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        if (this.#isOver) return;
        this.#isOver = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const stop = (error: () => unknown) =>
        end(() => {
          this.#candidate?.giveUp();
          reject(error());
        });
      const abort = () => stop(() => signal?.reason);
      // Node ends a timer at once that is set to more. A single try waits for nothing but the server.
      const isTimed = this.#timeout > 0 && this.#timeout < 2 ** 31;
      const timer = isTimed ? setTimeout(() => stop(() => this.#timedOut()), this.#timeout) : undefined;
      signal?.addEventListener('abort', abort);
      work.then(
        (lock) => {
          if (this.#isOver) lock.release().catch(() => {});
          end(() => resolve(lock));
        },
        (error: unknown) => end(() => reject(error instanceof GivenUp ? this.#timedOut() : error)),
      );
    });
  }

  get #waited(): number {
    return monotonicMs() - this.#startedAt;
  }

  #timedOut(): LockTimeoutError {
    const last = this.#candidate?.report ?? {
      path: `${this.#engine.address}${this.#name}`,
      owner: null,
      ownerAge: null,
      verdict: null,
      description: this.#isInTurn ? MUTE : BUSY,
      liftedBy: null,
      overdue: false,
    };
    const report: WaitReport = { ...last, waited: this.#waited };
    return new LockTimeoutError(report, this.#timeout);
  }
}

/** @throws any other error. */
function nullIfSessionLost(error: unknown): null {
  if (error instanceof SessionLost) return null;
  throw error;
}
