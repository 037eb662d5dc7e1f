import { monotonicMs } from '../backend/monotonic-clock.js';
import { isErrno } from '../backend/system-error.js';
import { currentObserver } from '../identity/observer.js';
import type { ReclaimedLock, WaitReport } from '../lock/events.js';
import { Reporter } from '../lock/waiting/reporter.js';
import { Wakeup } from '../lock/waiting/wakeup.js';
import { closedError } from './closed-error.js';
import type { Engine, EngineWatch, Entry, Line } from './engine.js';
import type { Won } from './engine-lock.js';
import type { NamedAcquireOptions } from './locks.js';
import { LOSSES, lossOf, makeOwnEntry, type OwnEntry, removeOwn } from './own-entry.js';
import type { Judgement, ProofOfDeath } from './proof-of-death.js';
import { type Judged, removeDead } from './remove-dead.js';
import { type Holding, LEASE_ENDED, LEASE_LATE, LOOKS_PER_TTL, type Session } from './session.js';
import type { Hindrance } from './turns.js';

/** Milliseconds between two looks that found the same, though something woke the waiter. */
const IDLE_PAUSE = 50;
/** Most attempts to make an entry where a late request of this process has left another one. */
const ATTEMPTS = 3;

const ANOTHER: Hindrance = { owner: null, verdict: null, description: 'another is first in line' };

export interface CandidateOptions extends NamedAcquireOptions {
  /** True: a command inherits the lifeline of the lock. */
  readonly handedOver?: boolean;
}

/** The wait ended without the lock. */
export class GivenUp extends Error {}

/** The lease was lost before the lock was won. A new session can go on waiting, at the end of the line. */
export class SessionLost extends Error {}

/** One attempt of this process to win a lock: its entry in the line, and the waiting until that is the first. */
export class Candidate implements Holding {
  readonly key: string;
  entry: Entry | null = null;
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #proof: ProofOfDeath;
  readonly #name: string;
  readonly #own: OwnEntry;
  readonly #reporter: Reporter;
  readonly #startedAt: number;
  readonly #told: () => void;
  readonly #wakeup = new Wakeup();
  #reclaimed: ReclaimedLock | null = null;
  /** Why the session serves it no longer. */
  #ended: Error | null = null;
  #isGivenUp = false;
  #isClosed = false;
  /** True once the server has said that another was first. */
  #isBehind = false;
  /** The latest report of the waiting. */
  #report: WaitReport | null = null;

  /**
   * @param startedAt when the acquisition began, in ms on the monotonic clock.
   * @param told is called whenever {@link hindrance} is another one.
   * @throws EMFILE, ENFILE or ENOMEM.
   */
  constructor(
    engine: Engine,
    session: Session,
    proof: ProofOfDeath,
    name: string,
    options: CandidateOptions,
    startedAt: number,
    told: () => void,
  ) {
    this.#engine = engine;
    this.#session = session;
    this.#proof = proof;
    this.#name = name;
    this.#startedAt = startedAt;
    this.#told = told;
    this.#reporter = new Reporter(`${engine.address}${name}`, options);
    this.#own = makeOwnEntry(session.lease, proof.settle, options.label, options.handedOver === true);
    this.key = engine.keyOf(name, session.lease);
  }

  /** What keeps it from the lock. null: the server has not said so yet. */
  get hindrance(): Hindrance | null {
    return this.#report ?? (this.#isBehind ? ANOTHER : null);
  }

  /** Ends the waiting, as soon as the call to the server that is under way is over. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#wakeup.wake();
  }

  lose(how: string): void {
    this.#end(new SessionLost(how));
  }

  close(): void {
    this.#isClosed = true;
    this.#end(closedError(this.#engine.address));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#wakeup.wake();
  }

  /**
   * Waits until the lock is won.
   * @param isOneTry true: it gives up when another is first in line after the dead ones were removed.
   * @throws GivenUp, SessionLost, and the errors of {@link Engine}.
   */
  async win(isOneTry: boolean): Promise<Omit<Won, 'leave'>> {
    try {
      this.#session.enter(this);
      const { mine, first } = await this.#publish();
      this.entry = mine;
      if (first.token === mine.token) return this.#won(mine, mine.token);
      this.#isBehind = true;
      for (let line: Line | null = null; ; ) {
        this.#requireWanted();
        const found: Line = await this.#engine.list(this.#name, mine.token);
        const ahead = found.entries.filter(({ token }) => BigInt(token) < BigInt(mine.token));
        const loss = lossOf(mine, found.entries.find(({ key }) => key === mine.key) ?? null);
        if (loss !== null) throw this.#gone(LOSSES[loss]);
        if (ahead.length === 0) return this.#won(mine, found.position);
        const judged = ahead.map((entry) => ({ entry, judgement: this.#proof.judge(entry) }));
        const path = `${this.#engine.address}${this.#name}`;
        const { pause, removed } = await removeDead(this.#engine, this.#proof, path, judged);
        this.#reclaimed = removed ?? this.#reclaimed;
        if (pause === 0) continue;
        this.#tell(judged[0]?.judgement as Judgement);
        if (isOneTry) throw new GivenUp();
        await Promise.all(judged.filter(isSeenHeld).map(({ entry }) => this.#proof.look(entry)));
        const isIdle = line !== null && headsOf(line) === headsOf(found);
        line = found;
        await this.#wait(judged, found, pause, isIdle);
      }
    } catch (error) {
      await this.#withdraw();
      // A program that closes its locks also breaks off the calls that are under way.
      throw this.#isClosed ? this.#ended : error;
    }
  }

  /** Makes the entry. What a late request has left under the same key is removed first. */
  async #publish(): Promise<{ mine: Entry; first: Pick<Entry, 'token'> }> {
    const { text } = this.#own;
    this.#session.willWrite(text);
    for (let attempt = 1; ; attempt += 1) {
      this.#requireWanted();
      const place = await this.#engine.publish(this.#name, this.#session.lease, text);
      if (place === null) throw this.#sessionGone(LEASE_ENDED);
      if (place.mine.text === text) return place;
      if (attempt === ATTEMPTS || !this.#session.hasMade(place.mine)) throw this.#gone(LOSSES.overwritten);
      await this.#engine.removeIf(place.mine);
    }
  }

  #won(entry: Entry, position: string): Omit<Won, 'leave'> {
    this.#requireWanted();
    if (!this.#session.isAlive) throw this.#sessionGone(LEASE_LATE);
    this.#session.leave(this);
    const [engine, session, name, own] = [this.#engine, this.#session, this.#name, this.#own];
    return { engine, session, name, own, entry, position, reclaimed: this.#reclaimed };
  }

  #requireWanted(): void {
    if (this.#ended !== null) throw this.#ended;
    if (this.#isGivenUp) throw new GivenUp();
  }

  #sessionGone(how: string): Error {
    this.#session.lose(how);
    return this.#gone(how);
  }

  #gone(how: string): Error {
    this.lose(how);
    return this.#ended as unknown as Error;
  }

  #tell({ owner, verdict, description }: Judgement): void {
    // What nothing here decides ends with its lease, so a person need not end it. The description names one without.
    const seen = { owner, verdict, description, moving: false, lookAgainIn: this.#lookInterval };
    this.#report = this.#reporter.report(seen, monotonicMs() - this.#startedAt);
    this.#told();
  }

  get #lookInterval(): number {
    return this.#session.lease.ttlMs / LOOKS_PER_TTL;
  }

  /** Waits for the end of the one ahead, of an owner on this kernel, or for the next look. */
  async #wait(judged: readonly Judged[], { position }: Line, pause: number, isIdle: boolean): Promise<void> {
    const wake = () => this.#wakeup.wake();
    const nearest = judged.at(-1)?.entry as Entry;
    const { watch } = currentObserver().backend;
    const tickets = judged.filter(isSeenHeld).map(({ judgement }) => {
      return watch?.onLifelineEnd(judgement.owner?.lifeline as string, wake) ?? 'ENOSYS';
    });
    let stream: EngineWatch | null = null;
    try {
      const report = this.#report as WaitReport;
      if (isIdle) await this.#wakeup.wait(IDLE_PAUSE, undefined);
      stream = this.#engine.watch({ key: nearest.key }, position, wake);
      this.#requireWanted();
      await this.#wakeup.wait(Math.min(pause, this.#lookInterval, this.#reporter.dueIn(report)), undefined);
    } finally {
      stream?.close();
      for (const ticket of tickets) if (!isErrno(ticket)) watch?.cancel(ticket);
    }
  }

  /** Leaves the line. What the server does not hear now falls with the lease, or at the session's next look. */
  async #withdraw(): Promise<void> {
    try {
      if (this.entry !== null) await removeOwn(this.#engine, this.entry);
    } catch {
    } finally {
      this.#session.leave(this);
      this.#own.lifeline?.drop();
    }
  }
}

/** True for an owner on this kernel, whose end can be heard. */
function isSeenHeld({ judgement: { owner, verdict } }: Judged): boolean {
  return owner?.lifeline != null && verdict?.state === 'alive' && verdict.reason === 'lifeline-held';
}

function headsOf({ entries }: Line): string {
  return entries.map(({ token }) => token).join(' ');
}
