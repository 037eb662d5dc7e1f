import { monotonicMs } from '../backend/monotonic-clock.js';
import { acquireEvent, ownerAgeOf } from '../lock/events.js';
import { LockTimeoutError } from '../lock/timeout-error.js';
import { ignoreAbort, onAbort } from '../lock/waiting/aborts.js';
import { isListening, Reporter } from '../lock/waiting/reporter.js';
import { Wakeup } from '../lock/waiting/wakeup.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { Candidate, type CandidateOptions, GivenUp, SessionLost } from './candidate.js';
import type { Engine } from './engine.js';
import { EngineLock } from './engine-lock.js';
import type { ProofOfDeath } from './proof-of-death.js';
import type { SharedSession } from './shared-session.js';
import type { Hindrance, Task, Turns } from './turns.js';

/** Milliseconds between two reports to a task that waits for another one of this process. */
const LOOK = 10_000;

const WANTED_HERE: Hindrance = {
  owner: null,
  verdict: null,
  description: 'another task of this process waits for it',
};

/**
 * A call of `acquire`: first this process's turn, then one candidate after the other, as long as sessions are lost. It ends
 * with the lock, with its time, or with its signal.
 */
export class Acquisition implements Task {
  readonly #engine: Engine;
  readonly #proof: ProofOfDeath;
  readonly #session: SharedSession;
  readonly #turns: Turns;
  readonly #name: string;
  readonly #options: CandidateOptions;
  readonly #timeout: number;
  readonly #startedAt = monotonicMs();
  #candidate: Candidate | null = null;
  /** What kept the candidates before. */
  #seen: Hindrance | null = null;
  #lock: EngineLock | null = null;
  /** What kept the task before from the lock, or that it had it, and for how many ms it was waited for. */
  #ahead: Hindrance | null = null;
  #waitedForTurn = 0;
  /** Made when another task is first. */
  #wakeup: Wakeup | null = null;
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

  get hindrance(): Hindrance | null {
    if (this.#lock !== null) return heldHere(this.#lock.owner);
    return this.#candidate?.hindrance ?? this.#seen;
  }

  get isListening(): boolean {
    return isListening(this.#options);
  }

  wake(known: Hindrance | null): void {
    this.#ahead = known;
    this.#wakeup?.wake();
  }

  /** @throws LockTimeoutError, `signal.reason`, and the errors of {@link Engine}. */
  async run(): Promise<EngineLock> {
    this.#options.signal?.throwIfAborted();
    if (this.#timeout === 0 && this.#turns.first(this.#name) !== undefined) throw this.#timedOut();
    const lock = await this.#withinTime(this.#win());
    if (acquireEvent.isHeard) {
      const { path, owner, reclaimed } = lock;
      acquireEvent.publish({ path, owner, reclaimed, waited: this.#waited });
    }
    return lock;
  }

  async #win(): Promise<EngineLock> {
    const leave = () => this.#turns.leave(this.#name, this);
    const changed = () => this.#turns.hasChanged(this.#name);
    this.#turns.enter(this.#name, this);
    try {
      if (this.#turns.first(this.#name) !== this) await this.#awaitTurn();
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
          changed,
        );
        this.#seen = this.hindrance;
        this.#candidate = candidate;
        if (this.#isOver) candidate.giveUp();
        const won = await candidate.win(this.#timeout === 0).catch(nullIfSessionLost);
        if (won === null) continue;
        this.#lock = new EngineLock({ ...won, leave });
        this.#candidate = null;
        changed();
        return this.#lock;
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Waits for the tasks of this process that came before, and reports what keeps the first of them, or that it holds the lock. */
  async #awaitTurn(): Promise<void> {
    const wakeup = new Wakeup();
    this.#wakeup = wakeup;
    const reporter = new Reporter(this.#path, this.#options);
    for (;;) {
      const first = this.#turns.first(this.#name);
      if (first === this || this.#isOver) break;
      const hindrance = first?.hindrance ?? WANTED_HERE;
      const report = reporter.report({ ...hindrance, moving: false, lookAgainIn: LOOK }, this.#waited);
      await wakeup.wait(Math.min(LOOK, reporter.dueIn(report)), undefined);
    }
    this.#waitedForTurn = this.#waited;
  }

  /** Waits for `work`, unless time is over or the signal aborts before. What it brings then is given back. */
  #withinTime(work: Promise<EngineLock>): Promise<EngineLock> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        if (this.#isOver) return;
        this.#isOver = true;
        clearTimeout(timer);
        if (signal !== undefined) ignoreAbort(signal, abort);
        settle();
      };
      const stop = (error: () => unknown) =>
        end(() => {
          this.#candidate?.giveUp();
          reject(error());
          this.#wakeup?.wake();
        });
      const abort = () => stop(() => signal?.reason);
      // Node ends a timer at once that is set to more. A single try waits for nothing but the server.
      const isTimed = this.#timeout > 0 && this.#timeout < 2 ** 31;
      const timer = isTimed ? setTimeout(() => stop(() => this.#timedOut()), this.#timeout) : undefined;
      if (signal !== undefined) onAbort(signal, abort);
      // A listener of the first report may have done it.
      if (signal?.aborted) abort();
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

  get #path(): string {
    return `${this.#engine.address}${this.#name}`;
  }

  /** Only what somebody holds is busy. Where no server has said so, it is the server that was not there in time. */
  #timedOut(): Error {
    const [path, waited] = [this.#path, this.#waited];
    const first = this.#candidate === null ? (this.#turns.first(this.#name) ?? this) : this;
    const isTry = this.#timeout === 0;
    // Where most of the time went by behind another task, that one was in the way.
    const ahead = this.#waitedForTurn * 2 > waited ? this.#ahead : null;
    const hindrance = first.hindrance ?? ahead ?? (isTry ? WANTED_HERE : null);
    if (hindrance === null) return this.#engine.unavailable(waited);
    const { owner, verdict, description } = hindrance;
    const more = { ownerAge: ownerAgeOf(owner), liftedBy: null, overdue: false };
    return new LockTimeoutError({ path, waited, owner, verdict, description, ...more }, this.#timeout);
  }
}

/** What a task of this process that holds the lock is to another one. */
function heldHere(owner: OwnerRecord): Hindrance {
  const { nonce } = owner;
  const evidence = [{ check: 'nonce', recorded: nonce, observed: nonce, finding: 'alive' }] as const;
  const verdict = { state: 'alive', certainty: 'proven', reason: 'held-by-this-process', evidence } as const;
  return { owner, verdict, description: 'its owner is alive (held-by-this-process)' };
}

/** @throws any other error. */
function nullIfSessionLost(error: unknown): null {
  if (error instanceof SessionLost) return null;
  throw error;
}
