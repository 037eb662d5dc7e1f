import { monotonicMs } from '../../backend/monotonic-clock.js';
import { type AcquireOptions, INSPECT_OPTIONS } from '../options.js';
import type { InspectOptions } from '../protocol/assess.js';
import type { LockPath } from '../protocol/lock-path.js';
import type { Obstacle } from './obstacle.js';
import { Wakeup } from './wakeup.js';

/**
 * Milliseconds after a release by this thread during which the tasks in line come first. A task looks within
 * a millisecond of its wake-up. One that does not must not keep the lock unused for longer than this.
 */
const TURN = 50;

type Sleep = Pick<Wakeup, 'wait' | 'wake'>;

/** The tasks of this thread that wait for one lock. */
interface Line {
  readonly queues: Queue[];
  /** Until then, on the monotonic clock, a newcomer leaves the lock to those in line. */
  turnEnds: number;
}

/** The tasks of a line that judge by the same options, so that one can look for all. */
interface Queue {
  /** The options that decide a verdict, as text. Other rules may find a lock stale that these find held. */
  readonly rules: string;
  /** The first to arrive is the head. */
  readonly waiters: Set<QueuedWaiter>;
  /** Those of the waiters that want to hear of each new state. */
  readonly listeners: Set<QueuedWaiter>;
  head: QueuedWaiter | null;
  /** What a head saw at the last look. null before the first one. */
  seenByHead: Obstacle | null;
}

/**
 * The lines by the name of the lock, and then by {@link LockPath.parentKey}. The name comes first, because
 * the key takes two system calls, which are not made for a lock that nobody waits for.
 */
const lines = new Map<string, Map<string, Line>>();

function lineAt(lockPath: LockPath): Line | undefined {
  return lines.get(lockPath.name)?.get(lockPath.parentKey);
}

/** The heads of the queues, in the order of their arrival. */
function headsOf({ queues }: Line): QueuedWaiter[] {
  const heads = queues.flatMap(({ head }) => head ?? []);
  return heads.sort((a, b) => a.arrival - b.arrival);
}

/** Wakes this thread's waiters after a release by this thread, which the kernel may not report. */
export function announceRelease(lockPath: LockPath): void {
  const line = lineAt(lockPath);
  if (line === undefined) return;
  line.turnEnds = monotonicMs() + TURN;
  // They look in the order in which they are woken.
  for (const head of headsOf(line)) head.wake();
}

/**
 * Milliseconds for which a newcomer leaves the lock to the tasks in line. Without that, a task that takes the
 * lock again and again would always come before those that have to be woken first.
 * @param waiter the newcomer, if it is in line already.
 */
export function turnOfOthers(lockPath: LockPath, waiter: QueuedWaiter | null): number {
  if (lines.size === 0) return 0;
  const line = lineAt(lockPath);
  if (line === undefined || headsOf(line)[0] === waiter) return 0;
  return Math.max(0, line.turnEnds - monotonicMs());
}

/** What the head of the queue saw last in which a task with these options would wait. null without a head. */
export function seenByHeadOf(lockPath: LockPath, options: AcquireOptions): Obstacle | null {
  if (lines.size === 0) return null;
  const rules = rulesOf(options);
  return lineAt(lockPath)?.queues.find((queue) => queue.rules === rules)?.seenByHead ?? null;
}

let arrivals = 0;

/**
 * One waiter among those of this thread that wait for one lock. Only the head of the queue looks at the lock,
 * so a release wakes one task instead of hundreds of which one succeeds, and only the head needs descriptors.
 * Call leave() once when done.
 */
export class QueuedWaiter {
  /** Counts all waiters of this thread. */
  readonly arrival = ++arrivals;
  readonly #name: string;
  readonly #parentKey: string;
  readonly #line: Line;
  readonly #queue: Queue;
  readonly #wakeup = new Wakeup();
  /** What it sleeps on: the watch, while it is the head and has one. */
  #sleep: Sleep = this.#wakeup;

  /**
   * @param lockPath shares its parent directory with the other waiters from now on.
   * @param listens true when the waiter wants to be woken by each new state that the head sees.
   */
  constructor(lockPath: LockPath, options: AcquireOptions, listens: boolean) {
    lockPath.shareParent();
    this.#name = lockPath.name;
    this.#parentKey = lockPath.parentKey;
    this.#line = this.#findOrMakeLine();
    this.#queue = findOrMakeQueue(this.#line, rulesOf(options));
    this.#queue.waiters.add(this);
    this.#queue.head ??= this;
    if (listens) this.#queue.listeners.add(this);
  }

  get isHead(): boolean {
    return this.#queue.head === this;
  }

  get seenByHead(): Obstacle | null {
    return this.#queue.seenByHead;
  }

  /** Shares what the head saw with the other waiters. Only the head may call this. */
  share(seen: Obstacle): void {
    const before = this.#queue.seenByHead;
    this.#queue.seenByHead = seen;
    if (before?.owner?.nonce === seen.owner?.nonce && before?.description === seen.description) return;
    for (const waiter of this.#queue.listeners) {
      if (waiter !== this) waiter.wake();
    }
  }

  /**
   * Resolves after `ms` milliseconds, or earlier when the watch reports a change, when this thread releases
   * the lock, when the waiter has become the head, or when there is a new state to report. Rejects with
   * `signal.reason` once that aborts.
   */
  wait(ms: number, signal: AbortSignal | undefined, watch: Sleep | null = null): Promise<void> {
    this.#sleep = watch ?? this.#wakeup;
    return this.#sleep.wait(ms, signal);
  }

  /** Ends its {@link wait}. */
  wake(): void {
    this.#sleep.wake();
  }

  /** Makes the next one the head, and passes on its turn. */
  leave(): void {
    const { waiters, listeners } = this.#queue;
    const wasHead = this.isHead;
    waiters.delete(this);
    listeners.delete(this);
    if (wasHead) this.#queue.head = waiters.values().next().value ?? null;
    if (waiters.size === 0) this.#removeQueue();
    if (!wasHead) return;
    const { head } = this.#queue;
    head?.wake();
    // A newcomer that judges by other rules may have left the lock to this one.
    const first = headsOf(this.#line)[0];
    if (first !== head) first?.wake();
  }

  #findOrMakeLine(): Line {
    const byParent = lines.get(this.#name) ?? new Map<string, Line>();
    const line = byParent.get(this.#parentKey) ?? { queues: [], turnEnds: Number.NEGATIVE_INFINITY };
    lines.set(this.#name, byParent.set(this.#parentKey, line));
    return line;
  }

  #removeQueue(): void {
    const { queues } = this.#line;
    queues.splice(queues.indexOf(this.#queue), 1);
    if (queues.length > 0) return;
    const byParent = lines.get(this.#name);
    byParent?.delete(this.#parentKey);
    if (byParent?.size === 0) lines.delete(this.#name);
  }
}

const RULES = Object.keys(INSPECT_OPTIONS) as (keyof InspectOptions)[];

function rulesOf(options: AcquireOptions): string {
  // Not as JSON, which writes Infinity like a missing number.
  return RULES.map((name) => options[name]).join();
}

function findOrMakeQueue({ queues }: Line, rules: string): Queue {
  const found = queues.find((queue) => queue.rules === rules);
  if (found !== undefined) return found;
  const queue = {
    rules,
    waiters: new Set<QueuedWaiter>(),
    listeners: new Set<QueuedWaiter>(),
    head: null,
    seenByHead: null,
  };
  queues.push(queue);
  return queue;
}
