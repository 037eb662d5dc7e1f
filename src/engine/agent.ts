import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '../backend/system-error.js';
import { EngineRestoredError, LifelineUnavailableError } from '../errors.js';
import { currentObserver } from '../identity/observer.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { Change, Engine, Entry, Line } from './engine.js';
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
  /** The watch on its lifeline. */
  readonly ticket: number | string;
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
  readonly #tracked = new Map<string, Tracked>();

  /** @param proof one that does not trust the boot id. */
  constructor(engine: Engine, proof: ProofOfDeath, events: AgentEvents) {
    this.#engine = engine;
    this.#proof = proof;
    this.#events = events;
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
        const line = await this.#engine.listAll();
        this.#replace(line);
        await this.#lookAtLeases();
        await this.#follow(line, signal);
      } catch (error) {
        if (signal.aborted) break;
        // This connection stays useless, while whoever restarts the agent gives it a new one.
        if (error instanceof EngineRestoredError) throw error;
        this.#events.failed(error);
        await sleep(RETRY, undefined, { signal }).catch(() => {});
      }
    }
    for (const key of [...this.#tracked.keys()]) this.#forget(key);
  }

  /** Follows the changes until the watch ends, or until the next look is due. */
  #follow({ position }: Line, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watch = this.#engine.watch('all', position, (change) => {
        if (change === null) end();
        else this.#apply(change);
      });
      const timer = setTimeout(end, LOOK);
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
    const { watch } = currentObserver().backend;
    const ticket = watch?.onLifelineEnd(owner.lifeline, () => {
      this.#forget(entry.key);
      void this.#removeIfDead(entry);
    });
    this.#tracked.set(entry.key, { entry, ticket: ticket ?? 'ENOSYS' });
    void this.#proof.look(entry).catch(() => {});
  }

  #forget(key: string): void {
    const tracked = this.#tracked.get(key);
    this.#tracked.delete(key);
    if (tracked !== undefined && !isErrno(tracked.ticket)) {
      currentObserver().backend.watch?.cancel(tracked.ticket as number);
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
      const pause = await this.#proof.pauseBeforeRemoval(entry);
      if (pause > LOOK) return;
      if (pause > 0) {
        await sleep(pause);
        await this.#removeIfDead(entry);
      } else if (await this.#engine.removeIf(entry)) {
        this.#events.removed(this.#engine.nameOf(entry.key), owner);
      }
    } catch (error) {
      this.#events.failed(error);
    }
  }
}
