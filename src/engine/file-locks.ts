import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemError } from '../backend/system-error.js';
import type { ReclaimedLock } from '../lock/events.js';
import { acquireLock, tryAcquireLock } from '../lock/index.js';
import { inspectLockSync } from '../lock/inspect.js';
import type { Lock } from '../lock/lock.js';
import { reclaimLockSync } from '../lock/reclaim.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { closedError } from './closed-error.js';
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
import { watchInspections } from './watch-inspections.js';
import { runWithLock, type WithLockArguments } from './with-lock.js';

/** Milliseconds between two looks of {@link FileLocks.watch}. */
const LOOK = 200;

/** Locks in a directory of this machine: the lock `nightly` is `nightly.lock` there. */
export class FileLocks implements Locks {
  readonly address: string;
  readonly #directory: string;
  readonly #held = new Set<FileLock>();
  #isClosed = false;

  /** @throws ENOENT when there is no such directory. */
  constructor(directory: string) {
    this.#directory = resolve(directory);
    this.address = this.#directory;
    if (!existsSync(this.#directory)) throw systemError('ENOENT', 'open', { path: this.#directory });
  }

  async acquire(name: string, options: NamedAcquireOptions = {}): Promise<NamedLock> {
    checkNamedOptions(options);
    return this.#keep(name, await acquireLock(this.#pathOf(name), options));
  }

  async tryAcquire(name: string, options: NamedTryOptions = {}): Promise<NamedLock | null> {
    checkNamedOptions(options, true);
    const lock = await tryAcquireLock(this.#pathOf(name), options);
    return lock === null ? null : this.#keep(name, lock);
  }

  withLock<T>(name: string, ...rest: WithLockArguments<T>): Promise<T> {
    return runWithLock((options) => this.acquire(name, options), rest);
  }

  async inspect(name: string): Promise<NamedInspection> {
    return { ...inspectLockSync(this.#pathOf(name)), ...WITHOUT_LINE };
  }

  async reclaim(name: string): Promise<NamedReclaimResult> {
    return { ...reclaimLockSync(this.#pathOf(name)), ...WITHOUT_LINE };
  }

  async watch(name: string, changed: (inspection: NamedInspection) => void): Promise<LocksWatch> {
    this.#pathOf(name);
    return watchInspections(
      () => this.inspect(name),
      changed,
      async () => null,
      LOOK,
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const lock of this.#held) await lock.release().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @throws Error (ERR_INVALID_STATE) where the locks were closed while the lock was waited for. */
  async #keep(name: string, lock: Lock): Promise<FileLock> {
    if (this.#isClosed) {
      await lock.release();
      throw closedError(this.address);
    }
    const held = new FileLock(name, lock, () => this.#held.delete(held));
    this.#held.add(held);
    return held;
  }

  #pathOf(name: string): string {
    checkName(name);
    if (this.#isClosed) throw closedError(this.address);
    return join(this.#directory, `${name}.lock`);
  }
}

const WITHOUT_LINE = { fencingToken: null, waiting: null } as const;

class FileLock implements NamedLock {
  readonly name: string;
  readonly fencingToken = null;
  readonly #lock: Lock;
  readonly #ended: () => void;

  constructor(name: string, lock: Lock, ended: () => void) {
    this.name = name;
    this.#lock = lock;
    this.#ended = ended;
  }

  get path(): string {
    return this.#lock.path;
  }

  get owner(): OwnerRecord {
    return this.#lock.owner;
  }

  get reclaimed(): ReclaimedLock | null {
    return this.#lock.reclaimed;
  }

  get signal(): AbortSignal {
    return this.#lock.signal;
  }

  get held(): boolean {
    return this.#lock.verify();
  }

  async verify(): Promise<boolean> {
    return this.#lock.verify();
  }

  async release(): Promise<void> {
    this.#ended();
    await this.#lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
