import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import type { LockLostError } from '../errors.js';
import type { Verdict } from '../judge/verdict.js';
import { describeOwner } from '../record/describe-owner.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { LockLift } from './protocol/lift.js';

/** Names of the channels (node:diagnostics_channel) that publish the events of this thread's locks. */
export const CHANNELS = Object.freeze({
  /** A waiter reports, as often as it calls `onWait`: {@link WaitReport}. */
  wait: 'kernel-identity:wait',
  /** An owner's age exceeds the waiter's `expectedHold`, once per waiter and owner: {@link WaitReport}. */
  slowOwner: 'kernel-identity:slow-owner',
  /** This thread acquired a lock: {@link AcquireEvent}. */
  acquire: 'kernel-identity:acquire',
  /** This thread removed a lock that no process held any more: {@link ReclaimEvent}. */
  reclaim: 'kernel-identity:reclaim',
  /** This thread released its lock: {@link ReleaseEvent}. */
  release: 'kernel-identity:release',
  /** A lock of this thread turned out to be lost: {@link LostEvent}. */
  lost: 'kernel-identity:lost',
  /** The path of a lock of this thread leads elsewhere by now, but the lock is still held: {@link MovedEvent}. */
  moved: 'kernel-identity:moved',
});

/** What a waiter knows of the lock that it waits for. `onWait` receives it too. */
export interface WaitReport {
  readonly path: string;
  /** Milliseconds since the acquisition began. */
  readonly waited: number;
  /** null when no owner could be read. */
  readonly owner: OwnerRecord | null;
  /**
   * Milliseconds since the owner wrote its record, by the wall clock; null when not known. It is the same
   * measure as `LockInspection.ageMs` and `ReclaimEvent.ownerAge`.
   */
  readonly ownerAge: number | null;
  /** null when there is no owner record to judge. */
  readonly verdict: Verdict | null;
  /** Why the lock is not free, in words. */
  readonly description: string;
  /**
   * The option by which a person who knows better lifts what keeps the owner from being judged, such as
   * `ownerlessGrace`; `description` names the option of the program as well. null where time or the owner decides, and
   * where no option helps.
   */
  readonly liftedBy: LockLift | null;
  /** True once `ownerAge` exceeds `expectedHold`. */
  readonly overdue: boolean;
}

export interface AcquireEvent {
  readonly path: string;
  /** The record that this process wrote. */
  readonly owner: OwnerRecord;
  /** Milliseconds from the call until the lock was acquired. */
  readonly waited: number;
  /** See {@link Lock.reclaimed}. */
  readonly reclaimed: ReclaimedLock | null;
}

/** A lock that was removed because no process held it any more. */
export interface ReclaimedLock {
  /** The owner that held it last. null when the lock named no owner. */
  readonly owner: OwnerRecord | null;
  /**
   * Milliseconds since that owner wrote its record, by the wall clock; null when not known. It is the same
   * measure as `LockInspection.ageMs` and `WaitReport.ownerAge`.
   */
  readonly ownerAge: number | null;
  /** The verdict on that owner: `unknown` when its lease ran out. null when there was no owner to judge. */
  readonly verdict: Verdict | null;
  /** Why the lock could be removed, in words. */
  readonly description: string;
}

export interface ReclaimEvent extends ReclaimedLock {
  readonly path: string;
}

export interface ReleaseEvent {
  readonly path: string;
  /** The record that this process wrote. */
  readonly owner: OwnerRecord;
  /** Milliseconds since it was written, by the wall clock; null when not known. */
  readonly ownerAge: number | null;
}

export interface LostEvent extends ReleaseEvent {
  /** The reason with which `lock.signal` aborts. */
  readonly error: LockLostError;
}

/** A directory above the lock was renamed, or a symbolic link in its path was switched. */
export type MovedEvent = ReleaseEvent;

/** The payload of each channel. */
export interface LockEvents {
  'kernel-identity:wait': WaitReport;
  'kernel-identity:slow-owner': WaitReport;
  'kernel-identity:acquire': AcquireEvent;
  'kernel-identity:reclaim': ReclaimEvent;
  'kernel-identity:release': ReleaseEvent;
  'kernel-identity:lost': LostEvent;
  'kernel-identity:moved': MovedEvent;
}

/** NODE_DEBUG=kernel-identity writes every event to stderr, one line each. */
const debug = debuglog('kernel-identity');
export const isDebugging = debug.enabled;

/** One channel. Check {@link isHeard} before making a payload, because a channel rarely has a subscriber. */
export class LockEvent<Name extends keyof LockEvents> {
  readonly #name: Name;
  /** Kept in a field, because Node forgets a channel that nothing refers to. */
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

  /** True when a program listens, and not NODE_DEBUG alone. */
  get hasSubscriber(): boolean {
    return this.#channel.hasSubscribers;
  }

  /** An error of a subscriber becomes an uncaught exception. It never reaches the caller of the lock. */
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
export const movedEvent = new LockEvent(
  CHANNELS.moved,
  ({ path, ownerAge }) => `${quote(path)} after ${describeMs(ownerAge)}: its path leads elsewhere`,
);

/** Milliseconds since an owner wrote its record, by the wall clock; null when not known. */
export function ownerAgeOf(owner: OwnerRecord | null): number | null {
  return owner?.recordedAt ? Math.max(0, Date.now() - owner.recordedAt.ms) : null;
}

function describeWait({ path, waited, owner, ownerAge, description }: WaitReport): string {
  return `${quote(path)} for ${Math.round(waited)} ms, owner ${describeOwner(owner, ownerAge)}: ${description}`;
}

function describeMs(ms: number | null): string {
  return ms === null ? 'unknown time' : `${Math.round(ms)} ms`;
}

/** JSON escapes the line ends and control characters that a path may hold. */
function quote(path: string): string {
  return JSON.stringify(path);
}
