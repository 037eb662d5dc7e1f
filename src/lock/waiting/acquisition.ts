import { isGone, systemError } from '../../backend/system-error.js';
import { ownerRecordOf } from '../../record/format.js';
import { acquireEvent, ownerAgeOf, slowOwnerEvent, waitEvent } from '../events.js';
import type { AcquireOptions, WaitReport } from '../options.js';
import { assess, type LockState } from '../protocol/assess.js';
import { reclaimStale } from '../protocol/clear.js';
import { LastLook } from '../protocol/last-look.js';
import { type LockPath, withLockPath } from '../protocol/lock-path.js';
import { MAX_LOCK_NAME } from '../protocol/names.js';
import { type PublishedLock, publishLock } from '../protocol/publish.js';
import { sweepIfDue } from '../protocol/sweep.js';
import { LockView } from '../protocol/view.js';
import { LockTimeoutError } from '../timeout-error.js';
import type { ChangeWatch, StartWatch } from './change-watch.js';
import type { Obstacle } from './queue.js';

/** Looks that found something moving are repeated at once only this often, then like any other. */
const MAX_IMMEDIATE = 8;
/** ms between two looks at a lock whose changes make no sound. */
const POLL_INTERVAL = 100;
/**
 * ms after which what has just moved is looked at again, then after PATIENCE times as long, and so on up to the interval of
 * polling. Two steps make no sound after the last that does: the kernel reports the owner's file closed a moment before it
 * frees the witness (__fput: fsnotify_close, then locks_remove_file), and it reports no removal of a directory that somebody
 * has open. Between either two, whoever makes them may be kept from running.
 */
const SOON = 2;
const PATIENCE = 7;
/**
 * ms between two looks at a lock whose alarm covers everything: for the case that it does not. A look of a process that
 * does nothing else takes half a millisecond, so that a hundred waiters take 0.3 % of a core.
 */
const SAFETY_INTERVAL = 15_000;
/** Share by which intervals differ, so that waiters of one lock do not move in step. */
const JITTER = 0.2;
/** ms between two reports of the same state. */
const REPORT_INTERVAL = 10_000;
/** A description may tell for how long something has been so, which is no other state. */
const TIMES = /(?: [\d.]+ (?:ms|s|min|h|d)\b)+/g;

/** Asks whoever drives the acquisition to wait for `ms`, or until the alarm sounds. */
export interface Pause<A extends ChangeWatch> {
  readonly ms: number;
  readonly alarm: A | null;
  readonly report: WaitReport;
}

/**
 * The acquisition of a lock as a sequence of looks and pauses; sync and async callers differ only in how they pause.
 * Returns the lock, or throws LockTimeoutError. Whoever drives it may tell after a pause what another waiter saw: that
 * stands for a look. To be ended with `return()` when it is given up.
 */
export function* acquireSteps<A extends ChangeWatch>(
  place: LockPath,
  options: AcquireOptions,
  arm: StartWatch<A>,
): Generator<Pause<A>, PublishedLock, Obstacle | null> {
  refuseLongName(place);
  const timeout = options.timeout ?? Number.POSITIVE_INFINITY;
  const started = performance.now();
  const attempts = new Attempts(place, options, arm);
  const reporter = new Reporter(options);
  sweepIfDue(place, options);
  try {
    // ms after which to look again at what has just moved; Infinity: nothing has.
    let unrest = Number.POSITIVE_INFINITY;
    for (let immediate = 0, wasWoken = false, told: Obstacle | null = null; ; ) {
      const step = told ?? withLockPath(place.path, () => attempts.next());
      if ('record' in step) {
        if (acquireEvent.isHeard) {
          acquireEvent.publish({
            path: place.path,
            owner: ownerRecordOf(step.record),
            waited: performance.now() - started,
          });
        }
        return step;
      }
      const { moving = false, lookAgainIn }: Partial<Hindrance> = step;
      const hadMoved = immediate > 0;
      immediate = moving ? immediate + 1 : 0;
      if (immediate > 0 && immediate <= MAX_IMMEDIATE) continue;
      immediate = 0;
      const pausedAt = performance.now();
      const waited = pausedAt - started;
      const report = reporter.report(place, step, waited);
      if (waited >= timeout) throw new LockTimeoutError(report);
      const alarm = attempts.alarm;
      // Where others are faster, or it has another owner by now, what woke this waiter is over.
      const isOver = moving || (hadMoved && step.owner !== null);
      if (moving || wasWoken) unrest = isOver ? POLL_INTERVAL : SOON;
      else unrest *= PATIENCE;
      const isAtRest = told !== null || (unrest > POLL_INTERVAL && alarm?.complete === true);
      const interval = isAtRest ? SAFETY_INTERVAL : Math.min(unrest, POLL_INTERVAL);
      const jittered = Math.min(interval, lookAgainIn ?? interval) * (1 + JITTER * (2 * Math.random() - 1));
      const ms = Math.min(jittered, timeout - waited, reporter.dueIn(report));
      told = yield { ms, alarm, report };
      // Timers may be a millisecond early.
      wasWoken = performance.now() - pausedAt < ms - 1;
    }
  } finally {
    attempts.close();
  }
}

/** Before there is anything to wait for or to leave behind. A filesystem may set a lower limit: its mkdir says so. */
function refuseLongName({ name, path }: LockPath): void {
  const length = Buffer.byteLength(name);
  if (length <= MAX_LOCK_NAME) return;
  const words = `the name of the lock has ${length} bytes, and ${MAX_LOCK_NAME} are the most, because the lock is prepared under a longer name`;
  throw systemError('ENAMETOOLONG', 'acquire', { path }, words);
}

/** What this waiter saw in the way. */
interface Hindrance extends Obstacle, Pick<LockState, 'lookAgainIn'> {
  /** Something changed, or may have, so look again at once. */
  readonly moving: boolean;
}

/** One waiter's attempts at one lock, with what it remembers from one to the next. */
class Attempts<A extends ChangeWatch> {
  readonly #place: LockPath;
  readonly #options: AcquireOptions;
  readonly #arm: StartWatch<A>;
  readonly #memory = new LastLook();
  #alarm: A | null = null;

  constructor(place: LockPath, options: AcquireOptions, arm: StartWatch<A>) {
    this.#place = place;
    this.#options = options;
    this.#arm = arm;
  }

  get alarm(): A | null {
    return this.#alarm;
  }

  next(): PublishedLock | Hindrance {
    const view = LockView.open(this.#place);
    if (view === null) {
      const result = publishLock(this.#place, this.#options);
      return typeof result === 'string' ? OVERTAKEN : result;
    }
    const { record } = view;
    try {
      const standing = assess(view, this.#options, this.#memory);
      const isStale = standing.state === 'stale';
      if (isStale) reclaimStale(view, standing);
      // An alarm that was set just now may have missed what happened before: look again, then wait.
      const moving = isStale || this.#watch(view);
      return { ...standing, owner: record, moving };
    } catch (error) {
      if (isGone(error)) return OVERTAKEN;
      throw error;
    } finally {
      view.close();
    }
  }

  close(): void {
    this.#alarm?.close();
    this.#memory.forget();
  }

  /** Turns the alarm to the lock in `view`. @returns false: it was turned there before. */
  #watch(view: LockView): boolean {
    if (this.#memory.isOf(view)) return false;
    this.#alarm?.close();
    this.#alarm = null;
    this.#alarm = this.#options.timeout === 0 ? null : this.#arm(view);
    this.#memory.keep(view);
    return this.#alarm !== null;
  }
}

const OVERTAKEN: Hindrance = {
  verdict: null,
  description: 'others take and release the lock faster than this process',
  owner: null,
  moving: true,
};

/** Somebody wants to know how the waiting goes. */
export function isListening({ onWait }: AcquireOptions): boolean {
  return onWait !== undefined || waitEvent.isHeard || slowOwnerEvent.isHeard;
}

/** Tells the caller's `onWait` what there is to tell, and not more often. */
class Reporter {
  readonly #options: AcquireOptions;
  #told = '';
  #toldAt = 0;
  #slowOwner = '';

  constructor(options: AcquireOptions) {
    this.#options = options;
  }

  report(place: LockPath, obstacle: Obstacle, waited: number): WaitReport {
    const { expectedHold, onWait } = this.#options;
    const { owner, verdict, description } = obstacle;
    const ownerAge = ownerAgeOf(owner);
    const overdue = expectedHold !== undefined && ownerAge !== null && ownerAge > expectedHold;
    const report = { path: place.path, waited, owner, ownerAge, verdict, description, overdue };
    const reason = verdict?.reason ?? description.replace(TIMES, '');
    const who = String(owner?.nonce ?? owner?.pid);
    const state = `${who} ${reason} ${overdue}`;
    if (state !== this.#told || waited - this.#toldAt >= REPORT_INTERVAL) {
      this.#told = state;
      this.#toldAt = waited;
      onWait?.(report);
      if (waitEvent.isHeard) waitEvent.publish(report);
      if (overdue && who !== this.#slowOwner) {
        this.#slowOwner = who;
        if (slowOwnerEvent.isHeard) slowOwnerEvent.publish(report);
      }
    }
    return report;
  }

  /** ms until there will be something to tell even if nothing happens; Infinity: never. */
  dueIn({ waited, ownerAge, overdue }: WaitReport): number {
    const { expectedHold } = this.#options;
    if (!isListening(this.#options)) return Number.POSITIVE_INFINITY;
    const repetition = this.#toldAt + REPORT_INTERVAL - waited;
    if (expectedHold === undefined || ownerAge === null || overdue) return repetition;
    // By the wall clock, in whole milliseconds, and only beyond it.
    return Math.min(repetition, expectedHold - ownerAge + 1);
  }
}
