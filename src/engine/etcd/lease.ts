import type { Worker } from 'node:worker_threads';
import { type BootTime, elapsedSince } from '../../backend/boot-clock.js';
import type { Entry, Lease } from '../engine.js';
import { type FromBeats, startBeats } from './beats.js';
import type { ClusterOptions } from './options.js';
import { removalOf } from './removal.js';

/** Renewals in the time that the server granted. */
export const BEATS_PER_TTL = 3;

/**
 * Milliseconds before the end of what was granted at which the lease counts as lost: a hundredth for clocks that do not
 * run at the same pace, and a tenth of a second for the owner to stop.
 */
function marginOf(ttlMs: number): number {
  return ttlMs / 100 + 100;
}

const WORDS: Readonly<Record<'ended' | 'late' | 'elsewhere', string>> = {
  ended: 'etcd has ended its lease',
  elsewhere: 'another cluster answers for its lease',
  late: 'its lease could not be renewed in time',
};

const THREAD_ENDED = 'the thread that renews its lease has ended';

/** Milliseconds for which the exit of a process is held up. */
const EXIT_PATIENCE = 300;

/** What the cluster answered to the request for a lease. */
export interface Granted {
  readonly id: string;
  readonly ttlMs: number;
  /** When the request was sent. */
  readonly sentAt: BootTime;
  readonly token: string | null;
  /** The id of the cluster. */
  readonly cluster: string | null;
}

/** A lease of etcd that a thread renews. */
export class EtcdLease implements Lease {
  readonly id: string;
  readonly ttlMs: number;
  readonly #sentAt: BootTime;
  readonly #patience: number;
  readonly #worker: Worker;
  #lost: ((how: string) => void) | null = null;
  #how: string | null = null;
  #isStopped = false;
  /** Element 0 is 1 once the thread has removed what {@link removeBlocking} wants. */
  readonly #removed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  /** @param renewToken gets a new token for the password. */
  constructor(granted: Granted, { endpoints, tls }: ClusterOptions, renewToken: () => void) {
    const { id, ttlMs, sentAt } = granted;
    this.id = id;
    this.ttlMs = ttlMs;
    this.#sentAt = sentAt;
    this.#patience = ttlMs - marginOf(ttlMs);
    const task = { ...granted, endpoints, tls, patience: this.#patience, removed: this.#removed };
    this.#worker = startBeats({ ...task, interval: ttlMs / BEATS_PER_TTL });
    this.#worker.on('message', (message: FromBeats) => {
      if (message === 'unauthenticated') renewToken();
      else this.#lose(WORDS[message]);
    });
    // Nothing renews the lease when the thread has died.
    this.#worker.on('error', ({ message }) => this.#lose(`${THREAD_ENDED} (${message})`));
    this.#worker.on('exit', () => this.#lose(THREAD_ENDED));
    // It comes last, because a listener makes the worker keep the process alive again, and a lock keeps none alive.
    this.#worker.unref();
  }

  left(): number {
    return this.#how !== null ? 0 : this.#patience - elapsedSince(this.#sentAt);
  }

  onLost(lost: (how: string) => void): void {
    this.#lost = lost;
    if (this.#how !== null) lost(this.#how);
  }

  setToken(token: string): void {
    this.#worker.postMessage({ token });
  }

  removeBlocking(entries: readonly Pick<Entry, 'key' | 'version'>[]): void {
    if (this.#isStopped) return;
    this.#worker.postMessage({ removals: entries.map((entry) => JSON.stringify(removalOf(entry))) });
    Atomics.wait(this.#removed, 0, 0, EXIT_PATIENCE);
  }

  stop(): void {
    this.#isStopped = true;
    // Its end need not be waited for: a renewal under way does no harm.
    void this.#worker.terminate();
  }

  #lose(how: string): void {
    if (this.#how !== null || this.#isStopped) return;
    this.#how = how;
    this.stop();
    this.#lost?.(how);
  }
}
