// Sweeping means to clear the private directories that killed processes left beside a lock.
import { assess, type InspectOptions } from './assess.js';
import { clearStale } from './clear.js';
import { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { lockNameOfPrivate } from './names.js';
import { LockView } from './view.js';

const SWEEP_INTERVAL_MS = 60_000;
/** Most names of one parent directory that are read. */
const MAX_NAMES = 1_000_000;

interface ParentState {
  /** Milliseconds on the monotonic clock. */
  sweptAt: number;
  /**
   * Names of the locks that this thread has used here since the last sweep. Only their private directories
   * are swept, because another program may use a similar name for its own data.
   */
  readonly names: Set<string>;
}

/** The key is the path of the parent directory. */
const parents = new Map<string, ParentState>();

/**
 * Sweeps the parent directory of a lock, at most once a minute. Each private directory is judged like a lock.
 * Errors are ignored, because the next sweep tries again.
 */
export function sweepIfDue(lockPath: LockPath, options: InspectOptions): void {
  const now = performance.now();
  const known = parents.get(lockPath.parentPath);
  const state = known ?? { sweptAt: now, names: new Set() };
  state.names.add(lockPath.name);
  if (known !== undefined && now - known.sweptAt < SWEEP_INTERVAL_MS) return;
  parents.set(lockPath.parentPath, state);
  state.sweptAt = now;
  try {
    for (const name of lockPath.backend.files.list(lockPath.parent, MAX_NAMES)) {
      const lockName = lockNameOfPrivate(name);
      if (lockName !== null && state.names.has(lockName)) sweepOne(lockPath.sibling(name), options);
    }
  } catch {
    // The parent directory may be entered but not listed.
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
    // It belongs to another user, or is not a lock's directory at all.
  }
}
