// At the path of a lock there may be a file instead of a directory, because an older version of a program locked by a
// file, or because the path is that of another program's lock or PID file. A person's file must never be taken for one.

import { NotALockError } from '../../errors.js';
import type { ForeignLock } from '../../formats/foreign-lock.js';
import type { ForeignRecord } from '../../formats/format.js';
import { couldBeData, isDeletableAs, isLockName, isNamedLikeLock } from '../../formats/names.js';
import { formatElapsed } from '../../text/elapsed.js';
import { type InspectOptions, type LockState, liftable, undecided } from './assess.js';
import { clearingCommand } from './commands.js';
import type { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { MAX_LOCK_NAME, privateName } from './names.js';
import { newNonce } from './nonce.js';
import { ageOf, held, OWNERLESS_GRACE } from './ownerless.js';
import { duringTakeover } from './takeover.js';

/** Milliseconds for which a file that names nobody may be one into which its owner is about to write. */
const WRITING_TIME = 1_000;

/**
 * Judges the owner that a file names. The result has a `refusal` where the file must not be deleted, whatever its owner:
 * its format is not recognised, or its name and content could be those of anybody's data.
 */
export function assessFile(
  file: ForeignLock,
  lockPath: LockPath,
  options: InspectOptions,
  lastLook: LastLook,
): LockState {
  const { found } = file;
  // An empty file may have the number of its owner in its name.
  const namesNobody = file.namesNobody && (typeof found === 'string' || found.record.pid === null);
  if (namesNobody && (typeof found === 'string' || options.emptyFile === 'take')) {
    return assessNameless(file, lockPath, options, lastLook);
  }
  if (typeof found === 'string') return refused(lockPath, found);
  // Nobody would be its owner, so nothing is said of one: "stale" would read as leave to delete the file.
  if (couldBeData(lockPath.name, found)) return refused(lockPath, namedOtherwise(found));
  const verdict = file.judge(found, options);
  const description = `owner ${verdict.state}: ${verdict.reason}`;
  const lockState = namesNobody
    ? liftable({ state: 'unknown', verdict, description }, 'emptyFile')
    : verdict.state === 'unknown'
      ? undecided(verdict, description)
      : ({ state: verdict.state === 'alive' ? 'held' : 'stale', verdict, description } as const);
  if (isDeletableAs(lockPath.name, found)) return lockState;
  const isNamed = isNamedLikeLock(lockPath.name);
  const what = isNamed ? `a ${found.format} by its content, which is never deleted` : namedOtherwise(found);
  return { ...lockState, refusal: new NotALockError(lockPath.path, what) };
}

function namedOtherwise({ format }: ForeignRecord): string {
  return `a ${format} by its content, but has no word "lock", "lck" or "pid" in its name`;
}

/**
 * A crash leaves a file that names nobody, but so does a program that locks by the file alone, works under a flock(2)
 * that cannot be seen from here, or has not written its record yet. So only the caller can say that it is a leftover.
 */
function assessNameless(
  file: ForeignLock,
  lockPath: LockPath,
  options: InspectOptions,
  lastLook: LastLook,
): LockState {
  const what = 'a file that names no owner: it is empty, torn, or has a pid of nobody';
  const { name, path } = lockPath;
  if (!isNamedLikeLock(name) && !isLockName(name))
    return refused(lockPath, `${what}, and is not named like a lock`);
  if (file.isLocked()) return held(`${what}; but some process has a file lock on it`);
  const { device, inode, mtimeMs, size } = file.status;
  const ageMs = ageOf(file.status, lastLook, `file:${device}:${inode}:${mtimeMs}:${size}`);
  const since = `${what}; untouched for ${formatElapsed(ageMs)}`;
  if (options.emptyFile !== 'take') {
    const leftover: LockState = {
      ...refused(
        lockPath,
        what,
        `If no program works under it, this removes it: ${clearingCommand(path, 'emptyFile')}`,
      ),
      liftedBy: 'emptyFile',
    };
    if (ageMs > WRITING_TIME) return leftover;
    const description = `${since}: its owner may be about to write its record`;
    return { ...leftover, description, lookAgainIn: WRITING_TIME - ageMs + 1 };
  }
  const grace = options.ownerlessGrace ?? OWNERLESS_GRACE;
  if (ageMs > grace) {
    const description = `${since}, past the grace of ${formatElapsed(grace)}: assumed to be abandoned`;
    return { state: 'stale', verdict: null, description };
  }
  const description = `${since}, within the grace of ${formatElapsed(grace)}: its owner may be at work`;
  return { state: 'unknown', verdict: null, description, lookAgainIn: grace - ageMs + 1 };
}

function refused({ path }: LockPath, what: string, advice?: string): LockState {
  const refusal = new NotALockError(path, what, advice);
  return { state: 'unknown', verdict: null, description: what, refusal };
}

/**
 * Deletes a file that was found stale: see {@link ForeignLock.remove}.
 * @returns `contended` when another process of this package deletes one here at this moment.
 */
export function removeFile(
  file: ForeignLock,
  lockPath: LockPath,
  options: InspectOptions,
  isForced = false,
): ReturnType<ForeignLock['remove']> | 'contended' {
  const { name } = lockPath;
  const isLong = Buffer.byteLength(name) > MAX_LOCK_NAME;
  const aside = privateName(isLong ? 'lock' : name, newNonce());
  return duringTakeover(lockPath, options, () => file.remove(aside, isForced));
}
