import { formatElapsed } from '../../text/elapsed.js';
import { ownerAgeOf, slowOwnerEvent, type WaitReport, waitEvent } from '../events.js';
import type { AcquireOptions } from '../options.js';
import { clearingCommand } from '../protocol/commands.js';
import type { Obstacle } from './obstacle.js';
import { SelfWait } from './self-wait.js';

/** Milliseconds between two reports of the same state. */
const REPORT_INTERVAL = 10_000;
/** Milliseconds after which a waiter warns that nothing but a person can end its waiting. */
const STANDSTILL = 60_000;
let hasWarned = false;
/** Durations are removed from a description before comparing, because a growing one is not a new state. */
const DURATIONS = /(?: [\d.]+ (?:ms|s|min|h|d)\b)+/g;

/** True when the caller or a subscriber wants to know how the waiting goes. */
export function isListening({ onWait }: AcquireOptions): boolean {
  return onWait !== undefined || waitEvent.isHeard || slowOwnerEvent.isHeard;
}

/** Reports each new state to `onWait` and to the channels, and an unchanged one every REPORT_INTERVAL. */
export class Reporter {
  readonly #path: string;
  readonly #options: AcquireOptions;
  #reported = '';
  /** Milliseconds since the acquisition began. */
  #reportedAt = 0;
  #slowOwner = '';
  /** When the state became one that nothing but a person ends, in ms since the acquisition began. null: it is none. */
  #stuckSince: number | null = null;
  /** Made when this thread itself is found to hold the lock. */
  #selfWait: SelfWait | null = null;

  constructor(path: string, options: AcquireOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Makes a report, and passes it on when it is due. `waited`: milliseconds since the acquisition began. */
  report(seen: Obstacle, waited: number): WaitReport {
    const { owner, verdict, description, liftedBy } = seen;
    const { expectedHold, onWait } = this.#options;
    const ownerAge = ownerAgeOf(owner);
    const overdue = expectedHold !== undefined && ownerAge !== null && ownerAge > expectedHold;
    const report: WaitReport = {
      path: this.#path,
      waited,
      owner,
      ownerAge,
      verdict,
      description,
      liftedBy: liftedBy ?? null,
      overdue,
    };
    this.#watchForStandstill(report, seen);
    if (verdict?.reason === 'held-by-this-process') {
      this.#selfWait ??= new SelfWait(this.#options, isListening(this.#options));
    }
    this.#selfWait?.see(report);
    const reason = verdict?.reason ?? description.replace(DURATIONS, '');
    const who = String(owner?.nonce ?? owner?.pid);
    const state = `${who} ${reason} ${overdue}`;
    if (state !== this.#reported || waited - this.#reportedAt >= REPORT_INTERVAL) {
      this.#reported = state;
      this.#reportedAt = waited;
      onWait?.(report);
      if (waitEvent.isHeard) waitEvent.publish(report);
      if (overdue && who !== this.#slowOwner) {
        this.#slowOwner = who;
        if (slowOwnerEvent.isHeard) slowOwnerEvent.publish(report);
      }
    }
    return report;
  }

  /**
   * Warns once in a process when nothing decides whether an owner lives, and neither time nor a lease will: such a
   * waiter would otherwise wait for ever, and say nothing.
   */
  #watchForStandstill(
    { waited, path, description, liftedBy }: WaitReport,
    { verdict, lookAgainIn }: Obstacle,
  ): void {
    const isStuck = verdict?.state === 'unknown' && lookAgainIn === undefined;
    if (!isStuck) this.#stuckSince = null;
    else this.#stuckSince ??= waited;
    if (hasWarned || this.#stuckSince === null || waited - this.#stuckSince < STANDSTILL) return;
    hasWarned = true;
    const words = `waiting for the lock '${path}' for ${formatElapsed(waited)}, and nothing but a person can end that: ${description}. To look at it, and clear it: ${clearingCommand(path, liftedBy)}`;
    process.emitWarning(words, { code: 'KERNEL_IDENTITY_STANDSTILL' });
  }

  /** Milliseconds until a report or a warning is due even if nothing happens. Infinity when neither is. */
  dueIn(report: WaitReport): number {
    return Math.min(
      this.#reportDueIn(report),
      this.#selfWait?.dueIn(report.waited) ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Infinity when there is no listener. */
  #reportDueIn({ waited, ownerAge, overdue }: WaitReport): number {
    const { expectedHold } = this.#options;
    if (!isListening(this.#options)) return Number.POSITIVE_INFINITY;
    const repetition = this.#reportedAt + REPORT_INTERVAL - waited;
    if (expectedHold === undefined || ownerAge === null || overdue) return repetition;
    // The age is in whole milliseconds of the wall clock, and the owner is overdue only beyond expectedHold.
    return Math.min(repetition, expectedHold - ownerAge + 1);
  }
}
