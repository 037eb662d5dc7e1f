// Inspecting means to judge a lock or a file and to change nothing. Reclaiming means to remove it if its
// owner is dead.
import { LockNotEmptyError, NotALockError, quoteNames } from '../errors.js';
import { ForeignLock } from '../formats/foreign-lock.js';
import type { LockFormat } from '../formats/format.js';
import { isDeletableAs } from '../formats/names.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { ownerAgeOf, reclaimEvent } from './events.js';
import { checkInspectOptions } from './options.js';
import { assess, type InspectOptions, type LockState } from './protocol/assess.js';
import { reclaimStale } from './protocol/clear.js';
import { LastLook } from './protocol/last-look.js';
import { LockPath, withLockPath } from './protocol/lock-path.js';
import { isLeased, LEASED, LockView } from './protocol/view.js';

export type { LockFormat } from '../formats/format.js';

/** Most judgements of a file that changes each time that it is judged. After the last it is left alone. */
const ATTEMPTS = 3;

/** The same for a lock, which is taken and released by renames all the time. */
const MOVES = 100;

/** What is at a path, which process owns it, and whether that process lives. */
export interface LockInspection {
  /** Absolute. */
  readonly path: string;
  readonly format: LockFormat;
  /** `stale`: its owner is dead. `unknown`: no evidence decides, so it must not be touched. */
  readonly state: 'free' | 'held' | 'stale' | 'unknown';
  /** null when there is no owner record to judge. */
  readonly verdict: Verdict | null;
  readonly owner: OwnerRecord | null;
  /**
   * Milliseconds since the owner wrote its record, by the wall clock; null when not known. It is the same
   * measure as `WaitReport.ownerAge` and `ReclaimEvent.ownerAge`.
   */
  readonly ageMs: number | null;
  /** The state, in words for people. */
  readonly description: string;
  /**
   * Names of the first few files that are no lock's own, in a directory that no process holds. Such files are
   * never deleted, so the lock cannot be taken and its state is `unknown`. Empty otherwise.
   */
  readonly foreignFiles: readonly string[];
}

export interface ReclaimResult extends LockInspection {
  /** True when this call removed a dead owner's lock; `state` is then `free`. */
  readonly reclaimed: boolean;
}

/**
 * Judges the lock directory, or another program's lock or PID file, at `path`. It changes nothing. A file
 * that names no owner has the state `unknown`, as has one that a lease of another program keeps from being read.
 * @throws NotALockError (ERR_NOT_A_LOCK) for a directory whose owner.json no lock wrote;
 * TypeError (ERR_INVALID_ARG_TYPE) or RangeError (ERR_OUT_OF_RANGE) for wrong options;
 * BackendUnavailableError (ERR_BACKEND_UNAVAILABLE); system errors.
 */
export function inspectLockSync(path: string | URL, options: InspectOptions = {}): LockInspection {
  checkInspectOptions(options);
  return atLockPath(path, leasedThere, (lockPath) => {
    for (let attempt = 1; ; attempt++) {
      const lock = openLock(lockPath);
      if (lock === null) return nothingThere(lockPath);
      try {
        if (!(lock instanceof LockView)) return inspectForeign(lock, lockPath, options);
        const lockState = assessOf(lock, options);
        if (lockState.moving !== true || attempt === MOVES) return inspectView(lock, lockState);
      } finally {
        lock.close();
      }
    }
  });
}

/** The same as {@link inspectLockSync}, as a promise. */
export async function inspectLock(path: string | URL, options: InspectOptions = {}): Promise<LockInspection> {
  return inspectLockSync(path, options);
}

/**
 * Removes the lock at `path`, or another program's lock or PID file, only if its owner is dead. A successor
 * may write such a file in the moment of its removal: {@link ForeignLock.remove} says what happens then.
 * @throws the errors of {@link inspectLockSync}; NotALockError (ERR_NOT_A_LOCK) also for a file that names no
 * owner, or whose name and content could be those of any file; LockNotEmptyError (ERR_LOCK_NOT_EMPTY) for a
 * directory with foreign files in it.
 */
export function reclaimLockSync(path: string | URL, options: InspectOptions = {}): ReclaimResult {
  return tryToReclaim(path, options).result;
}

/** What one try to reclaim came to. */
export interface ReclaimTry {
  readonly result: ReclaimResult;
  /** The state in which a lock directory was left alone; null for everything else. */
  readonly left: LockState | null;
}

/** Does the same as {@link reclaimLockSync}, and reports how far the silence of the owner has come. */
export function tryToReclaim(path: string | URL, options: InspectOptions): ReclaimTry {
  checkInspectOptions(options);
  const leased = (lockPath: LockPath) => withoutLock({ ...leasedThere(lockPath), reclaimed: false });
  return atLockPath(path, leased, (lockPath) => {
    for (let attempt = 1; ; attempt++) {
      const lock = openLock(lockPath);
      if (lock === null) return withoutLock({ ...nothingThere(lockPath), reclaimed: false });
      try {
        if (lock instanceof LockView) {
          const result = reclaimView(lock, options);
          if (result !== 'changed') return result;
          if (attempt < MOVES) continue;
          return withoutLock({ ...inspectView(lock, assessOf(lock, options)), ...RESTLESS });
        }
        const inspection = inspectForeign(lock, lockPath, options);
        refuseUnlessDeletable(lock, inspection, lockPath);
        if (inspection.state !== 'stale') return withoutLock({ ...inspection, reclaimed: false });
        const removal = lock.remove();
        if (removal !== 'changed') return withoutLock(reclaimedFile(inspection, removal === 'removed'));
        if (attempt === ATTEMPTS) return withoutLock({ ...inspection, ...RESTLESS });
      } finally {
        lock.close();
      }
    }
  });
}

function withoutLock(result: ReclaimResult): ReclaimTry {
  return { result, left: null };
}

/** The same as {@link reclaimLockSync}, as a promise. */
export async function reclaimLock(path: string | URL, options: InspectOptions = {}): Promise<ReclaimResult> {
  return reclaimLockSync(path, options);
}

/** @param leased the result when {@link isLeased}. */
function atLockPath<T>(
  path: string | URL,
  leased: (lockPath: LockPath) => T,
  action: (lockPath: LockPath) => T,
): T {
  const lockPath = LockPath.open(path);
  try {
    return withLockPath(lockPath.path, () => action(lockPath));
  } catch (error) {
    if (isLeased(error)) return leased(lockPath);
    throw error;
  } finally {
    lockPath.close();
  }
}

const RESTLESS = {
  state: 'unknown',
  description: 'it changes each time that it is judged',
  reclaimed: false,
} as const;

/** @returns null when the path does not exist. */
function openLock(lockPath: LockPath): LockView | ForeignLock | null {
  try {
    return LockView.open(lockPath);
  } catch (error) {
    if (!(error instanceof NotALockError)) throw error;
    const foreign = ForeignLock.open(lockPath);
    // The error is about the directory's owner.json, not about a file at the path.
    if (foreign === 'directory') throw error;
    return foreign;
  }
}

function inspectForeign(foreign: ForeignLock, lockPath: LockPath, options: InspectOptions): LockInspection {
  const { found } = foreign;
  if (typeof found === 'string') return { path: lockPath.path, ...NAMES_NOBODY, description: found };
  const verdict = foreign.judge(found, options);
  return {
    path: lockPath.path,
    format: found.format,
    state: STATES[verdict.state],
    verdict,
    owner: found.record,
    ageMs: ownerAgeOf(found.record),
    description: `owner ${verdict.state}: ${verdict.reason}`,
    foreignFiles: [],
  };
}

const NAMES_NOBODY = {
  format: 'none',
  state: 'unknown',
  verdict: null,
  owner: null,
  ageMs: null,
  foreignFiles: [],
} as const;

function leasedThere({ path }: LockPath): LockInspection {
  return { path, ...NAMES_NOBODY, description: LEASED };
}

const STATES = { alive: 'held', dead: 'stale', unknown: 'unknown' } as const;

/** @throws NotALockError (ERR_NOT_A_LOCK) */
function refuseUnlessDeletable({ found }: ForeignLock, { format }: LockInspection, lockPath: LockPath): void {
  if (typeof found === 'string') throw new NotALockError(lockPath.path, found);
  if (isDeletableAs(lockPath.name, found)) return;
  throw new NotALockError(
    lockPath.path,
    `a ${format} by its content, but has no word "lock", "lck" or "pid" in its name`,
  );
}

function reclaimedFile(inspection: LockInspection, isOurs: boolean): ReclaimResult {
  if (isOurs && reclaimEvent.isHeard) {
    const { path, owner, ageMs, verdict, description } = inspection;
    reclaimEvent.publish({ path, owner, ownerAge: ageMs, verdict, description });
  }
  return { ...inspection, state: 'free', reclaimed: isOurs };
}

/** An explicit grace is the caller's word that the directory is a lock's. */
function assessOf(view: LockView, options: InspectOptions): LockState {
  return assess(view, options, new LastLook(), options.ownerlessGrace !== undefined);
}

/** A stale directory that `reclaim` would refuse to clear has the state `unknown`. */
function inspectView(view: LockView, lockState: LockState): LockInspection {
  const inspection = inspectionOf(view, lockState);
  const mayHoldOthers = inspection.state === 'stale' || lockState.refusal instanceof LockNotEmptyError;
  const foreignFiles = mayHoldOthers ? view.foreignFiles() : [];
  if (foreignFiles.length === 0) return inspection;
  const description = `${inspection.description}; but it holds files that are not the lock's own: ${quoteNames(foreignFiles)}`;
  return { ...inspection, state: 'unknown', description, foreignFiles };
}

/** @returns `changed` when what stands there now was not judged yet. */
function reclaimView(view: LockView, options: InspectOptions): ReclaimTry | 'changed' {
  const lockState = assessOf(view, options);
  if (lockState.refusal !== undefined) throw lockState.refusal;
  if (lockState.moving === true) return 'changed';
  const inspection = inspectionOf(view, lockState);
  if (lockState.state !== 'stale') {
    view.putBackOldClaim();
    return { result: { ...inspection, reclaimed: false }, left: lockState };
  }
  const clearing = reclaimStale(view, lockState);
  if (clearing === 'replaced') return 'changed';
  return withoutLock({ ...inspection, reclaimed: clearing === 'cleared', state: 'free' });
}

function inspectionOf({ lockPath, record }: LockView, lockState: LockState): LockInspection {
  return {
    path: lockPath.path,
    format: record === null ? 'none' : record.version === null ? 'openclaw-directory' : 'kernel-identity',
    state: lockState.state,
    verdict: lockState.verdict,
    owner: record,
    ageMs: ownerAgeOf(record),
    description: lockState.description,
    foreignFiles: [],
  };
}

function nothingThere(lockPath: LockPath): LockInspection {
  return {
    path: lockPath.path,
    format: 'none',
    state: 'free',
    verdict: null,
    owner: null,
    ageMs: null,
    description: 'nothing is there',
    foreignFiles: [],
  };
}
