// A directory in which no owner can be read names nobody, and no time tells whose it is: a lock that is
// nothing but a directory, the directory of an older program that is about to write its record, a user's
// empty folder, and what our own release leaves when it is killed before its last step, all look alike. So it
// is taken for a lock's leftover only if it is named like a lock, nobody is known to have a lock on it, and
// it has been untouched for long.
import type { FileStatus } from '../../backend/backend.js';
import { isSeenLocked } from '../../backend/directory-locks.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { LockNotEmptyError, NotALockError } from '../../errors.js';
import { isNamedLikeLock } from '../../formats/lock-word.js';
import { formatElapsed } from '../../text/elapsed.js';
import type { InspectOptions, LockState } from './assess.js';
import { clearingCommand } from './commands.js';
import type { LastLook } from './last-look.js';
import { isDraftName, isRetiredName, lockNameOfPrivate } from './names.js';
import { MOUNT_POINT } from './retire.js';
import type { LockView } from './view.js';

/**
 * Milliseconds. Programs that make the directory first allow themselves that long until they write their
 * record, and proper-lockfile, whose lock is a bare directory, sets its time every 5 s unless its event loop
 * is busy.
 */
export const OWNERLESS_GRACE = 30_000;

/**
 * Milliseconds. The grace of our private directories is shorter, because their makers begin anew when they
 * find them swept.
 */
export const PRIVATE_GRACE = 5_000;

/** Milliseconds for which an empty directory may be one that a release is about to remove. */
const REMOVAL_TIME = 1_000;

/** A directory without owner.json. */
export function assessOwnerless(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook,
  isVouchedFor: boolean,
): LockState {
  // A directory never receives a second owner.json, so a retired one means that the lock is free.
  if (view.leftovers().some(isRetiredName)) {
    return { state: 'stale', verdict: null, description: 'released or reclaimed, not yet removed' };
  }
  const foreign = view.foreignFiles();
  if (!foreign.every(isDraftName)) {
    const refusal = new LockNotEmptyError(view.lockPath.path, foreign);
    const description = 'a directory without owner.json';
    return { state: 'unknown', verdict: null, description, refusal };
  }
  const what = 'a directory without owner.json, like the lock of a program that locks by a directory alone';
  return assessNameless(view, options, lastLook, isVouchedFor, view.directoryStatus(), what);
}

/** A directory whose owner.json names nobody: it is empty, torn, or of pid 0. */
export function assessTorn(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook,
  isVouchedFor: boolean,
): LockState {
  const { owner, lockPath } = view;
  if (owner !== null && traitsOf(owner.filesystem.type).testableWitness) {
    if (lockPath.backend.witness.test(owner.descriptor, owner.filesystem.type) === 'held') {
      return held('owner.json is torn, but its owner still holds the file lock on it');
    }
  }
  const status = owner?.status ?? view.directoryStatus();
  return assessNameless(
    view,
    options,
    lastLook,
    isVouchedFor,
    status,
    'owner.json is empty or torn, or names nobody',
  );
}

function assessNameless(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook,
  isVouchedFor: boolean,
  status: FileStatus,
  what: string,
): LockState {
  const { lockPath, directory } = view;
  const { backend } = lockPath;
  // No mkdir(2) makes a directory on another device than its parent's.
  if (backend.files.statDescriptor(lockPath.parent).device !== view.directoryStatus().device) {
    return refused(view, MOUNT_POINT);
  }
  const byTime = () => assessByTime(view, options, lastLook, isVouchedFor, status, what);
  // A release deletes the record, and then the directory. A waiter that looks in between only looks again, whatever locks
  // there are. It does not ask for them, because /proc/locks may take 10 to 30 ms: the kernel waits until all processors
  // know that no lock may change (percpu_down_write in locks_start of fs/locks.c).
  const soFar = lastLook.sawOwnerIn(view) ? byTime() : null;
  if (soFar?.state === 'unknown' && soFar.refusal === undefined) return soFar;
  if (isSeenLocked(backend, directory)) {
    return held(`${what}; but some process has a file lock on the directory`);
  }
  return byTime();
}

function assessByTime(
  view: LockView,
  options: InspectOptions,
  lastLook: LastLook,
  isVouchedFor: boolean,
  status: FileStatus,
  what: string,
): LockState {
  const { name } = view.lockPath;
  const isPrivate = lockNameOfPrivate(name) !== null;
  if (!isPrivate && !isVouchedFor && !isNamedLikeLock(name))
    return assessUnnamed(view, lastLook, status, what);
  const grace = options.ownerlessGrace ?? (isPrivate ? PRIVATE_GRACE : OWNERLESS_GRACE);
  const { device, inode, mtimeMs, size } = status;
  const ageMs = ageOf(status, lastLook, `${device}:${inode}:${mtimeMs}:${size}`);
  const past = ageMs > grace;
  const since = `${what}, untouched for ${formatElapsed(ageMs)}`;
  const description = past
    ? `${since}, past the grace of ${formatElapsed(grace)}: assumed to be abandoned`
    : `${since}, within the grace of ${formatElapsed(grace)}: its maker may be at work`;
  return { state: past ? 'stale' : 'unknown', verdict: null, description };
}

/**
 * A directory with another name is never taken. It is waited for only as long as our own release may take.
 */
function assessUnnamed(view: LockView, lastLook: LastLook, status: FileStatus, what: string): LockState {
  const { device, inode } = status;
  const isLasting = ageOf(status, lastLook, `unnamed:${device}:${inode}`) > REMOVAL_TIME;
  if (isLasting) {
    return { ...refused(view, `${what}, and is not named like a lock`), liftedBy: 'ownerlessGrace' };
  }
  const description = `${what}, and not named like a lock; it may be about to be removed`;
  return { state: 'unknown', verdict: null, description, lookAgainIn: REMOVAL_TIME };
}

function refused({ lockPath: { path } }: LockView, what: string): LockState {
  const command = clearingCommand(path, 'ownerlessGrace');
  const advice =
    what === MOUNT_POINT
      ? undefined
      : `If it was left by a lock that was killed, this removes it: ${command}`;
  return {
    state: 'unknown',
    verdict: null,
    description: what,
    refusal: new NotALockError(path, what, advice),
  };
}

export function held(description: string): LockState {
  return { state: 'held', verdict: null, description };
}

/** Milliseconds since the last change. A time in the future counts as now. */
export function ageOf({ mtimeMs }: FileStatus, lastLook: LastLook, signature: string): number {
  return Math.max(Date.now() - mtimeMs, lastLook.unchangedFor(signature));
}
