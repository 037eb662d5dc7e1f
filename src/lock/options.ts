import { invalidArgument, outOfRange } from '../errors.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { MAX_LABEL } from '../record/parse.js';
import { type InspectOptions, MIN_LEASE } from './protocol/assess.js';

/** What a waiter knows of the lock it waits for. */
export interface WaitReport {
  readonly path: string;
  /** ms since the acquisition began. */
  readonly waited: number;
  /** null: no owner could be read. */
  readonly owner: OwnerRecord | null;
  /** ms since the owner wrote its record, by the wall clock; null: not known. */
  readonly ownerAge: number | null;
  /** null: there is no owner record to judge. */
  readonly verdict: Verdict | null;
  /** Why the lock is not free, in words. */
  readonly description: string;
  /** True once `ownerAge` exceeds `expectedHold`. */
  readonly overdue: boolean;
}

export interface AcquireOptions extends InspectOptions {
  /** ms to wait for the lock. Default Infinity; 0: one try. */
  readonly timeout?: number;
  /** Ends the waiting; the acquisition rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Called when waiting begins, when the holder changes, once it is overdue, and every 10 s. */
  readonly onWait?: (report: WaitReport) => void;
  /** ms for which a holder is expected to keep the lock; beyond it waiters are told. */
  readonly expectedHold?: number;
  /**
   * ms; recorded only where observers may be unable to test the lock's witness (network filesystems, gVisor, plain Node,
   * overlay, btrfs). There the owner touches its owner.json six times as often, and whoever sees no change for this long
   * may take the lock: an owner that is paused for longer can overlap its successor. Default 30 000, at least 1 000.
   */
  readonly lease?: number;
  /** A word for people, shown with the lock by `inspect`. */
  readonly label?: string;
}

/** ms; a day. */
const MAX_LEASE = 86_400_000;

/** @throws TypeError (ERR_INVALID_ARG_TYPE) or RangeError (ERR_OUT_OF_RANGE). */
export function checkAcquireOptions(options: AcquireOptions): void {
  // One by one, and not by name: V8 finds properties with names that vary the slow way.
  checkTime('timeout', options.timeout);
  checkTime('expectedHold', options.expectedHold);
  checkTime('ownerlessGrace', options.ownerlessGrace);
  checkTime('clockSlack', options.clockSlack);
  if (options.lease !== undefined) {
    if (typeof options.lease !== 'number')
      throw invalidType('lease', 'a number of milliseconds', options.lease);
    if (!(options.lease >= MIN_LEASE && options.lease <= MAX_LEASE)) {
      throw invalidValue('lease', `${MIN_LEASE} to ${MAX_LEASE} milliseconds`, options.lease);
    }
  }
  if (options.legacy !== undefined && options.legacy !== 'assume' && options.legacy !== 'unknown') {
    throw invalidValue('legacy', `'assume' or 'unknown'`, options.legacy);
  }
  if (options.label !== undefined && typeof options.label !== 'string') {
    throw invalidType('label', 'a string', options.label);
  }
  if (options.label !== undefined && options.label.length > MAX_LABEL) {
    throw invalidValue('label', `at most ${MAX_LABEL} characters`, options.label.length);
  }
  if (options.onWait !== undefined && typeof options.onWait !== 'function') {
    throw invalidType('onWait', 'a function', options.onWait);
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalidType('signal', 'an AbortSignal', options.signal);
  }
}

function checkTime(name: string, ms: unknown): void {
  if (ms === undefined) return;
  if (typeof ms !== 'number') throw invalidType(name, 'a number of milliseconds', ms);
  if (!(ms >= 0)) throw invalidValue(name, 'zero or more milliseconds', ms);
}

function invalidType(name: string, wanted: string, got: unknown): TypeError {
  return invalidArgument(`option '${name}' must be ${wanted}, not ${typeof got}`);
}

function invalidValue(name: string, wanted: string, got: unknown): RangeError {
  return outOfRange(`option '${name}' must be ${wanted}, not ${String(got)}`);
}
