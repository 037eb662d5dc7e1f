// Reclaiming means to remove a lock, or another program's file, if its owner is dead.
import { sleepSync } from '../backend/sleep.js';
import type { ForeignLock } from '../formats/foreign-lock.js';
import { reclaimEvent } from './events.js';
import {
  assessOf,
  atLockPath,
  type InspectedLock,
  inspectForeign,
  inspectionOf,
  inspectView,
  leasedThere,
  MOVES,
  nothingThere,
} from './inspect.js';
import { checkInspectOptions } from './options.js';
import type { InspectOptions, LockState } from './protocol/assess.js';
import { reclaimStale } from './protocol/clear.js';
import { assessFile, removeFile } from './protocol/file-at-path.js';
import { LastLook } from './protocol/last-look.js';
import type { LockPath } from './protocol/lock-path.js';
import { openLock } from './protocol/open-lock.js';
import { LockView } from './protocol/view.js';

/** Most judgements of a file that changes each time that it is judged. After the last it is left alone. */
const ATTEMPTS = 3;
/** Most tries while another process deletes a file at the path, and the milliseconds between two of them. */
const CONTENTIONS = 20;
const CONTENTION_PAUSE = 1;

export interface ReclaimResult extends InspectedLock {
  /**
   * True when this call removed a dead owner's lock with its directory; `state` is then `free`. False while anything is
   * left of it.
   */
  readonly reclaimed: boolean;
}

/**
 * Removes the lock at `path`, or another program's lock or PID file, only if its owner is dead. In the
 * microseconds between the last check of such a file and its removal a successor that writes it without O_EXCL can lose
 * what it writes.
 * @example
 * const { reclaimed, state } = reclaimLockSync('/data/install.lock');
 * console.log(reclaimed, state); // false free
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
    let changes = 0;
    let freed: InspectedLock | null = null;
    for (let attempt = 1; ; attempt++) {
      const lock = openLock(lockPath);
      if (lock === null) {
        return withoutLock({
          ...(freed ?? nothingThere(lockPath)),
          state: 'free',
          reclaimed: freed !== null,
        });
      }
      try {
        if (lock instanceof LockView) {
          const result = reclaimView(lock, options);
          if (typeof result !== 'string' && !('freed' in result)) return result;
          if (typeof result !== 'string') freed ??= result.freed;
          if (attempt < MOVES) continue;
          return withoutLock({ ...inspectView(lock, assessOf(lock, options)), ...RESTLESS });
        }
        const lockState = assessFile(lock, lockPath, options, new LastLook());
        if (lockState.refusal !== undefined) throw lockState.refusal;
        const inspection = inspectForeign(lock, lockPath, lockState);
        if (inspection.state !== 'stale') return withoutLock({ ...inspection, reclaimed: false });
        const removal = removePatiently(lock, lockPath, options);
        if (removal === 'removed' || removal === 'gone') {
          return withoutLock(reclaimedFile(inspection, removal === 'removed'));
        }
        changes += 1;
        if (changes === ATTEMPTS) return withoutLock({ ...inspection, ...RESTLESS });
      } finally {
        lock.close();
      }
    }
  });
}

/** Tries again for a moment while another process deletes a file here. The file is not judged anew for that. */
function removePatiently(
  file: ForeignLock,
  lockPath: LockPath,
  options: InspectOptions,
): ReturnType<typeof removeFile> {
  for (let attempt = 1; ; attempt += 1) {
    const removal = removeFile(file, lockPath, options);
    if (removal !== 'contended' || attempt === CONTENTIONS) return removal;
    sleepSync(CONTENTION_PAUSE);
  }
}

function withoutLock(result: ReclaimResult): ReclaimTry {
  return { result, left: null };
}

/**
 * Removes the lock at `path`, or another program's lock or PID file, only if its owner is dead, as
 * {@link reclaimLockSync} does.
 * @example
 * const { reclaimed, description } = await reclaimLock('/data/install.lock');
 * if (reclaimed) console.log(`removed: ${description}`);
 * @throws the errors of {@link reclaimLockSync}.
 */
export async function reclaimLock(path: string | URL, options: InspectOptions = {}): Promise<ReclaimResult> {
  return reclaimLockSync(path, options);
}

const RESTLESS = {
  state: 'unknown',
  description: 'it changes each time that it is judged',
  reclaimed: false,
} as const;

function reclaimedFile(inspection: InspectedLock, isOurs: boolean): ReclaimResult {
  if (isOurs && reclaimEvent.isHeard) {
    const { path, owner, ageMs, verdict, description } = inspection;
    reclaimEvent.publish({ path, owner, ownerAge: ageMs, verdict, description });
  }
  return { ...inspection, state: 'free', reclaimed: isOurs };
}

/**
 * @returns `freed` when this call freed the lock, but something is left of it; `changed` when what stands there now was
 * not judged yet.
 */
function reclaimView(
  view: LockView,
  options: InspectOptions,
): ReclaimTry | { readonly freed: InspectedLock } | 'changed' {
  const lockState = assessOf(view, options);
  if (lockState.refusal !== undefined) throw lockState.refusal;
  if (lockState.moving === true) return 'changed';
  const inspection = inspectionOf(view, lockState);
  if (lockState.state !== 'stale') {
    view.putBackOldClaim();
    return { result: { ...inspection, reclaimed: false }, left: lockState };
  }
  const clearing = reclaimStale(view, lockState);
  if (clearing === 'cleared') return withoutLock({ ...inspection, reclaimed: true, state: 'free' });
  return clearing === 'remains' ? { freed: inspection } : 'changed';
}
