import { monotonicMs } from '../backend/monotonic-clock.js';
import { withCode } from '../errors.js';
import { directoryFormat } from '../formats/format.js';
import { acquireEvent, ownerAgeOf, reclaimEvent, type WaitReport } from '../lock/events.js';
import { LockTimeoutError } from '../lock/timeout-error.js';
import { Candidate, type CandidateOptions, GivenUp, SessionLost } from './candidate.js';
import type { Engine, Entry } from './engine.js';
import { EngineLock } from './engine-lock.js';
import type {
  Locks,
  LocksWatch,
  NamedAcquireOptions,
  NamedInspection,
  NamedLock,
  NamedReclaimResult,
  NamedTryOptions,
} from './locks.js';
import { checkNamedOptions } from './named-options.js';
import { checkName } from './names.js';
import { type Judgement, ProofOfDeath, type ProofOptions } from './proof-of-death.js';
import { Session } from './session.js';
import { Turns } from './turns.js';
import { watchInspections } from './watch-inspections.js';
import { runWithLock, type WithLockArguments } from './with-lock.js';

export interface EngineLocksOptions extends ProofOptions {
  /** Milliseconds. */
  readonly ttl: number;
}

/** The locks of an engine. One session, and so one lease, serves all of this object. */
export class EngineLocks implements Locks {
  readonly address: string;
  readonly engine: Engine;
  readonly #options: EngineLocksOptions;
  /** @internal For the agent. */
  readonly proof: ProofOfDeath;
  readonly #turns = new Turns();
  readonly #watches = new Set<LocksWatch>();
  #session: Promise<Session> | null = null;
  #isClosed = false;

  constructor(engine: Engine, options: EngineLocksOptions) {
    this.address = engine.address;
    this.engine = engine;
    this.#options = options;
    this.proof = new ProofOfDeath(engine, options);
    engine.onEnd((how) => {
      void this.#session?.then((session) => session.lose(how));
    });
  }

  async acquire(name: string, options: NamedAcquireOptions = {}): Promise<NamedLock> {
    checkName(name);
    checkNamedOptions(options);
    return this.acquireAs(name, options);
  }

  async tryAcquire(name: string, options: NamedTryOptions = {}): Promise<NamedLock | null> {
    checkName(name);
    checkNamedOptions(options, true);
    try {
      return await this.acquireAs(name, { ...options, timeout: 0 });
    } catch (error) {
      if (error instanceof LockTimeoutError) return null;
      throw error;
    }
  }

  /** @internal The acquisition of `run` as well. */
  async acquireAs(name: string, options: CandidateOptions): Promise<EngineLock> {
    options.signal?.throwIfAborted();
    this.#requireOpen();
    const { timeout = Number.POSITIVE_INFINITY, signal } = options;
    const startedAt = monotonicMs();
    let candidate: Candidate | null = null;
    let isOver = false;
    let isInTurn = false;
    const work = async (): Promise<EngineLock> => {
      const { turn, leave } = this.#turns.enter(name);
      try {
        await turn;
        isInTurn = true;
        for (;;) {
          if (isOver) throw new GivenUp();
          const session = await this.#openSession();
          candidate = new Candidate(this.engine, session, this.proof, name, options, startedAt);
          if (isOver) candidate.giveUp();
          const won = await candidate.win(timeout === 0).catch(nullIfSessionLost);
          if (won !== null) return new EngineLock({ ...won, leave });
        }
      } catch (error) {
        leave();
        throw error;
      }
    };
    const giveUp = () => {
      isOver = true;
      candidate?.giveUp();
    };
    const report = (): WaitReport => {
      const last = candidate?.report ?? this.#reportWithoutOwner(name, isInTurn ? MUTE : BUSY);
      return { ...last, waited: monotonicMs() - startedAt };
    };
    if (timeout === 0 && this.#turns.isTaken(name)) throw new LockTimeoutError(report(), timeout);
    const lock = await withinTime(
      work(),
      timeout,
      signal,
      giveUp,
      () => new LockTimeoutError(report(), timeout),
    );
    if (acquireEvent.isHeard) {
      const { path, owner, reclaimed } = lock;
      acquireEvent.publish({ path, owner, reclaimed, waited: monotonicMs() - startedAt });
    }
    return lock;
  }

  withLock<T>(name: string, ...rest: WithLockArguments<T>): Promise<T> {
    return runWithLock((options) => this.acquire(name, options), rest);
  }

  async inspect(name: string): Promise<NamedInspection> {
    checkName(name);
    this.#requireOpen();
    const { entries } = await this.engine.list(name);
    return this.#inspectionOf(name, entries);
  }

  /** All locks that somebody holds or waits for. */
  async inspectAll(): Promise<readonly NamedInspection[]> {
    this.#requireOpen();
    const lines = new Map<string, Entry[]>();
    for (const entry of (await this.engine.listAll()).entries) {
      const name = this.engine.nameOf(entry.key);
      lines.set(name, [...(lines.get(name) ?? []), entry]);
    }
    return [...lines]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, line]) => this.#inspectionOf(name, line));
  }

  async reclaim(name: string): Promise<NamedReclaimResult> {
    checkName(name);
    this.#requireOpen();
    const { entries } = await this.engine.list(name);
    let reclaimed = false;
    for (const entry of entries) {
      const judgement = this.proof.judge(entry);
      if (judgement.verdict?.state !== 'dead') continue;
      if ((await this.proof.pauseBeforeRemoval(entry)) > 0 || !(await this.engine.removeIf(entry))) continue;
      reclaimed = true;
      if (reclaimEvent.isHeard) {
        const { owner, verdict, description } = judgement;
        const path = `${this.address}${name}`;
        reclaimEvent.publish({ path, owner, ownerAge: ownerAgeOf(owner), verdict, description });
      }
    }
    return { ...(await this.inspect(name)), reclaimed };
  }

  async watch(name: string, changed: (inspection: NamedInspection) => void): Promise<LocksWatch> {
    checkName(name);
    this.#requireOpen();
    const { engine } = this;
    const watch = await watchInspections(
      () => this.inspect(name),
      changed,
      async (wake) => engine.watch({ name }, (await engine.list(name)).position, wake),
      this.#options.ttl / 3,
    );
    if (this.#isClosed) watch.close();
    else this.#watches.add(watch);
    return {
      close: () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
    const session = await this.#session?.catch(() => null);
    try {
      await session?.end();
    } finally {
      this.engine.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #requireOpen(): void {
    if (this.#isClosed)
      throw withCode(new Error(`the locks of ${this.address} were closed`), 'ERR_INVALID_STATE');
  }

  /** The session that all share. One that was lost gives way to a new one. */
  async #openSession(): Promise<Session> {
    for (;;) {
      this.#requireOpen();
      this.#session ??= this.engine.grant(this.#options.ttl).then((lease) => new Session(this.engine, lease));
      const opened = this.#session;
      const session = await opened.catch((error: unknown) => {
        if (this.#session === opened) this.#session = null;
        throw error;
      });
      if (session.isAlive) return session;
      session.lose('its lease could not be renewed in time');
      if (this.#session === opened) this.#session = null;
    }
  }

  #reportWithoutOwner(name: string, description: string): Omit<WaitReport, 'waited'> {
    return {
      path: `${this.address}${name}`,
      owner: null,
      ownerAge: null,
      verdict: null,
      description,
      liftedBy: null,
      overdue: false,
    };
  }

  #inspectionOf(name: string, entries: readonly Entry[]): NamedInspection {
    const [first] = entries;
    const path = `${this.address}${name}`;
    if (first === undefined) return { ...NOBODY, path };
    const judgement = this.proof.judge(first);
    const { owner, verdict, description } = judgement;
    return {
      ...NOBODY,
      path,
      format: owner === null ? 'none' : directoryFormat(owner),
      state: stateOf(first, judgement),
      verdict,
      owner,
      ageMs: ownerAgeOf(owner),
      description,
      fencingToken: first.token,
      waiting: entries.length - 1,
    };
  }
}

const BUSY = 'another task of this process holds it or waits for it';
const MUTE = 'the server has not answered who holds it';

const NOBODY: Omit<NamedInspection, 'path'> = {
  format: 'none',
  state: 'free',
  verdict: null,
  owner: null,
  ageMs: null,
  description: 'nobody holds it',
  foreignFiles: [],
  liftedBy: null,
  fencingToken: null,
  waiting: 0,
};

/** An entry whose lease somebody renews holds the lock, though nothing here shows who. */
function stateOf({ lease }: Entry, { verdict }: Judgement): NamedInspection['state'] {
  if (verdict?.state === 'dead') return 'stale';
  return lease === null ? 'unknown' : 'held';
}

/** @throws any other error. */
function nullIfSessionLost(error: unknown): null {
  if (error instanceof SessionLost) return null;
  throw error;
}

/** Waits for `work`, unless time is over or the signal aborts before. What it brings then is given back. */
function withinTime(
  work: Promise<EngineLock>,
  timeout: number,
  signal: AbortSignal | undefined,
  giveUp: () => void,
  timedOut: () => Error,
): Promise<EngineLock> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const stop = (error: () => unknown) =>
      end(() => {
        giveUp();
        reject(error());
      });
    const abort = () => stop(() => signal?.reason);
    // Node ends a timer at once that is set to more. A single try waits for nothing but the server.
    const isTimed = timeout > 0 && timeout < 2 ** 31;
    const timer = isTimed ? setTimeout(() => stop(timedOut), timeout) : undefined;
    signal?.addEventListener('abort', abort);
    work.then(
      (lock) => {
        if (isOver) lock.release().catch(() => {});
        end(() => resolve(lock));
      },
      (error: unknown) => end(() => reject(error instanceof GivenUp ? timedOut() : error)),
    );
  });
}
