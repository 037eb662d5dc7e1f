import { setTimeout as sleep } from 'node:timers/promises';
import { EngineRestoredError, LifelineUnavailableError } from '../errors.js';
import { currentObserver } from '../identity/observer.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { Change, Engine, Entry, Line } from './engine.js';
import { LifelineWatches } from './lifeline-watches.js';
import type { ProofOfDeath } from './proof-of-death.js';

/** Milliseconds after which all locks are looked at again, though no watch has reported anything. */
const LOOK = 10_000;
/** Milliseconds before the next try where the server does not answer. */
const RETRY = 1_000;

export interface AgentEvents {
  /** The entry of a dead owner was removed. */
  readonly removed: (name: string, owner: OwnerRecord | null) => void;
  /** The server cannot be used now. The agent goes on trying. */
  readonly failed: (error: unknown) => void;
}

/** An entry whose owner lives on this kernel. */
interface Tracked {
  readonly entry: Entry;
  /** The lock's own, whose end is the death. */
  readonly lifeline: string;
}

/**
 * Watches the lifelines of all owners and waiters on this kernel, and removes the entries of those that die: for waiters
 * on other machines, and for a successor that is started after the death. It takes no lock, and needs no privilege. It
 * acts only on what it saw itself, so that any number of agents may run on a host.
 */
export class Agent {
  readonly #engine: Engine;
  readonly #proof: ProofOfDeath;
  readonly #events: AgentEvents;
  readonly #look: number;
  readonly #tracked = new Map<string, Tracked>();
  readonly #watches = new LifelineWatches((keys, lifeline) => this.#onEnd(keys, lifeline));

  /**
   * @param proof one that does not trust the boot id.
   * @param look milliseconds between two looks at all locks.
   */
  constructor(engine: Engine, proof: ProofOfDeath, events: AgentEvents, look = LOOK) {
    this.#engine = engine;
    this.#proof = proof;
    this.#events = events;
    this.#look = look;
  }

  /**
   * Runs until the signal aborts.
   * @throws LifelineUnavailableError (ERR_LIFELINE_UNAVAILABLE) where nothing can be seen, and EngineRestoredError
   * (ERR_ENGINE_RESTORED).
   */
  async run(signal: AbortSignal): Promise<void> {
    const { backend } = currentObserver();
    const { available, reason } = backend.capabilities().lifeline;
    if (!available || backend.watch === null) throw new LifelineUnavailableError(reason);
    while (!signal.aborted) {
      try {
        await untilAborted(signal, this.#lookAtAll(signal));
      } catch (error) {
        if (signal.aborted) break;
        // This connection stays useless, while whoever runs the agent gives the next one another.
        if (error instanceof EngineRestoredError) throw error;
        this.#events.failed(error);
        await sleep(RETRY, undefined, { signal }).catch(() => {});
      }
    }
    for (const key of [...this.#tracked.keys()]) this.#forget(key);
  }

  async #lookAtAll(signal: AbortSignal): Promise<void> {
    const line = await this.#engine.listAll();
    if (signal.aborted) return;
    this.#replace(line);
    this.#lookAtLifelines();
    await this.#lookAtLeases();
    await this.#follow(line, signal);
  }

  /** Follows the changes until the watch ends, or until the next look is due. */
  #follow({ position }: Line, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const watch = this.#engine.watch('all', position, (change) => {
        if (change === null) end();
        else this.#apply(change);
      });
      const timer = setTimeout(end, this.#look);
      signal.addEventListener('abort', end);
      function end(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        watch.close();
        resolve();
      }
    });
  }

  #replace({ entries }: Line): void {
    const keys = new Set(entries.map(({ key }) => key));
    for (const key of [...this.#tracked.keys()]) if (!keys.has(key)) this.#forget(key);
    for (const entry of entries) this.#track(entry);
  }

  #apply(change: Change): void {
    for (const one of change) {
      if ('made' in one) this.#track(one.made);
      else this.#forget(one.removed);
    }
  }

  #track(entry: Entry): void {
    const known = this.#tracked.get(entry.key);
    if (known?.entry.version === entry.version) return;
    this.#forget(entry.key);
    const { owner, verdict } = this.#proof.judge(entry);
    if (verdict?.state === 'dead') void this.#removeIfDead(entry);
    if (owner?.lifeline == null || verdict?.reason !== 'lifeline-held') return;
    this.#tracked.set(entry.key, { entry, lifeline: owner.lifeline });
    // The lifelines of all its locks end with the process. A lock that was handed over may outlive it by much.
    const process = owner.handedOver ? null : owner.identity;
    const ofProcess = process?.lifeline ?? null;
    if (ofProcess === null || !this.#watches.watch(entry.key, ofProcess, process)) {
      this.#watches.watch(entry.key, owner.lifeline, null);
    }
    void this.#proof.look(entry).catch(() => {});
  }

  /** That of a process is no death of its locks, which may have heirs. */
  #onEnd(keys: readonly string[], lifeline: string): void {
    for (const key of keys) {
      const tracked = this.#tracked.get(key);
      if (tracked === undefined) continue;
      if (tracked.lifeline === lifeline) this.#onDeath(tracked);
      else this.#watches.watch(key, tracked.lifeline, null);
    }
  }

  #onDeath({ entry }: Tracked): void {
    this.#forget(entry.key);
    void this.#removeIfDead(entry);
  }

  #forget(key: string): void {
    this.#tracked.delete(key);
    this.#watches.forget(key);
  }

  /** A lock may die while its process lives, as with a thread that ended; and a watch may be refused. */
  #lookAtLifelines(): void {
    const { lifeline: operations } = currentObserver().backend;
    for (const tracked of [...this.#tracked.values()]) {
      if (operations.test(tracked.lifeline) === 'free') this.#onDeath(tracked);
    }
  }

  /** One call for each lease, however many locks it keeps. */
  async #lookAtLeases(): Promise<void> {
    const byLease = new Map([...this.#tracked.values()].map(({ entry }) => [entry.lease, entry]));
    for (const entry of byLease.values()) await this.#proof.look(entry);
  }

  /** One that cannot be removed now is judged anew at the next look. */
  async #removeIfDead(entry: Entry): Promise<void> {
    try {
      const { owner, verdict } = this.#proof.judge(entry);
      if (verdict?.state !== 'dead') return;
      const pause = await this.#proof.pauseBeforeRemoval(entry, owner);
      if (pause > this.#look) return;
      if (pause > 0) {
        // It does not hold up the end of an agent.
        await sleep(pause, undefined, { ref: false });
        await this.#removeIfDead(entry);
      } else if (await this.#engine.removeIf(entry)) {
        this.#events.removed(this.#engine.nameOf(entry.key), owner);
      }
    } catch (error) {
      // That one ends the agent at its next look.
      if (!(error instanceof EngineRestoredError)) this.#events.failed(error);
    }
  }
}

/** Waits for `work`, or for the signal: an answer that does not come must not hold up the end. */
function untilAborted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => resolve();
    signal.addEventListener('abort', end);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}
