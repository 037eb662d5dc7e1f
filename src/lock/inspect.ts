import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { clearStale } from './clear.js';
import { LockMemory } from './memory.js';
import { LockPlace, withLockPath } from './place.js';
import { assess, type StandingOptions } from './standing.js';
import { LockView } from './view.js';

/** `none`: nothing is there, or nothing that names an owner. */
export type LockFormat = 'kernel-identity' | 'openclaw-directory' | 'none';

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
}

export interface ReclaimResult extends LockInspection {
  /** True when this call removed a dead owner's lock; `state` is then `free`. */
  readonly reclaimed: boolean;
}

/**
 * Judges the lock at `path` and changes nothing.
 * @throws NotALockError (ERR_NOT_A_LOCK), BackendUnavailableError (ERR_BACKEND_UNAVAILABLE), system errors.
 */
export function inspectLockSync(path: string | URL, options: StandingOptions = {}): LockInspection {
  return atPlace(path, (place) => {
    const view = LockView.open(place);
    if (view === null) return nothingThere(place);
    try {
      return inspectView(view, options);
    } finally {
      view.close();
    }
  });
}

/** As {@link inspectLockSync}. */
export async function inspectLock(
  path: string | URL,
  options: StandingOptions = {},
): Promise<LockInspection> {
  return inspectLockSync(path, options);
}

/**
 * Removes the lock at `path` if its owner is dead, and only then.
 * @throws as {@link inspectLockSync}; LockNotEmptyError (ERR_LOCK_NOT_EMPTY) when it holds files of somebody else.
 */
export function reclaimLockSync(path: string | URL, options: StandingOptions = {}): ReclaimResult {
  return atPlace(path, (place) => {
    const view = LockView.open(place);
    if (view === null) return { ...nothingThere(place), reclaimed: false };
    try {
      const inspection = inspectView(view, options);
      if (inspection.state !== 'stale') return { ...inspection, reclaimed: false };
      return { ...inspection, reclaimed: clearStale(view), state: 'free' };
    } finally {
      view.close();
    }
  });
}

/** As {@link reclaimLockSync}. */
export async function reclaimLock(path: string | URL, options: StandingOptions = {}): Promise<ReclaimResult> {
  return reclaimLockSync(path, options);
}

function atPlace<T>(path: string | URL, action: (place: LockPlace) => T): T {
  const place = LockPlace.open(path);
  try {
    return withLockPath(place.path, () => action(place));
  } finally {
    place.close();
  }
}

function inspectView(view: LockView, options: StandingOptions): LockInspection {
  const standing = assess(view, options, new LockMemory());
  const { record } = view;
  return {
    path: view.place.path,
    format: record === null ? 'none' : record.version === null ? 'openclaw-directory' : 'kernel-identity',
    state: standing.state,
    verdict: standing.verdict,
    owner: record,
    ageMs: record?.recordedAt ? Math.max(0, Date.now() - record.recordedAt.ms) : null,
    description: standing.description,
  };
}

function nothingThere(place: LockPlace): LockInspection {
  return {
    path: place.path,
    format: 'none',
    state: 'free',
    verdict: null,
    owner: null,
    ageMs: null,
    description: 'nothing is there',
  };
}
