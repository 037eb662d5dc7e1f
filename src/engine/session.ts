import { RecentMap } from '../recent-map.js';
import type { Engine, Entry, Lease } from './engine.js';
import { LOSSES, lossOf, removeOwn } from './own-entry.js';
import { within } from './within.js';

/** Looks at entries in the time that the server granted, because a watch that is silent proves nothing. */
export const LOOKS_PER_TTL = 3;

export const LEASE_ENDED = 'the server has ended its lease';
export const LEASE_LATE = 'its lease could not be renewed in time';

/**
 * Most milliseconds for which the end of a session tries to remove its entries. What the server does not hear by then
 * falls with the lease.
 */
const CLOSE_PATIENCE = 2_000;
/** The same for a session that keeps no lock: its end gives the lease back, and nobody waits for that. */
const IDLE_CLOSE_PATIENCE = 300;

/** Texts that are remembered. A request that is carried out after so many others ends the session, and harms nothing. */
const WRITTEN = 256;

/**
 * A machine was copied while it ran. Both processes have the lease then, and neither sees the other, so one leaves it: the
 * locks of one that dies would be kept by the other.
 */
const SHARED = 'another process uses its lease, such as a copy of this one in a copy of this machine';

/** A lock that is held or wanted, as the session sees it. */
export interface Holding {
  readonly key: string;
  /** The entry, once it was made. */
  readonly entry: Entry | null;
  /** The lock is not this process's any more. */
  lose(how: string): void;
  /** The program closed the session, and its entries are gone. */
  close(): void;
}

/** One listener serves all, because Node warns of a leak where an emitter has more than ten. */
const sessions = new Set<Session>();

function endAll(): void {
  for (const session of sessions) session.endAtExit();
}

/** One lease, and the entries that this process keeps by it. It ends when the lease is lost, and is never taken up again. */
export class Session {
  readonly lease: Lease;
  readonly #engine: Engine;
  readonly #holdings = new Map<string, Holding>();
  readonly #timer: NodeJS.Timeout;
  /** What this process wrote, or may have written, into entries of the lease. */
  readonly #written = new RecentMap<true>(WRITTEN);
  #lost: string | null = null;
  /** The removal of what it kept, once it is over. */
  #removal: Promise<void> = Promise.resolve();

  constructor(engine: Engine, lease: Lease) {
    this.#engine = engine;
    this.lease = lease;
    lease.onLost((how) => this.lose(how));
    this.#timer = setInterval(() => {
      // A server that does not answer ends the lease, and nothing else.
      this.#look().catch(() => {});
    }, lease.ttlMs / LOOKS_PER_TTL);
    this.#timer.unref();
    if (sessions.size === 0) process.on('exit', endAll);
    sessions.add(this);
  }

  /** A process that exits under a lock is not to be waited for, by those who did not see it alive. */
  endAtExit(): void {
    const entries = entriesOf(this.#holdings.values());
    if (entries.length > 0) this.lease.removeBlocking(entries);
  }

  /** How it was lost, or ended. null while it goes on. Its lease may be over before that is noticed: see {@link isAlive}. */
  get loss(): string | null {
    return this.#lost;
  }

  /** False once its lease can no longer be counted on. */
  get isAlive(): boolean {
    return this.#lost === null && this.lease.left() > 0;
  }

  /** A session that is over tells so at once. */
  enter(holding: Holding): void {
    if (this.#lost === null) this.#holdings.set(holding.key, holding);
    else holding.lose(this.#lost);
  }

  leave(holding: Holding): void {
    if (this.#holdings.get(holding.key) === holding) this.#holdings.delete(holding.key);
  }

  /** Takes note of a text that is about to be written. */
  willWrite(text: string): void {
    this.#written.set(text, true);
  }

  /**
   * Whether this process made an entry under a key of the lease. One that it did not make may be held by a copy of this
   * process, so the session ends then.
   */
  hasMade({ text }: Entry): boolean {
    if (this.#written.has(text)) return true;
    this.lose(SHARED);
    return false;
  }

  /** All its locks are lost. */
  lose(how: string): void {
    if (this.#lost !== null) return;
    this.#lost = how;
    this.#stop();
    this.lease.stop();
    const holdings = this.#takeHoldings();
    for (const holding of holdings) holding.lose(how);
    // Others need not wait for what nobody keeps any more. It falls by itself where the server does not hear this.
    this.#removal = this.#removeAll(holdings).catch(() => {});
  }

  /** Ends all its locks. @throws EngineUnavailableError where the server has not heard of that in time. */
  async end(): Promise<void> {
    const holdings = this.#takeHoldings();
    if (this.#lost === null) {
      this.#lost = 'its session was closed';
      this.#stop();
      const removal = this.#removeAll(holdings);
      this.#removal = holdings.length > 0 ? removal : removal.catch(() => {});
    }
    const patience = holdings.length > 0 ? CLOSE_PATIENCE : IDLE_CLOSE_PATIENCE;
    try {
      await within(this.#removal, patience, () => this.#engine.unavailable(patience));
    } catch (error) {
      if (holdings.length > 0) throw error;
    } finally {
      this.lease.stop();
      // The lifelines go after the entries, so that nobody finds a dead owner.
      for (const holding of holdings) holding.close();
    }
  }

  #takeHoldings(): Holding[] {
    const holdings = [...this.#holdings.values()];
    this.#holdings.clear();
    return holdings;
  }

  /**
   * Removes all that this process made, and then ends the lease, so that nothing is made either by a request that reaches
   * the server later.
   */
  async #removeAll(holdings: readonly Holding[]): Promise<void> {
    await Promise.all(entriesOf(holdings).map((entry) => removeOwn(this.#engine, entry)));
    const left = (await this.#engine.entriesOf(this.lease.id)) ?? [];
    // One was made by a request whose answer is on its way, or was lost.
    const own = left.filter(({ text }) => this.#written.has(text));
    await Promise.all(own.map((entry) => this.#engine.removeIf(entry)));
    // The end of a lease takes all its entries along, and a copy of this process may have made some.
    if (own.length === left.length) await this.#engine.revoke(this.lease);
  }

  #stop(): void {
    clearInterval(this.#timer);
    sessions.delete(this);
    if (sessions.size === 0) process.off('exit', endAll);
  }

  /**
   * Compares the entries that the server keeps by the lease with those that are wanted. One that is missing is lost,
   * though no watch has said so. One that nobody wants is left over from a request that the server carried out late.
   */
  async #look(): Promise<void> {
    const entries = await this.#engine.entriesOf(this.lease.id);
    if (this.#lost !== null) return;
    if (entries === null) {
      this.lose(LEASE_ENDED);
      return;
    }
    const versions = new Set(entries.map(({ version }) => version));
    for (const holding of [...this.#holdings.values()]) {
      if (holding.entry !== null && !versions.has(holding.entry.version))
        await this.#confirmLoss(holding, holding.entry);
    }
    for (const entry of entries) {
      if (entry.lease !== this.lease.id || this.#holdings.has(entry.key)) continue;
      if (!this.hasMade(entry)) return;
      await this.#engine.removeIf(entry);
    }
  }

  /** The answer may be older than the entry. */
  async #confirmLoss(holding: Holding, entry: Entry): Promise<void> {
    const loss = lossOf(entry, await this.#engine.read(entry.key));
    if (loss === null || this.#holdings.get(entry.key) !== holding) return;
    holding.lose(LOSSES[loss]);
    await removeOwn(this.#engine, entry);
  }
}

function entriesOf(holdings: Iterable<Holding>): Entry[] {
  return [...holdings].flatMap(({ entry }) => entry ?? []);
}
