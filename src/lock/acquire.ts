import { clearStale } from './clear.js';
import type { AcquireOptions, WaitReport } from './options.js';
import { type LockPlace, withLockPath } from './place.js';
import { type PublishedLock, publishLock } from './publish.js';
import { assess, OwnerlessMemory, type Standing } from './standing.js';
import { sweepIfDue } from './sweep.js';
import { LockTimeoutError } from './timeout-error.js';
import { LockView } from './view.js';

/** Steps that changed nothing visible are repeated at once only this often, then like any wait. */
const MAX_IMMEDIATE = 8;
/** ms between two looks at a lock that is not free, give or take {@link JITTER}. */
const POLL_INTERVAL = 100;
/** Share by which intervals differ, so that waiters of one lock do not move in step. */
const JITTER = 0.2;
/** ms between two reports of the same state. */
const REPORT_INTERVAL = 10_000;

/** Asks whoever drives the acquisition to wait for `ms`. */
export interface Pause {
  readonly ms: number;
  readonly report: WaitReport;
}

/**
 * The acquisition of a lock as a sequence of looks and pauses; sync and async callers differ only in how they pause.
 * Returns the lock, or throws LockTimeoutError.
 */
export function* acquireSteps(
  place: LockPlace,
  options: AcquireOptions,
): Generator<Pause, PublishedLock, void> {
  const timeout = options.timeout ?? Number.POSITIVE_INFINITY;
  const started = performance.now();
  const memory = new OwnerlessMemory();
  const reporter = new Reporter(options);
  sweepIfDue(place, options);
  for (let immediate = 0; ; ) {
    const step = withLockPath(place.path, () => attempt(place, options, memory));
    if ('record' in step) return step;
    immediate = step.retry ? immediate + 1 : 0;
    if (immediate > 0 && immediate <= MAX_IMMEDIATE) continue;
    immediate = 0;
    const waited = performance.now() - started;
    const report = reporter.report(place, step, waited);
    if (waited >= timeout) throw new LockTimeoutError(report);
    const ms = POLL_INTERVAL * (1 + JITTER * (2 * Math.random() - 1));
    yield { ms: Math.min(ms, timeout - waited), report };
  }
}

/** What stood in the way. `retry`: something moved, so look again at once. */
interface Obstacle extends Pick<Standing, 'verdict' | 'description'> {
  readonly owner: WaitReport['owner'];
  readonly retry: boolean;
}

function attempt(
  place: LockPlace,
  options: AcquireOptions,
  memory: OwnerlessMemory,
): PublishedLock | Obstacle {
  const view = LockView.open(place);
  if (view === null) {
    const result = publishLock(place, options.label);
    return typeof result === 'string' ? movedOn : result;
  }
  try {
    const standing = assess(view, options, memory);
    if (standing.state === 'stale') clearStale(view);
    const { verdict, description } = standing;
    return { verdict, description, owner: view.record, retry: standing.state === 'stale' };
  } finally {
    view.close();
  }
}

const movedOn: Obstacle = {
  verdict: null,
  description: 'others take and release the lock faster than this process',
  owner: null,
  retry: true,
};

/** Tells the caller's `onWait` what there is to tell, and not more often. */
class Reporter {
  readonly #options: AcquireOptions;
  #told = '';
  #toldAt = 0;

  constructor(options: AcquireOptions) {
    this.#options = options;
  }

  report(place: LockPlace, obstacle: Obstacle, waited: number): WaitReport {
    const { expectedHold, onWait } = this.#options;
    const { owner, verdict, description } = obstacle;
    const ownerAge = owner?.recordedAt ? Math.max(0, Date.now() - owner.recordedAt.ms) : null;
    const overdue = expectedHold !== undefined && ownerAge !== null && ownerAge > expectedHold;
    const report = { path: place.path, waited, owner, ownerAge, verdict, description, overdue };
    const state = `${owner?.nonce ?? owner?.pid} ${verdict?.reason ?? description} ${overdue}`;
    if (state !== this.#told || waited - this.#toldAt >= REPORT_INTERVAL) {
      this.#told = state;
      this.#toldAt = waited;
      onWait?.(report);
    }
    return report;
  }
}
