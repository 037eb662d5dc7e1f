import { assess, type InspectOptions } from './assess.js';
import { clearStale } from './clear.js';
import { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { lockNameOfPrivate } from './names.js';
import { LockView } from './view.js';

const SWEEP_INTERVAL_MS = 60_000;
/** A directory with more names than this is searched no further. */
const MAX_NAMES = 1_000_000;

interface ParentState {
  sweptAt: number;
  /** Locks used since: only their private directories are touched, whatever else has a name like one. */
  readonly names: Set<string>;
}

/** By path of the parent directory. */
const parents = new Map<string, ParentState>();

/**
 * Removes what acquirers that were killed left beside their lock: private directories that nobody will publish. Each
 * is judged like a lock. At most once a minute for a parent directory; what goes wrong is left to the next sweep.
 */
export function sweepIfDue(place: LockPath, options: InspectOptions): void {
  const now = performance.now();
  const known = parents.get(place.parentPath);
  const state = known ?? { sweptAt: now, names: new Set() };
  state.names.add(place.name);
  if (known !== undefined && now - known.sweptAt < SWEEP_INTERVAL_MS) return;
  parents.set(place.parentPath, state);
  state.sweptAt = now;
  try {
    for (const entry of place.backend.files.list(place.parent, MAX_NAMES)) {
      const lockName = lockNameOfPrivate(entry);
      if (lockName !== null && state.names.has(lockName)) sweepOne(place.sibling(entry), options);
    }
  } catch {
    // A directory that may be entered but not listed.
  }
  state.names.clear();
}

function sweepOne(orphan: LockPath, options: InspectOptions): void {
  try {
    const view = LockView.open(orphan);
    if (view === null) return;
    try {
      if (assess(view, options, new LastLook()).state === 'stale') clearStale(view);
    } finally {
      view.close();
    }
  } catch {
    // Another user's, or no lock's directory at all.
  }
}
