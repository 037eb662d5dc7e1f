// Sweeping means to clear the private directories that killed processes left beside a lock.
import { monotonicMs } from '../../backend/monotonic-clock.js';
import { NameStream } from '../../backend/name-stream.js';
import { assess, type InspectOptions } from './assess.js';
import { clearStale } from './clear.js';
import { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { lockNameOfPrivate } from './names.js';
import { LockView } from './view.js';

const SWEEP_INTERVAL_MS = 60_000;
/**
 * Names that one call reads at most, which takes about a millisecond. A directory with more of them is swept by the
 * acquisitions that follow, each of which goes on where the one before ended.
 */
const NAMES_PER_CALL = 1_000;

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

interface Sweep {
  readonly parentPath: string;
  readonly names: NameStream;
}

/** A sweep that has not come to the end of its directory. There is one at a time, which costs one descriptor. */
let unfinished: Sweep | null = null;

/**
 * Sweeps the parent directory of a lock, at most once a minute. Each private directory is judged like a lock.
 * Errors are ignored, because the next sweep tries again.
 */
export function sweepIfDue(lockPath: LockPath, options: InspectOptions): void {
  const { parentPath } = lockPath;
  const now = monotonicMs();
  const known = parents.get(parentPath);
  const state = known ?? { sweptAt: now, names: new Set() };
  state.names.add(lockPath.name);
  const isUnfinished = unfinished?.parentPath === parentPath;
  if (!isUnfinished && known !== undefined && now - known.sweptAt < SWEEP_INTERVAL_MS) return;
  parents.set(parentPath, state);
  state.sweptAt = now;
  try {
    const sweep = isUnfinished && unfinished !== null ? unfinished : begin(parentPath);
    const found = sweep.names.next(NAMES_PER_CALL);
    for (const name of found) {
      const lockName = lockNameOfPrivate(name);
      if (lockName !== null && state.names.has(lockName)) sweepOne(lockPath.sibling(name), options);
    }
    if (found.length === NAMES_PER_CALL) return;
  } catch {
    // The parent directory may be entered but not listed.
  }
  end();
  state.names.clear();
}

function begin(parentPath: string): Sweep {
  end();
  unfinished = { parentPath, names: new NameStream(parentPath) };
  return unfinished;
}

function end(): void {
  unfinished?.names.close();
  unfinished = null;
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
