import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import type { LockLostError } from '../errors.js';
import type { Verdict } from '../judge/verdict.js';
import { describeOwner } from '../record/describe-owner.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { WaitReport } from './options.js';

/** Names of the channels (node:diagnostics_channel) on which locks tell what happens to them in this thread. */
export const CHANNELS = Object.freeze({
  /** A waiter has something to report, as often as `onWait` is called: {@link WaitReport}. */
  wait: 'kernel-identity:wait',
  /** Once per waiter and owner, when `ownerAge` exceeds the waiter's `expectedHold`: {@link WaitReport}. */
  slowOwner: 'kernel-identity:slow-owner',
  /** This thread has a lock: {@link AcquireEvent}. */
  acquire: 'kernel-identity:acquire',
  /** This thread removed a lock that nobody holds any more: {@link ReclaimEvent}. */
  reclaim: 'kernel-identity:reclaim',
  /** This thread released its lock: {@link ReleaseEvent}. */
  release: 'kernel-identity:release',
  /** A lock of this thread turned out to be lost: {@link LostEvent}. */
  lost: 'kernel-identity:lost',
});

export interface AcquireEvent {
  readonly path: string;
  /** What was recorded of this process. */
  readonly owner: OwnerRecord;
  /** ms from the call to the lock. */
  readonly waited: number;
}

export interface ReclaimEvent {
  readonly path: string;
  /** Who held it; null: it named no owner. */
  readonly owner: OwnerRecord | null;
  /** ms since that owner wrote its record, by the wall clock; null: not known. */
  readonly ownerAge: number | null;
  /** Its state is `unknown` where the owner's lease ran out; null: there was no owner to judge. */
  readonly verdict: Verdict | null;
  /** Why it could be removed, in words. */
  readonly description: string;
}

export interface ReleaseEvent {
  readonly path: string;
  /** What was recorded of this process. */
  readonly owner: OwnerRecord;
  /** ms since it was recorded, by the wall clock; null: not known. */
  readonly ownerAge: number | null;
}

export interface LostEvent extends ReleaseEvent {
  /** The reason with which `lock.signal` aborts. */
  readonly error: LockLostError;
}

/** What is published, by the name of its channel. */
export interface LockEvents {
  'kernel-identity:wait': WaitReport;
  'kernel-identity:slow-owner': WaitReport;
  'kernel-identity:acquire': AcquireEvent;
  'kernel-identity:reclaim': ReclaimEvent;
  'kernel-identity:release': ReleaseEvent;
  'kernel-identity:lost': LostEvent;
}

/** NODE_DEBUG=kernel-identity writes every event to stderr, one line each. */
const debug = debuglog('kernel-identity');
const isDebugging = debug.enabled;

/** One channel. Ask {@link isHeard} before making a payload: nobody listens, as a rule. */
export class LockEvent<Name extends keyof LockEvents> {
  readonly #name: Name;
  /** Held here, because Node forgets a channel that nobody refers to. */
  readonly #channel;
  readonly #describe: (payload: LockEvents[Name]) => string;

  constructor(name: Name, describe: (payload: LockEvents[Name]) => string) {
    this.#name = name;
    this.#channel = channel(name);
    this.#describe = describe;
  }

  get isHeard(): boolean {
    return this.#channel.hasSubscribers || isDebugging;
  }

  /** What a subscriber throws becomes an uncaught exception of its own; it never disturbs the lock. */
  publish(payload: LockEvents[Name]): void {
    this.#channel.publish(payload);
    if (isDebugging) debug('%s %s', this.#name.replace('kernel-identity:', ''), this.#describe(payload));
  }
}

export const waitEvent = new LockEvent(CHANNELS.wait, describeWait);
export const slowOwnerEvent = new LockEvent(CHANNELS.slowOwner, describeWait);
export const acquireEvent = new LockEvent(
  CHANNELS.acquire,
  ({ path, waited }) => `${quote(path)} after ${Math.round(waited)} ms`,
);
export const reclaimEvent = new LockEvent(
  CHANNELS.reclaim,
  ({ path, owner, ownerAge, description }) =>
    `${quote(path)} of ${describeOwner(owner, ownerAge)}: ${description}`,
);
export const releaseEvent = new LockEvent(
  CHANNELS.release,
  ({ path, ownerAge }) => `${quote(path)} after ${describeMs(ownerAge)}`,
);
export const lostEvent = new LockEvent(CHANNELS.lost, ({ error }) => error.message);

/** ms since an owner wrote its record, by the wall clock; null: not known. */
export function ownerAgeOf(owner: OwnerRecord | null): number | null {
  return owner?.recordedAt ? Math.max(0, Date.now() - owner.recordedAt.ms) : null;
}

function describeWait({ path, waited, owner, ownerAge, description }: WaitReport): string {
  return `${quote(path)} for ${Math.round(waited)} ms, owner ${describeOwner(owner, ownerAge)}: ${description}`;
}

function describeMs(ms: number | null): string {
  return ms === null ? 'unknown time' : `${Math.round(ms)} ms`;
}

/** Paths may hold line ends and worse. */
function quote(path: string): string {
  return JSON.stringify(path);
}
