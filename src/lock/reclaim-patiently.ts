import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../backend/monotonic-clock.js';
import type { InspectOptions } from './protocol/assess.js';
import { type ReclaimResult, type ReclaimTry, tryToReclaim } from './reclaim.js';

/** Milliseconds between two reports of the same wait. */
const REPORT_INTERVAL = 10_000;

export interface PatientOptions extends InspectOptions {
  /** Milliseconds to wait at most. Default Infinity, which ends all the same: see {@link reclaimPatiently}. */
  readonly timeout?: number | undefined;
  /** Called when the waiting begins, and every 10 s. */
  readonly onWait?: ((found: ReclaimResult) => void) | undefined;
}

export interface PatientResult extends ReclaimResult {
  /** True when the owner was seen to renew its lease, so that it lives. */
  readonly isRenewed: boolean;
}

/**
 * Reclaims the lock at `path` as reclaimLock() does. Where nothing but the silence of its owner can decide,
 * it waits until the owner has been silent for its whole lease, or has renewed it, which shows that it lives.
 * @throws the errors of reclaimLock().
 */
export async function reclaimPatiently(path: string, options: PatientOptions): Promise<PatientResult> {
  const { timeout = Number.POSITIVE_INFINITY, onWait, ...judging } = options;
  const started = monotonicMs();
  let reportedAt = Number.NEGATIVE_INFINITY;
  for (let before: ReclaimTry['left'] = null; ; ) {
    const { result, left } = tryToReclaim(path, judging);
    const silentMs = left?.silentMs;
    if (silentMs === undefined || left?.lookAgainIn === undefined) return { ...result, isRenewed: false };
    if (silentMs <= (before?.silentMs ?? -1)) return { ...result, isRenewed: true };
    const waited = monotonicMs() - started;
    if (waited >= timeout) return { ...result, isRenewed: false };
    if (waited - reportedAt >= REPORT_INTERVAL) {
      reportedAt = waited;
      onWait?.(result);
    }
    before = left;
    await sleep(Math.min(left.lookAgainIn, timeout - waited));
  }
}
