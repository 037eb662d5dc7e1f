import { NotALockError, quoteNames } from '../errors.js';
import { ForeignLock } from '../formats/foreign-lock.js';
import type { LockFormat } from '../formats/format.js';
import { isDeletableAs } from '../formats/names.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { ownerAgeOf, reclaimEvent } from './events.js';
import { assess, type InspectOptions, type LockState } from './protocol/assess.js';
import { reclaimStale } from './protocol/clear.js';
import { LastLook } from './protocol/last-look.js';
import { LockPath, withLockPath } from './protocol/lock-path.js';
import { LockView } from './protocol/view.js';

export type { LockFormat } from '../formats/format.js';

/** A file that changes each time it was judged is left alone after so many times. */
const ATTEMPTS = 3;

/** What stands at a path, who owns it, and whether that process lives. */
export interface LockInspection {
  /** Absolute. */
  readonly path: string;
  readonly format: LockFormat;
  /** `stale`: its owner is dead. `unknown`: nobody can tell, so nobody may touch it. */
  readonly state: 'free' | 'held' | 'stale' | 'unknown';
  /** null: there is no owner record to judge. */
  readonly verdict: Verdict | null;
  readonly owner: OwnerRecord | null;
  /** ms since the owner wrote its record, by the wall clock; null: not known. */
  readonly ageMs: number | null;
  /** The state in words. */
  readonly description: string;
  /**
   * The first few files in a lock directory that nobody holds and that are not a lock's: they are never deleted, so
   * nobody can take the lock, and its state is `unknown`. Empty otherwise.
   */
  readonly foreignFiles: readonly string[];
}

export interface ReclaimResult extends LockInspection {
  /** True when this call removed a dead owner's lock; `state` is then `free`. */
  readonly reclaimed: boolean;
}

/**
 * Judges what stands at `path`, a lock directory or another program's lock or PID file, and changes nothing. A file
 * that names no owner has the state `unknown`.
 * @throws NotALockError (ERR_NOT_A_LOCK) for a directory with an owner.json that is none; BackendUnavailableError
 * (ERR_BACKEND_UNAVAILABLE), system errors.
 */
export function inspectLockSync(path: string | URL, options: InspectOptions = {}): LockInspection {
  return atPlace(path, (place) => {
    const standing = openStanding(place);
    if (standing === null) return nothingThere(place);
    try {
      return standing instanceof LockView
        ? inspectView(standing, options)
        : inspectForeign(standing, place, options);
    } finally {
      standing.close();
    }
  });
}

/** As {@link inspectLockSync}. */
export async function inspectLock(path: string | URL, options: InspectOptions = {}): Promise<LockInspection> {
  return inspectLockSync(path, options);
}

/**
 * Removes the lock at `path`, or another program's lock or PID file, if its owner is dead, and only then. Of a file
 * that its owner's successor writes at the very moment of the removal see {@link ForeignLock.remove}.
 * @throws as {@link inspectLockSync}; NotALockError (ERR_NOT_A_LOCK) for a file that names no owner, or whose name and
 * content could be anybody's; LockNotEmptyError (ERR_LOCK_NOT_EMPTY) for a directory with files of somebody else.
 */
export function reclaimLockSync(path: string | URL, options: InspectOptions = {}): ReclaimResult {
  return atPlace(path, (place) => {
    for (let attempt = 1; ; attempt++) {
      const standing = openStanding(place);
      if (standing === null) return { ...nothingThere(place), reclaimed: false };
      try {
        if (standing instanceof LockView) return reclaimView(standing, options);
        const inspection = inspectForeign(standing, place, options);
        refuseUnlessDeletable(standing, inspection, place);
        if (inspection.state !== 'stale') return { ...inspection, reclaimed: false };
        const removal = standing.remove();
        if (removal !== 'changed') return removed(inspection, removal === 'removed');
        if (attempt === ATTEMPTS) return { ...inspection, ...RESTLESS };
      } finally {
        standing.close();
      }
    }
  });
}

/** As {@link reclaimLockSync}. */
export async function reclaimLock(path: string | URL, options: InspectOptions = {}): Promise<ReclaimResult> {
  return reclaimLockSync(path, options);
}

function atPlace<T>(path: string | URL, action: (place: LockPath) => T): T {
  const place = LockPath.open(path);
  try {
    return withLockPath(place.path, () => action(place));
  } finally {
    place.close();
  }
}

const RESTLESS = {
  state: 'unknown',
  description: 'it changes each time that it is judged',
  reclaimed: false,
} as const;

/** null: nothing is there. */
function openStanding(place: LockPath): LockView | ForeignLock | null {
  try {
    return LockView.open(place);
  } catch (error) {
    if (!(error instanceof NotALockError)) throw error;
    const foreign = ForeignLock.open(place);
    // Then what is wrong is in the directory.
    if (foreign === 'directory') throw error;
    return foreign;
  }
}

function inspectForeign(foreign: ForeignLock, place: LockPath, options: InspectOptions): LockInspection {
  const { found } = foreign;
  if (typeof found === 'string') return { path: place.path, ...NAMES_NOBODY, description: found };
  const verdict = foreign.judge(found, options);
  return {
    path: place.path,
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

const STATES = { alive: 'held', dead: 'stale', unknown: 'unknown' } as const;

/** @throws NotALockError (ERR_NOT_A_LOCK) */
function refuseUnlessDeletable({ found }: ForeignLock, { format }: LockInspection, place: LockPath): void {
  if (typeof found === 'string') throw new NotALockError(place.path, found);
  if (isDeletableAs(place.name, found)) return;
  throw new NotALockError(
    place.path,
    `a ${format} by its content, but has neither "lock" nor "pid" in its name`,
  );
}

function removed(inspection: LockInspection, isOurs: boolean): ReclaimResult {
  if (isOurs && reclaimEvent.isHeard) {
    const { path, owner, ageMs, verdict, description } = inspection;
    reclaimEvent.publish({ path, owner, ownerAge: ageMs, verdict, description });
  }
  return { ...inspection, state: 'free', reclaimed: isOurs };
}

/** What `reclaim` refuses to clear is not called stale, whatever became of its owner. */
function inspectView(view: LockView, options: InspectOptions): LockInspection {
  const inspection = inspectionOf(view, assess(view, options, new LastLook()));
  const foreignFiles = inspection.state === 'stale' ? view.foreignFiles() : [];
  if (foreignFiles.length === 0) return inspection;
  const description = `${inspection.description}; but it holds files of somebody else: ${quoteNames(foreignFiles)}`;
  return { ...inspection, state: 'unknown', description, foreignFiles };
}

function reclaimView(view: LockView, options: InspectOptions): ReclaimResult {
  const standing = assess(view, options, new LastLook());
  const inspection = inspectionOf(view, standing);
  if (standing.state !== 'stale') return { ...inspection, reclaimed: false };
  return { ...inspection, reclaimed: reclaimStale(view, standing), state: 'free' };
}

function inspectionOf({ place, record }: LockView, standing: LockState): LockInspection {
  return {
    path: place.path,
    format: record === null ? 'none' : record.version === null ? 'openclaw-directory' : 'kernel-identity',
    state: standing.state,
    verdict: standing.verdict,
    owner: record,
    ageMs: ownerAgeOf(record),
    description: standing.description,
    foreignFiles: [],
  };
}

function nothingThere(place: LockPath): LockInspection {
  return {
    path: place.path,
    format: 'none',
    state: 'free',
    verdict: null,
    owner: null,
    ageMs: null,
    description: 'nothing is there',
    foreignFiles: [],
  };
}
