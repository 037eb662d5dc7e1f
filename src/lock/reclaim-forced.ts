// Reclaiming by force means to remove a lock although its owner lives, or cannot be judged, because a person says so who
// has seen the evidence. What is no lock by its name and content is not removed by force either, and neither are files
// that are not the lock's own.
import { sleepSync } from '../backend/sleep.js';
import { LockNotEmptyError, NotALockError } from '../errors.js';
import { ForeignLock } from '../formats/foreign-lock.js';
import { isNamedLikeLock } from '../formats/names.js';
import { assessOf, type InspectedLock, inspectForeign, inspectView, nothingThere } from './inspect.js';
import { checkInspectOptions } from './options.js';
import type { InspectOptions } from './protocol/assess.js';
import { reclaimStale } from './protocol/clear.js';
import { assessFile, removeFile } from './protocol/file-at-path.js';
import { LastLook } from './protocol/last-look.js';
import { LockPath, withLockPath } from './protocol/lock-path.js';
import { openLock } from './protocol/open-lock.js';
import { clearStranger, StrangeDirectory } from './protocol/strange-directory.js';
import type { LockView } from './protocol/view.js';

/** Most tries to remove a lock that changes in the moment of its removal, as one does whose lease is renewed. */
const ATTEMPTS = 50;
/** Milliseconds between two of them. */
const PAUSE = 2;

/** What stands at a path, before it is removed by force. */
export interface ForcedTarget {
  readonly inspection: InspectedLock;
  /** It changes when another lock, or another owner's, takes the place of the one that was inspected. */
  readonly signature: string;
}

/**
 * `changed`: another owner's lock stands there by now, which nobody has decided upon. `remains`: the owner has lost the
 * lock, but its directory still holds something.
 */
export type ForcedOutcome = 'removed' | 'remains' | 'gone' | 'changed';

/**
 * Judges what stands at the path, for a person to decide whether it is to be removed by force.
 * @throws the errors of reclaimLockSync() for what is not removed by force either.
 */
export function inspectForForce(path: string, options: InspectOptions): ForcedTarget {
  return atPath(path, options, (lockPath, found) => targetAt(lockPath, found, options));
}

/**
 * Removes the lock that {@link inspectForForce} found, if it is still there. Its owner, if it lives, finds that it has
 * lost the lock.
 * @throws LockNotEmptyError (ERR_LOCK_NOT_EMPTY); the errors of {@link inspectForForce}; system errors.
 */
export function reclaimByForce(path: string, signature: string, options: InspectOptions): ForcedOutcome {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = atPath(path, options, (lockPath, found): ForcedOutcome | 'again' => {
      if (found === null) return 'gone';
      const target = targetAt(lockPath, found, options);
      return target.signature === signature ? remove(lockPath, found, target, options) : 'changed';
    });
    if (outcome !== 'again') return outcome;
    if (attempt === ATTEMPTS) return 'changed';
    sleepSync(PAUSE);
  }
}

type Found = LockView | ForeignLock | StrangeDirectory;

function atPath<T>(
  path: string,
  options: InspectOptions,
  action: (lockPath: LockPath, found: Found | null) => T,
): T {
  checkInspectOptions(options);
  const lockPath = LockPath.open(path);
  try {
    return withLockPath(lockPath.path, () => {
      const found = openAnything(lockPath);
      try {
        return action(lockPath, found);
      } finally {
        found?.close();
      }
    });
  } finally {
    lockPath.close();
  }
}

/** A directory that is called like a lock may have something else in place of its record, which is then shown. */
function openAnything(lockPath: LockPath): Found | null {
  try {
    return openLock(lockPath);
  } catch (error) {
    if (!(error instanceof NotALockError) || !isNamedLikeLock(lockPath.name)) throw error;
    const strange = StrangeDirectory.open(lockPath);
    if (strange === null) throw error;
    return strange;
  }
}

function targetAt(lockPath: LockPath, found: Found | null, options: InspectOptions): ForcedTarget {
  if (found === null) return { inspection: nothingThere(lockPath), signature: '' };
  if (found instanceof StrangeDirectory) {
    const { description, signature } = found;
    return { inspection: { ...nothingThere(lockPath), state: 'unknown', description }, signature };
  }
  if (found instanceof ForeignLock) {
    const lockState = assessFile(found, lockPath, options, new LastLook());
    // A person who has seen a file that names nobody may take it for a leftover.
    const { refusal } = found.namesNobody
      ? assessFile(found, lockPath, { ...options, emptyFile: 'take' }, new LastLook())
      : lockState;
    if (refusal !== undefined) throw refusal;
    return { inspection: inspectForeign(found, lockPath, lockState), signature: found.signature };
  }
  const lockState = assessOf(found, options);
  if (lockState.refusal !== undefined) throw lockState.refusal;
  // A directory that names nobody and is not named like a lock is refused only after a moment, for the sake of those that
  // wait while a release removes it. A person who uses force has no reason to be right in that moment.
  if (lockState.verdict === null && lockState.lookAgainIn !== undefined) {
    throw new NotALockError(lockPath.path, lockState.description);
  }
  const inspection = inspectView(found, lockState);
  if (inspection.foreignFiles.length > 0) throw new LockNotEmptyError(lockPath.path, inspection.foreignFiles);
  return { inspection, signature: signatureOf(found) };
}

/** The owner renews its lease by touching the file, so its times do not count. */
function signatureOf(view: LockView): string {
  const { record, owner } = view;
  return record?.nonce ?? `${view.directoryStatus().inode} ${owner?.status.inode} ${owner?.text}`;
}

function remove(
  lockPath: LockPath,
  found: Found,
  { inspection }: ForcedTarget,
  options: InspectOptions,
): ForcedOutcome | 'again' {
  if (found instanceof StrangeDirectory) return clearStranger(found) ? 'removed' : 'again';
  if (found instanceof ForeignLock) {
    const removal = removeFile(found, lockPath, options, true);
    return removal === 'contended' || removal === 'changed' ? 'again' : removal;
  }
  const clearing = reclaimStale(found, inspection);
  if (clearing === 'remains') return clearing;
  return clearing === 'cleared' ? 'removed' : clearing === 'overtaken' ? 'gone' : 'again';
}
