import { fstatSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { outOfRange, withCode } from '../errors.js';
import type { LeaseOperations } from './backend.js';
import { type BootTime, elapsedSince, newBootTime } from './boot-clock.js';
import type { Descriptor } from './descriptor.js';
import {
  BEATER,
  FREE,
  type FromBeater,
  STOPPED,
  type Target,
  TOUCHING,
  type ToBeater,
} from './lease-worker.js';
import { isRefusedByNode } from './system-error.js';

interface Lease {
  /** See {@link ToBeater.state}. */
  readonly state: Int32Array;
  /** See {@link ToBeater.touchedAt}. */
  readonly touchedAt: BootTime;
  readonly patienceMs: number;
  readonly lost: () => void;
}

/**
 * Touches files from one worker thread, because the timers of this thread stand still while its event loop is blocked.
 * The worker lives as long as there is a lease.
 */
export class WorkerLease implements LeaseOperations {
  readonly #locate: (descriptor: Descriptor) => Target;
  readonly #leases = new Map<number, Lease>();
  #lastTicket = 0;
  #worker: Worker | null = null;

  /** @param locate finds the file of a descriptor of the backend's; throws EBADF for one that is closed. */
  constructor(locate: (descriptor: Descriptor) => Target) {
    this.#locate = locate;
  }

  start(
    file: Descriptor,
    intervalMs: number,
    lost: () => void,
    patienceMs = Number.POSITIVE_INFINITY,
  ): number {
    requireInterval(intervalMs);
    const target = this.#locate(file);
    const { device, inode } = 'path' in target ? target : idOf(target.descriptor);
    const ticket = ++this.#lastTicket;
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#worker ??= this.#startWorker();
    const touchedAt = newBootTime();
    const message: ToBeater = { ticket, target, device, inode, intervalMs, state, touchedAt };
    this.#worker.postMessage(message);
    this.#leases.set(ticket, { state, touchedAt, patienceMs, lost });
    return ticket;
  }

  sinceTouch(ticket: number): number {
    const lease = this.#leases.get(ticket);
    return lease === undefined ? 0 : elapsedSince(lease.touchedAt);
  }

  stop(ticket: number): void {
    const lease = this.#leases.get(ticket);
    if (lease === undefined) return;
    // Wait for a touch in progress: the caller may close the descriptor next, and its number may go to another file.
    while (Atomics.compareExchange(lease.state, 0, FREE, STOPPED) === TOUCHING) {
      Atomics.wait(lease.state, 0, TOUCHING);
    }
    this.#forget(ticket);
  }

  #startWorker(): Worker {
    const worker = newWorker();
    worker.on('message', ({ ticket, gone }: FromBeater) => {
      if (gone || this.#isOverdue(ticket)) this.#lose(ticket);
    });
    // When the worker dies no lease is renewed any more, so all of them are lost.
    worker.on('error', () => this.#loseAll(worker));
    worker.on('exit', () => this.#loseAll(worker));
    worker.unref();
    return worker;
  }

  #isOverdue(ticket: number): boolean {
    const lease = this.#leases.get(ticket);
    return lease !== undefined && elapsedSince(lease.touchedAt) >= lease.patienceMs;
  }

  #forget(ticket: number): void {
    this.#leases.delete(ticket);
    if (this.#leases.size > 0) return;
    // We need not wait for its end, because it touches nothing any more.
    void this.#worker?.terminate();
    this.#worker = null;
  }

  #lose(ticket: number): void {
    const lease = this.#leases.get(ticket);
    if (lease === undefined) return;
    this.#forget(ticket);
    lease.lost();
  }

  #loseAll(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    for (const ticket of [...this.#leases.keys()]) this.#lose(ticket);
  }
}

function idOf(descriptor: Descriptor) {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return { device: dev, inode: ino };
}

/** @throws {Error} ERR_ACCESS_DENIED under Node's permission model. */
function newWorker(): Worker {
  // The module is loaded only now, because most programs never need a worker.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  try {
    return new Worker(BEATER, {
      eval: true,
      name: 'kernel-identity lease',
      // The modules that a program preloads into its threads have no business in this one.
      execArgv: [],
      env: {},
    });
  } catch (error) {
    if (!isRefusedByNode(error)) throw error;
    const message =
      'a lock without the addon needs a worker thread to keep its lease: allow it with --allow-worker';
    throw withCode(new Error(message, { cause: error }), 'ERR_ACCESS_DENIED');
  }
}

function requireInterval(ms: number): void {
  if (ms > 0 && ms < 2 ** 31) return;
  throw outOfRange(`an interval is a number of milliseconds above 0, below 2^31, not ${ms}`);
}
