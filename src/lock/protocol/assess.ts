import type { FileStatus } from '../../backend/backend.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { type JudgeOptions, judgeRecord } from '../../judge/judge.js';
import type { Verdict } from '../../judge/verdict.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { formatElapsed } from '../../text/elapsed.js';
import type { LastLook } from './last-look.js';
import { isRetiredName } from './names.js';
import type { LockView } from './view.js';

/** Milliseconds. An older program may be between its mkdir and its write. */
const DEFAULT_OWNERLESS_GRACE = 5_000;

/**
 * Milliseconds. The default for a directory whose mtime was set. A program whose lock is a bare directory
 * sets the mtime to show that it lives: proper-lockfile does so every 5 s by default, and later when its
 * event loop is busy.
 */
const REFRESHED_GRACE = 30_000;

/** Renewals per lease. An owner may miss five of the six. */
export const BEATS_PER_LEASE = 6;

/** Milliseconds. A shorter recorded lease counts as this long, because any number may stand in a record. */
export const MIN_LEASE = 1_000;

export interface InspectOptions extends JudgeOptions {
  /**
   * Milliseconds for which a lock directory without a readable owner is left alone, because its maker may
   * still be about to write owner.json. Default 5 000; programs that make the directory first allow
   * themselves 30 000. The default is 30 000 for an empty directory whose mtime was set, which is how
   * proper-lockfile keeps its lock.
   */
  readonly ownerlessGrace?: number;
}

/** Milliseconds. FAT stores times in units of 2 s, SFTP and others in seconds. */
const COARSEST_TIME = 2_000;

/** The state of a lock, as one observer finds it. */
export interface LockState {
  /** `stale`: no process holds it, but its directory is still there. `unknown`: it must not be touched. */
  readonly state: 'held' | 'stale' | 'unknown';
  /** null when there is no owner record to judge. */
  readonly verdict: Verdict | null;
  /** What was found, in words for people. */
  readonly description: string;
  /** Milliseconds after which time alone may have changed the state. Absent when time changes nothing. */
  readonly lookAgainIn?: number;
}

export function assess(view: LockView, options: InspectOptions, lastLook: LastLook): LockState {
  if (view.record !== null) {
    const verdict = judgeRecord(view.record, view, options);
    const description = `owner ${verdict.state}: ${verdict.reason}`;
    if (verdict.state === 'unknown') return assessByLease(view, view.record, verdict, description, lastLook);
    return { state: verdict.state === 'alive' ? 'held' : 'stale', verdict, description };
  }
  return view.owner === null ? assessOwnerless(view, options, lastLook) : assessTorn(view, options, lastLook);
}

/** Without other evidence, an owner that has not touched owner.json for its whole lease has lost the lock. */
function assessByLease(
  view: LockView,
  record: OwnerRecord,
  verdict: Verdict,
  description: string,
  lastLook: LastLook,
): LockState {
  if (record.lease === null || view.owner === null) return { state: 'unknown', verdict, description };
  const { type } = view.owner.filesystem;
  if (!traitsOf(type).showsChanges) {
    const why = `${type} does not show whether its lease is renewed`;
    return { state: 'unknown', verdict, description: `${description}, ${why}` };
  }
  // The time must not come from a cache, because a living owner would then seem to be silent.
  const status = view.lockPath.backend.files.statFresh(view.owner.descriptor);
  const silentMs = lastLook.unchangedFor(
    `${status.device}:${status.inode}:${status.mtimeMs}:${record.nonce}`,
  );
  const lease = Math.max(record.lease.durationMs, MIN_LEASE);
  // Two renewals within one unit of a coarse clock leave the same mtime.
  const unseen = status.mtimeMs % 1000 === 0 ? COARSEST_TIME : 0;
  const expired = silentMs > lease + unseen;
  const silence = `silent for ${formatElapsed(silentMs)} of its lease of ${formatElapsed(lease)}`;
  return {
    state: expired ? 'stale' : 'unknown',
    verdict,
    description: `${description}, ${silence}`,
    // No event reports a renewal. One look for each renewal dates the last one to within an interval.
    lookAgainIn: Math.min(lease / BEATS_PER_LEASE, Math.max(lease + unseen - silentMs, 1)),
  };
}

function assessOwnerless(view: LockView, options: InspectOptions, lastLook: LastLook): LockState {
  // A directory never receives a second owner.json, so a retired one means that the lock is free.
  if (view.leftovers().some(isRetiredName)) {
    return { state: 'stale', verdict: null, description: 'released or reclaimed, not yet removed' };
  }
  const status = view.directoryStatus();
  // mkdir and each change of the directory's entries set both times to the same moment. They differ after
  // utimes(2). They also differ after chown, chmod or a rename of the directory, which then gets the longer
  // grace needlessly.
  const isRefreshed = status.mtimeMs !== status.ctimeMs;
  const grace = options.ownerlessGrace ?? (isRefreshed ? REFRESHED_GRACE : DEFAULT_OWNERLESS_GRACE);
  const what = isRefreshed
    ? 'a directory without owner.json whose mtime was set, as if to keep a lock'
    : 'a directory without owner.json';
  return assessByGrace(status, grace, lastLook, what);
}

function assessTorn(view: LockView, options: InspectOptions, lastLook: LastLook): LockState {
  const { owner, lockPath } = view;
  if (owner !== null && traitsOf(owner.filesystem.type).testableWitness) {
    if (lockPath.backend.witness.test(owner.descriptor, owner.filesystem.type) === 'held') {
      const description = 'owner.json is torn, but its owner still holds the file lock on it';
      return { state: 'held', verdict: null, description };
    }
  }
  const grace = options.ownerlessGrace ?? DEFAULT_OWNERLESS_GRACE;
  return assessByGrace(
    owner?.status ?? view.directoryStatus(),
    grace,
    lastLook,
    'owner.json is empty or torn',
  );
}

function assessByGrace(status: FileStatus, grace: number, lastLook: LastLook, what: string): LockState {
  const unchangedMs = lastLook.unchangedFor(
    `${status.device}:${status.inode}:${status.mtimeMs}:${status.size}`,
  );
  const ageMs = Math.max(Date.now() - status.mtimeMs, unchangedMs);
  const past = ageMs > grace;
  const since = `${what}, untouched for ${formatElapsed(ageMs)}`;
  const description = past
    ? `${since}, past the grace of ${formatElapsed(grace)}: assumed to be abandoned`
    : `${since}, within the grace of ${formatElapsed(grace)}: its maker may be at work`;
  return { state: past ? 'stale' : 'unknown', verdict: null, description };
}
