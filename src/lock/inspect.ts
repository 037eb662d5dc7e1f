// Inspecting means to judge a lock or a file and to change nothing.
import { LockNotEmptyError, quoteNames } from '../errors.js';
import type { ForeignLock } from '../formats/foreign-lock.js';
import { directoryFormat, type LockFormat } from '../formats/format.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { ownerAgeOf } from './events.js';
import { findUsers, type LockHolder } from './holders.js';
import { checkInspectOptions } from './options.js';
import { assess, type InspectOptions, type LockState } from './protocol/assess.js';
import { assessFile } from './protocol/file-at-path.js';
import { isLeased, LEASED } from './protocol/file-lease.js';
import { LastLook } from './protocol/last-look.js';
import type { LockLift } from './protocol/lift.js';
import { LockPath, withLockPath } from './protocol/lock-path.js';
import { openLock } from './protocol/open-lock.js';
import { LockView } from './protocol/view.js';

export type { LockFormat } from '../formats/format.js';

/** Most judgements of a lock that changes each time, because it is taken and released by renames all the time. */
export const MOVES = 100;

/** What is at a path, which process owns it, and whether that process lives. */
export interface LockInspection extends InspectedLock {
  /**
   * The processes that hold it, as far as they can be seen from here. They are searched when this is read for the first
   * time, among the descriptors of all processes, which takes some 10 ms for a thousand of those. JSON.stringify and a
   * spread leave the field out. Empty for a lock that nobody holds, and where the holder cannot be seen.
   */
  readonly holders: readonly LockHolder[];
}

/** What an inspection finds at once. */
export interface InspectedLock {
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
  /**
   * The option by which a person who knows better lifts what makes the state unknown, such as `emptyFile`; null where
   * none does.
   */
  readonly liftedBy: LockLift | null;
}

/**
 * Judges the lock directory, or another program's lock or PID file, at `path`. It changes nothing. A file
 * that names no owner has the state `unknown`, as has one that a lease of another program keeps from being read.
 * @example
 * const { state, description } = inspectLockSync('/data/install.lock');
 * console.log(state, description); // free nothing is there
 * @throws NotALockError (ERR_NOT_A_LOCK) for a directory whose owner.json no lock wrote;
 * TypeError (ERR_INVALID_ARG_TYPE) or RangeError (ERR_OUT_OF_RANGE) for wrong options;
 * BackendUnavailableError (ERR_BACKEND_UNAVAILABLE); system errors.
 */
export function inspectLockSync(path: string | URL, options: InspectOptions = {}): LockInspection {
  checkInspectOptions(options);
  return lookAt(path, options, new LastLook(), toInspection);
}

/**
 * Looks at a lock once, as {@link inspectLockSync} does.
 * @param conclude gets what was found and, unless nothing stands there or {@link isLeased}, the state in which an
 * acquisition finds it.
 */
export function lookAt<T>(
  path: string | URL,
  options: InspectOptions,
  lastLook: LastLook,
  conclude: (found: InspectedLock, lockState: LockState | null) => T,
): T {
  return atLockPath(
    path,
    (lockPath) => conclude(leasedThere(lockPath), null),
    (lockPath) => {
      for (let attempt = 1; ; attempt++) {
        const lock = openLock(lockPath);
        if (lock === null) return conclude(nothingThere(lockPath), null);
        try {
          if (!(lock instanceof LockView)) {
            const lockState = assessFile(lock, lockPath, options, lastLook);
            return conclude(inspectForeign(lock, lockPath, lockState), lockState);
          }
          const lockState = assessOf(lock, options, lastLook);
          if (lockState.moving !== true || attempt === MOVES)
            return conclude(inspectView(lock, lockState), lockState);
        } finally {
          lock.close();
        }
      }
    },
  );
}

function toInspection(found: InspectedLock): LockInspection {
  return new Inspection(found);
}

/** A class, because the getter of an object of its own would cost every inspection a closure. */
class Inspection implements LockInspection {
  readonly path: string;
  readonly format: LockFormat;
  readonly state: InspectedLock['state'];
  readonly verdict: Verdict | null;
  readonly owner: OwnerRecord | null;
  readonly ageMs: number | null;
  readonly description: string;
  readonly foreignFiles: readonly string[];
  readonly liftedBy: LockLift | null;
  #holders: readonly LockHolder[] | null = null;

  constructor(found: InspectedLock) {
    this.path = found.path;
    this.format = found.format;
    this.state = found.state;
    this.verdict = found.verdict;
    this.owner = found.owner;
    this.ageMs = found.ageMs;
    this.description = found.description;
    this.foreignFiles = found.foreignFiles;
    this.liftedBy = found.liftedBy;
  }

  get holders(): readonly LockHolder[] {
    this.#holders ??= findUsers([this])[0]?.holders ?? [];
    return this.#holders;
  }
}

/**
 * Judges the lock directory, or another program's lock or PID file, at `path`, as {@link inspectLockSync} does. It
 * changes nothing.
 * @example
 * const { state, owner } = await inspectLock('/data/install.lock');
 * if (state === 'held') console.log(`pid ${owner?.pid} is at it`);
 * @throws the errors of {@link inspectLockSync}.
 */
export async function inspectLock(path: string | URL, options: InspectOptions = {}): Promise<LockInspection> {
  return inspectLockSync(path, options);
}

/** @param leased the result when {@link isLeased}. */
export function atLockPath<T>(
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

export function inspectForeign(
  { found }: ForeignLock,
  { path }: LockPath,
  { state, verdict, description, liftedBy }: LockState,
): InspectedLock {
  const isRecognised = typeof found !== 'string' && verdict !== null;
  const owner = isRecognised ? found.record : null;
  const format = isRecognised ? found.format : 'none';
  const ageMs = ownerAgeOf(owner);
  return {
    path,
    format,
    state,
    verdict,
    owner,
    ageMs,
    description,
    foreignFiles: [],
    liftedBy: liftedBy ?? null,
  };
}

const NAMES_NOBODY = {
  format: 'none',
  state: 'unknown',
  verdict: null,
  owner: null,
  ageMs: null,
  foreignFiles: [],
  liftedBy: null,
} as const;

export function leasedThere({ path }: LockPath): InspectedLock {
  return { path, ...NAMES_NOBODY, description: LEASED };
}

/** An explicit grace is the caller's word that the directory is a lock's. */
export function assessOf(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook = new LastLook(),
): LockState {
  return assess(view, options, lastLook, options.ownerlessGrace !== undefined);
}

/** A stale directory that `reclaim` would refuse to clear has the state `unknown`. */
export function inspectView(view: LockView, lockState: LockState): InspectedLock {
  const inspection = inspectionOf(view, lockState);
  const mayHoldOthers = inspection.state === 'stale' || lockState.refusal instanceof LockNotEmptyError;
  const foreignFiles = mayHoldOthers ? view.foreignFiles() : [];
  if (foreignFiles.length === 0) return inspection;
  const description = `${inspection.description}; but it holds files that are not the lock's own: ${quoteNames(foreignFiles)}`;
  return { ...inspection, state: 'unknown', description, foreignFiles };
}

export function inspectionOf({ lockPath, record }: LockView, lockState: LockState): InspectedLock {
  return {
    path: lockPath.path,
    format: record === null ? 'none' : directoryFormat(record),
    state: lockState.state,
    verdict: lockState.verdict,
    owner: record,
    ageMs: ownerAgeOf(record),
    description: lockState.description,
    foreignFiles: [],
    liftedBy: lockState.liftedBy ?? null,
  };
}

export function nothingThere({ path }: LockPath): InspectedLock {
  return { path, ...NAMES_NOBODY, state: 'free', description: 'nothing is there' };
}
