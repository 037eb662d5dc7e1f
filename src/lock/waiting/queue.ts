import type { AcquireOptions } from '../options.js';
import type { Obstacle } from './obstacle.js';
import { Wakeup } from './wakeup.js';

interface Queue {
  /** The options that decide a verdict, as text. Other rules may find a lock stale that these find held. */
  readonly rules: string;
  /** The first to arrive is the head. */
  readonly waiters: Set<QueuedWaiter>;
  /** What a head saw at the last look. null before the first one. */
  seenByHead: Obstacle | null;
}

/** The key is the path of the lock. */
const queues = new Map<string, Queue[]>();

/** Wakes this thread's waiters after a release by this thread, which the kernel may not report. */
export function announceRelease(path: string): void {
  for (const queue of queues.get(path) ?? []) headOf(queue)?.wake();
}

/**
 * One waiter among those of this thread that wait for one lock. Only the head of the queue looks at the lock,
 * so a release wakes one task instead of hundreds of which one succeeds. Call leave() when done.
 */
export class QueuedWaiter {
  readonly #path: string;
  readonly #queue: Queue;
  readonly #listens: boolean;
  readonly #wakeup = new Wakeup();

  /** @param listens true when the waiter wants to be woken by each new state that the head sees. */
  constructor(path: string, options: AcquireOptions, listens: boolean) {
    const { legacy, clockSlack, ownerlessGrace, trustBootId } = options;
    const rules = JSON.stringify([legacy, clockSlack, ownerlessGrace, trustBootId]);
    const others = queues.get(path) ?? [];
    const queue = others.find((other) => other.rules === rules);
    this.#queue = queue ?? { rules, waiters: new Set(), seenByHead: null };
    if (queue === undefined) queues.set(path, [...others, this.#queue]);
    this.#path = path;
    this.#listens = listens;
    this.#queue.waiters.add(this);
  }

  get isHead(): boolean {
    return headOf(this.#queue) === this;
  }

  get seenByHead(): Obstacle | null {
    return this.#queue.seenByHead;
  }

  /** Shares what the head saw with the other waiters. Only the head may call this. */
  share(seen: Obstacle): void {
    const before = this.#queue.seenByHead;
    this.#queue.seenByHead = seen;
    if (before?.owner?.nonce === seen.owner?.nonce && before?.description === seen.description) return;
    for (const waiter of this.#queue.waiters) {
      if (waiter !== this && waiter.#listens) waiter.wake();
    }
  }

  /**
   * Resolves after `ms` milliseconds, or earlier when the waiter has become the head or there is a new state
   * to report. Rejects with `signal.reason` once that aborts.
   */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#wakeup.wait(ms, signal);
  }

  /** Ends its {@link wait}. */
  wake(): void {
    this.#wakeup.wake();
  }

  leave(): void {
    const { waiters } = this.#queue;
    const wasHead = this.isHead;
    waiters.delete(this);
    if (wasHead) headOf(this.#queue)?.wake();
    if (waiters.size > 0) return;
    const others = queues.get(this.#path)?.filter((queue) => queue !== this.#queue) ?? [];
    if (others.length === 0) queues.delete(this.#path);
    else queues.set(this.#path, others);
  }
}

function headOf({ waiters }: Queue): QueuedWaiter | undefined {
  return waiters.values().next().value;
}
