import type { AcquireOptions, WaitReport } from '../options.js';
import type { LockPath } from '../protocol/lock-path.js';
import { Wakeup } from './wakeup.js';

/** What a look at a lock that is not free showed. */
export type Obstacle = Pick<WaitReport, 'owner' | 'verdict' | 'description'>;

interface Line {
  /** By which they judge: one may find a lock stale that another does not. */
  readonly rules: string;
  readonly waiters: Set<QueuedWaiter>;
  /** What the first of them saw last; null: it has not looked since it waits. */
  seen: Obstacle | null;
}

/** By path. */
const lines = new Map<string, Line[]>();

/** This thread has released the lock at `path`: where the kernel does not say so, its own waiters need not find out. */
export function announceRelease(path: string): void {
  for (const line of lines.get(path) ?? []) first(line)?.ring();
}

/**
 * One waiter's place among those of this thread that wait for one lock, in the order of their coming. Only the first of
 * them looks at it: when it is released, one task wakes and takes it, and not hundreds of which one takes it. To be left.
 */
export class QueuedWaiter {
  readonly #path: string;
  readonly #line: Line;
  readonly #listens: boolean;
  readonly #bell = new Wakeup();

  /** @param listens it wants to be woken by what the first of the line sees. */
  constructor({ path }: LockPath, options: AcquireOptions, listens: boolean) {
    const rules = JSON.stringify([options.legacy, options.clockSlack, options.ownerlessGrace]);
    const others = lines.get(path) ?? [];
    const line = others.find((other) => other.rules === rules);
    this.#line = line ?? { rules, waiters: new Set(), seen: null };
    if (line === undefined) lines.set(path, [...others, this.#line]);
    this.#path = path;
    this.#listens = listens;
    this.#line.waiters.add(this);
  }

  get isFirst(): boolean {
    return first(this.#line) === this;
  }

  /** What the first of the line saw last. */
  get seen(): Obstacle | null {
    return this.#line.seen;
  }

  /** For the first of the line. */
  tell(seen: Obstacle): void {
    const before = this.#line.seen;
    this.#line.seen = seen;
    if (before?.owner?.nonce === seen.owner?.nonce && before?.description === seen.description) return;
    for (const waiter of this.#line.waiters) {
      if (waiter !== this && waiter.#listens) waiter.ring();
    }
  }

  /**
   * Resolves after `ms`, or earlier when it has become the first or there is something to be told; rejects with
   * `signal.reason` once that aborts.
   */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#bell.wait(ms, signal);
  }

  /** Ends its {@link wait}. */
  ring(): void {
    this.#bell.ring();
  }

  leave(): void {
    const { waiters } = this.#line;
    const wasFirst = this.isFirst;
    waiters.delete(this);
    if (wasFirst) first(this.#line)?.ring();
    if (waiters.size > 0) return;
    const others = lines.get(this.#path)?.filter((line) => line !== this.#line) ?? [];
    if (others.length === 0) lines.delete(this.#path);
    else lines.set(this.#path, others);
  }
}

function first({ waiters }: Line): QueuedWaiter | undefined {
  return waiters.values().next().value;
}
