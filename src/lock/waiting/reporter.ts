import { ownerAgeOf, slowOwnerEvent, type WaitReport, waitEvent } from '../events.js';
import type { AcquireOptions } from '../options.js';
import type { Obstacle } from './obstacle.js';

/** Milliseconds between two reports of the same state. */
const REPORT_INTERVAL = 10_000;
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

  constructor(path: string, options: AcquireOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Makes a report, and passes it on when it is due. `waited`: milliseconds since the acquisition began. */
  report({ owner, verdict, description, liftedBy }: Obstacle, waited: number): WaitReport {
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

  /** Milliseconds until a report is due even if nothing happens. Infinity when there is no listener. */
  dueIn({ waited, ownerAge, overdue }: WaitReport): number {
    const { expectedHold } = this.#options;
    if (!isListening(this.#options)) return Number.POSITIVE_INFINITY;
    const repetition = this.#reportedAt + REPORT_INTERVAL - waited;
    if (expectedHold === undefined || ownerAge === null || overdue) return repetition;
    // The age is in whole milliseconds of the wall clock, and the owner is overdue only beyond expectedHold.
    return Math.min(repetition, expectedHold - ownerAge + 1);
  }
}
