import { invalidArgument } from '../errors.js';
import { Lock } from './lock.js';
import { type AcquireOptions, checkAcquireOptions } from './options.js';
import { LockPath } from './protocol/lock-path.js';
import type { PublishedLock } from './protocol/publish.js';
import { LockTimeoutError } from './timeout-error.js';
import { acquireAsync, acquireSync } from './waiting/run.js';

/**
 * Acquires the lock at `path`, a directory that exists as long as the lock is held. A dead owner's lock is reclaimed
 * at once, a live one's never.
 * @throws LockTimeoutError (ERR_LOCK_TIMEOUT), NotALockError (ERR_NOT_A_LOCK), LockNotEmptyError (ERR_LOCK_NOT_EMPTY),
 * BackendUnavailableError (ERR_BACKEND_UNAVAILABLE), `signal.reason`, and system errors: ENOENT for a missing parent
 * directory, EACCES, ENOSPC, ...
 */
export async function acquireLock(path: string | URL, options: AcquireOptions = {}): Promise<Lock> {
  checkAcquireOptions(options);
  options.signal?.throwIfAborted();
  const place = LockPath.open(path);
  let published: PublishedLock;
  try {
    published = await acquireAsync(place, options);
  } catch (error) {
    place.close();
    throw error;
  }
  return new Lock(published);
}

/**
 * As {@link acquireLock}, blocking this thread while it waits.
 * @throws also EDEADLK at once when this very thread holds the lock.
 */
export function acquireLockSync(path: string | URL, options: AcquireOptions = {}): Lock {
  checkAcquireOptions(options);
  options.signal?.throwIfAborted();
  const place = LockPath.open(path);
  let published: PublishedLock;
  try {
    published = acquireSync(place, options);
  } catch (error) {
    place.close();
    throw error;
  }
  return new Lock(published);
}

/** As {@link acquireLock} without waiting; null: somebody holds it, or nobody can tell. */
export async function tryAcquireLock(
  path: string | URL,
  options: Omit<AcquireOptions, 'timeout'> = {},
): Promise<Lock | null> {
  return nullOnTimeout(acquireLock(path, { ...options, timeout: 0 }));
}

/** As {@link tryAcquireLock}, synchronously. */
export function tryAcquireLockSync(
  path: string | URL,
  options: Omit<AcquireOptions, 'timeout'> = {},
): Lock | null {
  try {
    return acquireLockSync(path, { ...options, timeout: 0 });
  } catch (error) {
    if (error instanceof LockTimeoutError) return null;
    throw error;
  }
}

type Run<T> = (lock: Lock) => T | Promise<T>;

/**
 * Runs `run` while holding the lock and releases it afterwards, whatever happens.
 * @throws as {@link acquireLock}; what `run` throws; LockLostError (ERR_LOCK_LOST) when the lock was lost meanwhile.
 */
export async function withLock<T>(path: string | URL, run: Run<T>): Promise<T>;
export async function withLock<T>(path: string | URL, options: AcquireOptions, run: Run<T>): Promise<T>;
export async function withLock<T>(
  path: string | URL,
  ...rest: [Run<T>] | [AcquireOptions, Run<T>]
): Promise<T> {
  const [options, run] = split(rest);
  const lock = await acquireLock(path, options);
  let result: T;
  try {
    result = await run(lock);
  } catch (error) {
    releaseQuietly(lock);
    throw error;
  }
  lock.releaseSync();
  return result;
}

/** As {@link withLock} for a synchronous `run`. */
export function withLockSync<T>(path: string | URL, run: (lock: Lock) => T): T;
export function withLockSync<T>(path: string | URL, options: AcquireOptions, run: (lock: Lock) => T): T;
export function withLockSync<T>(
  path: string | URL,
  ...rest: [(lock: Lock) => T] | [AcquireOptions, (lock: Lock) => T]
): T {
  const [options, run] = split(rest);
  const lock = acquireLockSync(path, options);
  let result: T;
  try {
    result = run(lock);
  } catch (error) {
    releaseQuietly(lock);
    throw error;
  }
  lock.releaseSync();
  return result;
}

async function nullOnTimeout(acquisition: Promise<Lock>): Promise<Lock | null> {
  try {
    return await acquisition;
  } catch (error) {
    if (error instanceof LockTimeoutError) return null;
    throw error;
  }
}

function split<R>(rest: [R] | [AcquireOptions, R]): [AcquireOptions, R] {
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof run !== 'function') {
    throw invalidArgument('withLock needs a function to run');
  }
  return [options, run];
}

/** The error of `run` is the one to report; that the lock was lost as well adds nothing the caller can use. */
function releaseQuietly(lock: Lock): void {
  try {
    lock.releaseSync();
  } catch {}
}
