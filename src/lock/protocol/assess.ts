import { traitsOf } from '../../backend/filesystem-traits.js';
import { monotonicMs } from '../../backend/monotonic-clock.js';
import type { LockNotEmptyError, NotALockError } from '../../errors.js';
import { type JudgeOptions, judgeRecord } from '../../judge/judge.js';
import type { Verdict } from '../../judge/verdict.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { formatElapsed } from '../../text/elapsed.js';
import { LastLook } from './last-look.js';
import { type LockLift, withLift } from './lift.js';
import { assessOwnerless, assessTorn } from './ownerless.js';
import { silenceOf } from './silences.js';
import type { LockView } from './view.js';

/** Renewals per lease. An owner may miss five of the six. */
export const BEATS_PER_LEASE = 6;

/** Milliseconds. A shorter recorded lease counts as this long, because any number may stand in a record. */
export const MIN_LEASE = 1_000;

export interface InspectOptions extends JudgeOptions {
  /**
   * Milliseconds for which a directory without a readable owner must have been untouched before it counts as left
   * behind. Default 30 000. `inspectLock` and `reclaimLock` take the option as the caller's word that the directory is
   * a lock's: without it, they and every acquisition leave a directory alone that is not named like a lock.
   */
  readonly ownerlessGrace?: number | undefined;
  /**
   * What becomes of a file at the path that names no owner, because it is empty, torn, or has a pid of 0 or less.
   * `refuse` (default): it is no lock. `take`: the caller's word that such a file is a lock's leftover once it has been
   * untouched for `ownerlessGrace`, if it is named like a lock and no process is seen to have a file lock on it.
   */
  readonly emptyFile?: 'refuse' | 'take' | undefined;
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
  /** Milliseconds for which the owner has been seen not to renew its lease. Absent where that does not matter. */
  readonly silentMs?: number;
  /** True when the lock was changing, so that another look may find another state. */
  readonly moving?: boolean;
  /** The option by which a person lifts what makes the state unknown. Absent where none does. */
  readonly liftedBy?: LockLift | null;
  /**
   * Why waiting for this file or directory is of no use: it is no lock's, or not only a lock's. Together with
   * `lookAgainIn` it holds only if the next look finds it again.
   */
  readonly refusal?: NotALockError | LockNotEmptyError;
}

/** @param isVouchedFor the caller says that a directory without an owner is a lock's, whatever its name. */
export function assess(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook,
  isVouchedFor = false,
): LockState {
  const found =
    view.owner === null
      ? assessOwnerless(view, options, lastLook, isVouchedFor)
      : assessOwner(view, options, lastLook, isVouchedFor);
  if (found.state !== 'stale') return found;
  // The check comes after the judgement, because a release drops the witness only once the file has another name.
  if (view.owner !== null && !view.isOwnerStillNamed()) return JUST_RETIRED;
  return assessClaims(view, options) ?? found;
}

/** The state of an owner that cannot be judged: it says when time, or by which option a person, may end that. */
export function undecided(verdict: Verdict, description: string): LockState {
  const { lookAgainIn, liftedBy } = verdict;
  if (lookAgainIn === undefined) return liftable({ state: 'unknown', verdict, description }, liftedBy);
  const when = `${description}; it may be known in ${formatElapsed(lookAgainIn)}`;
  return { state: 'unknown', verdict, description: when, lookAgainIn };
}

/** Adds to a state which option lifts it. */
export function liftable(lockState: LockState, liftedBy: LockLift | undefined): LockState {
  if (liftedBy === undefined) return lockState;
  return { ...lockState, description: withLift(lockState.description, liftedBy), liftedBy };
}

const JUST_RETIRED: LockState = {
  state: 'unknown',
  verdict: null,
  description: 'its owner.json was renamed while it was judged: a release or a reclaim is under way',
  moving: true,
};

/** A program can write an owner.json anew while the one before is claimed. Then the lock is held while either lives. */
function assessClaims(view: LockView, options: InspectOptions): LockState | null {
  for (const claim of view.otherClaims()) {
    try {
      const found = assessOwner(claim, options, new LastLook(), false);
      if (found.state !== 'stale') return found;
    } finally {
      claim.close();
    }
  }
  return null;
}

function assessOwner(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook,
  isVouchedFor: boolean,
): LockState {
  const { record } = view;
  if (record === null) return assessTorn(view, options, lastLook, isVouchedFor);
  const verdict = judgeRecord(record, view, options);
  const description = `owner ${verdict.state}: ${verdict.reason}`;
  if (verdict.state === 'unknown') return assessByLease(view, record, verdict, description);
  return { state: verdict.state === 'alive' ? 'held' : 'stale', verdict, description };
}

/** Without other evidence, an owner that has not touched owner.json for its whole lease has lost the lock. */
function assessByLease(
  view: LockView,
  record: OwnerRecord,
  verdict: Verdict,
  description: string,
): LockState {
  if (record.lease === null || view.owner === null) return undecided(verdict, description);
  const { type } = view.owner.filesystem;
  if (!traitsOf(type).showsChanges) {
    const why = `${type} does not show whether its lease is renewed`;
    return { state: 'unknown', verdict, description: `${description}, ${why}` };
  }
  const lease = Math.max(record.lease.durationMs, MIN_LEASE);
  const beat = lease / BEATS_PER_LEASE;
  const startedMs = monotonicMs();
  // The time must not come from a cache, because a living owner would then seem to be silent.
  const status = view.lockPath.backend.files.statFresh(view.owner.descriptor);
  const times = { startedMs, endedMs: monotonicMs() };
  const silentMs = silenceOf(status).add(`${status.mtimeMs}:${record.nonce}`, times, beat);
  // Two renewals within one unit of a coarse clock leave the same mtime.
  const unseen = status.mtimeMs % 1000 === 0 ? COARSEST_TIME : 0;
  const expired = silentMs > lease + unseen;
  const silence = `silent for ${formatElapsed(silentMs)} of its lease of ${formatElapsed(lease)}`;
  return {
    state: expired ? 'stale' : 'unknown',
    verdict,
    description: `${description}, ${silence}`,
    // No event reports a renewal. And a longer interval between two looks would count for one beat only.
    lookAgainIn: Math.min(beat, Math.max(lease + unseen - silentMs, 1)),
    silentMs,
  };
}
