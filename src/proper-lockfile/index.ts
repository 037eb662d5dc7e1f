/**
 * `kernel-identity/proper-lockfile`: the functions, options and errors of the package proper-lockfile, over the evidence of
 * the kernel. A killed owner's lock is free at once, and a live owner keeps its lock however long its event loop is blocked.
 * On one path it excludes proper-lockfile, and is excluded by it.
 */
import { isGone } from '../backend/system-error.js';
import { acquireAsync, acquireSync } from './acquire.js';
import { placeOf } from './engine.js';
import { findHeld, listHeld } from './held.js';
import {
  type CheckOptions,
  type LockOptions,
  lockPathOf,
  type Settings,
  settingsOf,
  syncSettingsOf,
  targetOf,
  type UnlockOptions,
} from './options.js';
import type { Place } from './place.js';
import { type Drive, driveAsync, driveSync, type Steps } from './steps.js';
import { isAbandoned } from './take.js';

export type { CheckOptions, LockOptions, UnlockOptions } from './options.js';
export type { Holder } from './place.js';
export type { Retries, RetryOptions } from './retries.js';
export type { Reclaimed } from './take.js';

/**
 * Takes the lock of a file: the directory `<file>.lock`. Returns the function that releases it.
 * @example
 * const release = await lock('/data/settings.json', { retries: 5, realpath: false });
 * await release();
 * @throws Error with the code ELOCKED when it is held for longer than `retries` waits, ENOENT where the file does not exist
 * and `realpath` is not false; TypeError (ERR_INVALID_ARG_TYPE); other system errors.
 */
export async function lock(file: string, options?: LockOptions): Promise<() => Promise<void>> {
  const settings = settingsOf(options);
  const held = await acquireAsync(await driveAsync(targetOf(file, settings)), settings);
  return () => driveAsync(held.release());
}

/**
 * Does the same synchronously, and tries once.
 * @throws the errors of {@link lock}; Error with the code ESYNC for the option `retries`.
 */
export function lockSync(file: string, options?: LockOptions): () => void {
  const settings = syncSettingsOf(options);
  const held = acquireSync(driveSync(targetOf(file, settings)), settings);
  return () => held.releaseSync();
}

/**
 * Releases the lock of a file that this thread holds.
 * @throws Error with the code ENOTACQUIRED when it holds none; ECOMPROMISED when another lock stands in its place, which is
 * left alone; system errors.
 */
export async function unlock(file: string, options?: UnlockOptions): Promise<void> {
  const settings = settingsOf(options);
  const target = await driveAsync(targetOf(file, settings));
  await driveAsync(heldAt(target, settings));
}

/** Does the same synchronously. @throws the errors of {@link unlock}. */
export function unlockSync(file: string, options?: UnlockOptions): void {
  const settings = syncSettingsOf(options);
  driveSync(heldAt(driveSync(targetOf(file, settings)), settings));
}

/**
 * Whether somebody holds the lock of a file. It is true as well where nobody can know.
 * @throws system errors: ENOENT where the file does not exist and `realpath` is not false.
 */
export async function check(file: string, options?: CheckOptions): Promise<boolean> {
  const settings = settingsOf(options);
  const target = await driveAsync(targetOf(file, settings));
  const place = placeIfAny(target, settings, driveAsync);
  try {
    return place !== null && (await driveAsync(isHeld(place, settings)));
  } finally {
    place?.close();
  }
}

/** Does the same synchronously. @throws the errors of {@link check}. */
export function checkSync(file: string, options?: CheckOptions): boolean {
  const settings = syncSettingsOf(options);
  const target = driveSync(targetOf(file, settings));
  const place = placeIfAny(target, settings, driveSync);
  try {
    return place !== null && driveSync(isHeld(place, settings));
  } finally {
    place?.close();
  }
}

/** The locks that this thread holds: the path of each, by the file that it guards. */
export function getLocks(): Record<string, string> {
  return listHeld();
}

function heldAt(target: string, settings: Settings): Steps<void> {
  return findHeld(target, lockPathOf(target, settings), settings.lockfilePath !== undefined).release();
}

/** null where the directory does not exist in which the lock would stand. */
function placeIfAny(target: string, settings: Settings, drive: Drive): Place | null {
  try {
    return placeOf(lockPathOf(target, settings), settings.fs, drive);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function* isHeld(place: Place, { staleMs }: Settings): Steps<boolean> {
  const seen = yield* place.look(staleMs / 2);
  if (seen === null) return false;
  try {
    return !isAbandoned(seen, staleMs);
  } finally {
    seen.close();
  }
}

/** The function {@link lock}, with all the others as its properties, as proper-lockfile exports it. */
export type ProperLockfile = typeof lock & {
  readonly lock: typeof lock;
  readonly unlock: typeof unlock;
  readonly check: typeof check;
  readonly lockSync: typeof lockSync;
  readonly unlockSync: typeof unlockSync;
  readonly checkSync: typeof checkSync;
  readonly getLocks: typeof getLocks;
};

const properLockfile: ProperLockfile = Object.assign(lock, {
  lock,
  unlock,
  check,
  lockSync,
  unlockSync,
  checkSync,
  getLocks,
});

export default properLockfile;
