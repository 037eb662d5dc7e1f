// Sweeping means to clear the private directories, and on Windows the witnesses, that killed processes left beside a
// lock.
import type { BesideName } from '../../backend/backend.js';
import { monotonicMs } from '../../backend/monotonic-clock.js';
import { NameStream } from '../../backend/name-stream.js';
import { putBack } from '../../formats/directory-entry.js';
import { ForeignLock } from '../../formats/foreign-lock.js';
import { assess, type InspectOptions } from './assess.js';
import { clearStale } from './clear.js';
import { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { guardName, lockNameOfPrivate } from './names.js';
import { openLockOrFile } from './open-lock.js';
import { sweepBeside } from './sweep-beside.js';
import { duringTakeover } from './takeover.js';

const SWEEP_INTERVAL_MS = 60_000;
/**
 * What one acquisition reads and judges at most, because it waits for that. A directory with more names is swept by the
 * acquisitions that follow, each of which goes on where the one before ended.
 */
const BUDGET = {
  /** A thousand take about a millisecond. */
  names: 1_000,
  /** Names that are called like private directories of a lock here. Anybody can make very many of them. */
  candidates: 32,
  /** Milliseconds, after which no further candidate is judged. One can take some milliseconds itself. */
  ms: 5,
};
/**
 * After a part that came to its end by its candidates or its time, the sweep rests for this many times what the part took.
 * So those who fill a directory with such names take a tenth of the time of acquisitions at most.
 */
const REST = 9;

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
  /** Milliseconds on the monotonic clock, before which it does not go on. */
  restsUntil: number;
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
    if (now < sweep.restsUntil || !sweepPart(sweep, lockPath, state.names, options)) return;
  } catch {
    // The parent directory may be entered but not listed.
  }
  end();
  state.names.clear();
}

/** @returns true at the end of the directory. */
function sweepPart(
  sweep: Sweep,
  lockPath: LockPath,
  lockNames: ReadonlySet<string>,
  options: InspectOptions,
): boolean {
  // The process that was killed may have been one that took over a file.
  const guards = new Set([...lockNames].map(guardName));
  const isSwept = (lockName: string) => lockNames.has(lockName) || guards.has(lockName);
  const witnesses: [name: string, beside: BesideName][] = [];
  const startedAt = monotonicMs();
  let candidates = 0;
  let isAtEnd = false;
  for (let read = 0; read < BUDGET.names; read += 1) {
    const name = sweep.names.next();
    isAtEnd = name === null;
    if (name === null) break;
    const lockName = guards.has(name) ? name : lockNameOfPrivate(name);
    const beside = lockPath.backend.openWitness?.parseBeside(name) ?? null;
    if (lockName !== null && isSwept(lockName)) sweepOne(lockPath, name, lockName, options);
    else if (beside !== null && isSwept(beside.lockName)) witnesses.push([name, beside]);
    else continue;
    candidates += 1;
    const now = monotonicMs();
    const taken = now - startedAt;
    if (candidates < BUDGET.candidates && taken < BUDGET.ms) continue;
    sweep.restsUntil = now + REST * taken;
    break;
  }
  // A witness is needed until what it belongs to is swept.
  for (const [name, beside] of witnesses) sweepWitness(lockPath, name, beside);
  return isAtEnd;
}

function begin(parentPath: string): Sweep {
  end();
  unfinished = { parentPath, names: new NameStream(parentPath), restsUntil: 0 };
  return unfinished;
}

function end(): void {
  unfinished?.names.close();
  unfinished = null;
}

function sweepOne(lockPath: LockPath, name: string, lockName: string, options: InspectOptions): void {
  try {
    const orphan = lockPath.sibling(name);
    const view = openLockOrFile(orphan);
    if (view === null) return;
    try {
      if (view instanceof ForeignLock) giveBack(orphan, lockPath.sibling(lockName), options);
      else if (assess(view, options, new LastLook()).state === 'stale') clearStale(view);
    } finally {
      view.close();
    }
  } catch {
    // It belongs to another user, or is not a lock's directory at all.
  }
}

function sweepWitness(lockPath: LockPath, name: string, beside: BesideName): void {
  try {
    sweepBeside(lockPath, name, beside);
  } catch {
    // It belongs to another user, or another process has swept it.
  }
}

/**
 * A process that takes a dead owner's file away gives it a private name before it deletes it. If it was killed in
 * between, the file gets its name back, and the next contender judges it anew.
 */
function giveBack(aside: LockPath, lockPath: LockPath, options: InspectOptions): void {
  // No other process is at a takeover then, so the file is one that was left.
  duringTakeover(lockPath, options, () => {
    const file = openLockOrFile(aside);
    if (!(file instanceof ForeignLock)) return;
    try {
      if (file.owner !== null) putBack(lockPath, aside.name);
      // A file that is empty only kept the name for the one that was to be deleted.
      else if (file.namesNobody) aside.backend.files.unlinkAt(aside.parent, aside.name);
    } finally {
      file.close();
    }
  });
}
