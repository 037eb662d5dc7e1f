import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../backend/monotonic-clock.js';
import type { PatientOptions } from '../lock/reclaim-patiently.js';
import type { EngineLocks } from './engine-locks.js';
import type { NamedReclaimResult } from './locks.js';

/** Milliseconds between two looks at a lease. */
const LOOK = 1_000;
/** Milliseconds between two reports of the same wait. */
const REPORT_INTERVAL = 10_000;
/** Servers round the time that a lease has left down to a second. */
const ROUNDING = 1_000;

/**
 * Reclaims a lock as `Locks.reclaim` does. Where nothing here shows whether its owner lives, it waits until the owner's
 * entry has fallen with its lease, or until a renewal shows that somebody keeps it.
 */
export async function reclaimPatiently(
  locks: EngineLocks,
  name: string,
  { timeout = Number.POSITIVE_INFINITY, onWait }: Pick<PatientOptions, 'timeout' | 'onWait'>,
): Promise<NamedReclaimResult & { readonly isRenewed: boolean }> {
  const startedAt = monotonicMs();
  let reportedAt = Number.NEGATIVE_INFINITY;
  let isReclaimed = false;
  /** The token of the owner that is waited for. */
  let awaited: string | null = null;
  /** The moment at which its lease is over at the latest, unless somebody renews it. */
  let endsBy = Number.POSITIVE_INFINITY;
  for (;;) {
    const result = await locks.reclaim(name);
    isReclaimed ||= result.reclaimed;
    const end = (isRenewed: boolean) => ({ ...result, reclaimed: isReclaimed, isRenewed });
    const { state, verdict, fencingToken } = result;
    awaited ??= fencingToken;
    if (state === 'free' || verdict?.state === 'alive' || fencingToken !== awaited) return end(false);
    const entry = (await locks.engine.list(name)).entries.find(({ token }) => token === awaited);
    // It has gone since it was judged, so the next look finds another state.
    if (entry === undefined) continue;
    if (entry.lease === null) return end(false);
    const askedAt = monotonicMs();
    const leftMs = (await locks.engine.stateOf(entry.lease))?.leftMs ?? 0;
    if (askedAt + leftMs >= endsBy) return end(true);
    endsBy = Math.min(endsBy, monotonicMs() + leftMs + ROUNDING);
    const waited = monotonicMs() - startedAt;
    if (waited >= timeout) return end(false);
    if (waited - reportedAt >= REPORT_INTERVAL) {
      reportedAt = waited;
      onWait?.(result);
    }
    await sleep(Math.min(LOOK, timeout - waited));
  }
}
