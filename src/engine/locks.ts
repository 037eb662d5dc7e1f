import type { ReclaimedLock } from '../lock/events.js';
import type { InspectedLock } from '../lock/inspect.js';
import type { AcquireOptions } from '../lock/options.js';
import type { OwnerRecord } from '../record/owner-record.js';

/** Options of an acquisition, as those of `acquireLock`. */
export type NamedAcquireOptions = Pick<
  AcquireOptions,
  'timeout' | 'signal' | 'onWait' | 'expectedHold' | 'label'
>;

/** Options of a single try. */
export type NamedTryOptions = Omit<NamedAcquireOptions, 'timeout'>;

/** What `inspect` finds. */
export interface NamedInspection extends InspectedLock {
  /** That of the owner; null where nobody holds the lock, and on files. */
  readonly fencingToken: string | null;
  /** How many wait for it, up to a limit of the engine; null where that is not known. */
  readonly waiting: number | null;
}

/** What `reclaim` did. */
export interface NamedReclaimResult extends NamedInspection {
  /** True when this call removed a dead owner's lock. */
  readonly reclaimed: boolean;
}

/** A lock that this process holds. Call release() when done, or declare it with `await using`. */
export interface NamedLock {
  readonly name: string;
  /** Absolute path of the lock, or its address, such as `etcd://host:2379/locks/nightly`. */
  readonly path: string;
  /** The record that this process wrote. */
  readonly owner: OwnerRecord;
  /**
   * A decimal number that is larger than that of every owner before. What the lock protects should refuse a smaller one
   * than it has seen, because only that stops an owner which has lost its lock and does not know it yet. null on files.
   */
  readonly fencingToken: string | null;
  /** Whose lock was taken over. null where the lock was free. */
  readonly reclaimed: ReclaimedLock | null;
  /** Aborts with a LockLostError as its reason once the lock is known to be lost. */
  readonly signal: AbortSignal;
  /** False once this process must not count on the lock any more, as far as it knows without asking. */
  readonly held: boolean;
  /** Asks the disk or the server whether this process still has the lock. */
  verify(): Promise<boolean>;
  /** @throws LockLostError (ERR_LOCK_LOST) when the lock was lost before. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Ends with {@link close}. */
export interface LocksWatch {
  close(): void;
}

/** Locks by name, wherever they are kept: files of one machine, or a server for many. */
export interface Locks {
  /** Where they are, without a secret. */
  readonly address: string;
  /**
   * Acquires a lock, and waits for it in line.
   * @throws LockTimeoutError (ERR_LOCK_TIMEOUT), `signal.reason`, and on engines EngineUnavailableError
   * (ERR_ENGINE_UNAVAILABLE), EngineDeniedError (ERR_ENGINE_DENIED) and EngineRestoredError (ERR_ENGINE_RESTORED).
   */
  acquire(name: string, options?: NamedAcquireOptions): Promise<NamedLock>;
  /** Tries once. null when another owner holds the lock, or when nothing decides whether it lives. */
  tryAcquire(name: string, options?: NamedTryOptions): Promise<NamedLock | null>;
  /** Acquires the lock, runs `run`, and releases the lock whatever happens. */
  withLock<T>(name: string, run: (lock: NamedLock) => T | PromiseLike<T>): Promise<T>;
  withLock<T>(
    name: string,
    options: NamedAcquireOptions,
    run: (lock: NamedLock) => T | PromiseLike<T>,
  ): Promise<T>;
  /** Judges the lock, and changes nothing. */
  inspect(name: string): Promise<NamedInspection>;
  /** Removes the lock if its owner is dead. */
  reclaim(name: string): Promise<NamedReclaimResult>;
  /** Calls `changed` with the state of the lock now, and whenever its state or its owner has changed. */
  watch(name: string, changed: (inspection: NamedInspection) => void): Promise<LocksWatch>;
  /**
   * Ends all connections. Locks that are held through them end too, and acquisitions under way throw ERR_INVALID_STATE.
   * @throws EngineUnavailableError (ERR_ENGINE_UNAVAILABLE) where the server did not hear of the end of a lock within 2 s.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
