import type { SpawnOptions } from 'node:child_process';
import { EngineUnavailableError, LockLostError } from '../errors.js';
import {
  lostEvent,
  ownerAgeOf,
  type ReclaimedLock,
  type ReleaseEvent,
  releaseEvent,
} from '../lock/events.js';
import { INHERITED, LOCK_VARIABLE } from '../lock/heirs.js';
import { keepLifelines } from '../lock/protocol/own-lifeline.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { Engine, EngineWatch, Entry } from './engine.js';
import type { NamedLock } from './locks.js';
import { LOSSES, lossOf, type OwnEntry, removeOwn } from './own-entry.js';
import { type Holding, LEASE_LATE, type Session } from './session.js';

/** The environment variable in which a command of `run` finds the fencing token of its lock. */
export const TOKEN_VARIABLE = 'KERNEL_IDENTITY_FENCING_TOKEN';

/**
 * Milliseconds after which the own entry is watched. A watch takes a connection of its own, which would make a lock that
 * is held for a moment take 3.3 ms instead of 2.1.
 */
const WATCH_AFTER = 50;

/** What an {@link EngineLock} is made of. */
export interface Won {
  readonly engine: Engine;
  readonly session: Session;
  readonly name: string;
  readonly own: OwnEntry;
  readonly entry: Entry;
  /** The state of the server in which the entry was first in line. */
  readonly position: string;
  readonly reclaimed: ReclaimedLock | null;
  /** Ends this process's turn. */
  readonly leave: () => void;
}

/** A lock that this process holds on an engine. */
export class EngineLock implements NamedLock, Holding {
  readonly name: string;
  readonly path: string;
  readonly key: string;
  readonly entry: Entry;
  readonly owner: OwnerRecord;
  readonly reclaimed: ReclaimedLock | null;
  readonly #won: Won;
  /** Made when it is needed first, because most locks are released before anybody asks for their signal. */
  #abort: AbortController | null = null;
  readonly #watchTimer: NodeJS.Timeout;
  #watch: EngineWatch | null = null;
  #state: 'held' | 'released' | 'lost' = 'held';

  /** Takes over what was won. */
  constructor(won: Won) {
    const { engine, session, name, own, entry, reclaimed, position } = won;
    this.#won = won;
    this.name = name;
    this.path = `${engine.address}${name}`;
    this.key = entry.key;
    this.entry = entry;
    this.owner = own.owner;
    this.reclaimed = reclaimed;
    session.enter(this);
    // The watch starts at the state in which the lock was won, so that nothing is missed in the meantime.
    this.#watchTimer = setTimeout(() => this.#watchOver(position), WATCH_AFTER);
    this.#watchTimer.unref();
  }

  /** Somebody may delete the entry by hand or write over it, or the server may end a lease that is renewed. */
  #watchOver(position: string): void {
    if (this.#state !== 'held') return;
    this.#watch = this.#won.engine.watch({ key: this.key }, position, () => {
      // The watch may also have ended. The session looks from time to time, so it need not be started again at once.
      this.verify().catch(() => {});
    });
  }

  get fencingToken(): string {
    return this.entry.token;
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  get #aborter(): AbortController {
    this.#abort ??= new AbortController();
    return this.#abort;
  }

  get held(): boolean {
    return this.#state === 'held' && this.#won.session.isAlive;
  }

  async verify(): Promise<boolean> {
    if (this.#state !== 'held') return false;
    const { engine, session, own } = this.#won;
    if (!session.isAlive) session.lose(LEASE_LATE);
    else {
      keepLifelines(own.lifeline);
      const loss = lossOf(this.entry, await engine.read(this.key));
      if (loss !== null) {
        this.lose(LOSSES[loss]);
        // What another program has left in its place would be in everybody's way.
        await removeOwn(engine, this.entry).catch(() => {});
      }
    }
    return this.held;
  }

  async release(): Promise<void> {
    if (this.#state === 'lost') throw this.signal.reason;
    if (this.#state === 'released') return;
    // The entry goes first: one without a lifeline would be that of a dead owner.
    this.#state = 'released';
    this.#stopWatching();
    const { engine, session } = this.#won;
    try {
      const end = await removeOwn(engine, this.entry);
      // The server that has removed the entry had it until then, so nobody else held the lock, whatever a clock says.
      if (end !== 'removed' && !session.isAlive)
        throw this.#declareLost(session.loss ?? 'its lease was over before its release');
      if (end === 'gone' || end === 'overwritten') throw this.#declareLost(LOSSES[end]);
      if (end === 'in doubt') {
        throw new EngineUnavailableError(
          `${this.path} is not this process's any more, but an answer was lost: whether another program had removed it before its release is not known`,
        );
      }
    } finally {
      this.#letGo();
    }
    if (releaseEvent.isHeard) releaseEvent.publish(this.#asEvent());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  lose(how: string): void {
    if (this.#state !== 'held') return;
    this.#declareLost(how);
    this.#letGo();
  }

  close(): void {
    if (this.#state !== 'held') return;
    this.#state = 'released';
    this.#letGo();
  }

  #declareLost(how: string): LockLostError {
    const error = new LockLostError(this.path, how);
    this.#state = 'lost';
    this.#aborter.abort(error);
    if (lostEvent.isHeard) lostEvent.publish({ ...this.#asEvent(), error });
    return error;
  }

  #stopWatching(): void {
    clearTimeout(this.#watchTimer);
    this.#watch?.close();
  }

  #letGo(): void {
    this.#stopWatching();
    const { session, own, leave } = this.#won;
    session.leave(this);
    own.lifeline?.drop();
    leave();
  }

  #asEvent(): ReleaseEvent {
    return { path: this.path, owner: this.owner, ownerAge: ownerAgeOf(this.owner) };
  }

  /**
   * @internal The files and the environment of a command that holds the lifeline too, so that nobody takes the lock for a
   * dead owner's while the command lives.
   */
  optionsOfHeir(options: SpawnOptions): SpawnOptions {
    const stdio = Array.isArray(options.stdio) ? [...options.stdio] : Array(3).fill(options.stdio ?? 'pipe');
    while (stdio.length < INHERITED.lifeline) stdio.push('ignore');
    const { lifeline } = this.#won.own;
    if (lifeline?.descriptor != null) stdio.push(lifeline.descriptor);
    return {
      ...options,
      env: {
        ...(options.env ?? process.env),
        [LOCK_VARIABLE]: this.path,
        [TOKEN_VARIABLE]: this.fencingToken,
      },
      stdio,
    };
  }
}
