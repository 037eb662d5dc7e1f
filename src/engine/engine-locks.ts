import { LockTimeoutError } from '../lock/timeout-error.js';
import { Acquisition } from './acquisition.js';
import type { CandidateOptions } from './candidate.js';
import { closedError } from './closed-error.js';
import type { Engine, Entry } from './engine.js';
import type { EngineLock } from './engine-lock.js';
import { inspectionOf } from './inspection.js';
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
import { ProofOfDeath, type ProofOptions } from './proof-of-death.js';
import { removeDead } from './remove-dead.js';
import { LOOKS_PER_TTL } from './session.js';
import { SharedSession } from './shared-session.js';
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
  readonly #session: SharedSession;

  constructor(engine: Engine, options: EngineLocksOptions) {
    this.address = engine.address;
    this.engine = engine;
    this.#options = options;
    this.proof = new ProofOfDeath(engine, options);
    this.#session = new SharedSession(engine, options.ttl);
    engine.onEnd((how) => this.#session.lose(how));
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
    this.#requireOpen();
    return new Acquisition(this, this.#session, this.#turns, name, options).run();
  }

  withLock<T>(name: string, ...rest: WithLockArguments<T>): Promise<T> {
    return runWithLock((options) => this.acquire(name, options), rest);
  }

  async inspect(name: string): Promise<NamedInspection> {
    checkName(name);
    this.#requireOpen();
    const { entries } = await this.engine.list(name);
    return inspectionOf(`${this.address}${name}`, entries, this.proof);
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
      .map(([name, line]) => inspectionOf(`${this.address}${name}`, line, this.proof));
  }

  async reclaim(name: string): Promise<NamedReclaimResult> {
    checkName(name);
    this.#requireOpen();
    const { entries } = await this.engine.list(name);
    const judged = entries.map((entry) => ({ entry, judgement: this.proof.judge(entry) }));
    const { removed } = await removeDead(this.engine, this.proof, `${this.address}${name}`, judged);
    return { ...(await this.inspect(name)), reclaimed: removed !== null };
  }

  async watch(name: string, changed: (inspection: NamedInspection) => void): Promise<LocksWatch> {
    checkName(name);
    this.#requireOpen();
    const { engine } = this;
    const watch = await watchInspections(
      () => this.inspect(name),
      changed,
      async (wake) => engine.watch({ name }, (await engine.list(name)).position, wake),
      this.#options.ttl / LOOKS_PER_TTL,
    );
    if (this.#session.isEnded) watch.close();
    else this.#watches.add(watch);
    return {
      close: () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  async close(): Promise<void> {
    if (this.#session.isEnded) return;
    for (const watch of this.#watches) watch.close();
    try {
      await this.#session.end();
    } finally {
      this.engine.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #requireOpen(): void {
    if (this.#session.isEnded) throw closedError(this.address);
  }
}
