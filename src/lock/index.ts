import { invalidArgument } from '../errors.js';
import { Lock } from './lock.js';
import { type AcquireOptions, checkAcquireOptions } from './options.js';
import { LockTimeoutError } from './timeout-error.js';
import { type AcquiredLock, acquireAsync, acquireSync } from './waiting/acquire.js';

/**
 * Acquires the lock at `path`, a directory that exists as long as the lock is held. The lock of a dead owner
 * is reclaimed at once, the lock of a live one never, unless only a lease can show that its owner lives, and
 * that has run out.
 * @throws TypeError (ERR_INVALID_ARG_TYPE) and RangeError (ERR_OUT_OF_RANGE) for wrong paths and options;
 * LockTimeoutError (ERR_LOCK_TIMEOUT), NotALockError (ERR_NOT_A_LOCK), LockNotEmptyError
 * (ERR_LOCK_NOT_EMPTY), BackendUnavailableError (ERR_BACKEND_UNAVAILABLE), `signal.reason`, and system
 * errors: ENOENT for a missing parent directory, EACCES, ENOSPC, ...
 */
export async function acquireLock(path: string | URL, options: AcquireOptions = {}): Promise<Lock> {
  checkAcquireOptions(options);
  options.signal?.throwIfAborted();
  return lockOf(await acquireAsync(path, options));
}

/**
 * The same as {@link acquireLock}, but it blocks this thread while it waits.
 * @throws the errors of {@link acquireLock}; also EDEADLK, at once, when this thread itself holds the lock.
 */
export function acquireLockSync(path: string | URL, options: AcquireOptions = {}): Lock {
  checkAcquireOptions(options);
  options.signal?.throwIfAborted();
  return lockOf(acquireSync(path, options));
}

/**
 * Tries {@link acquireLock} once. null when another owner holds the lock, or when no evidence decides whether
 * it lives.
 */
export async function tryAcquireLock(
  path: string | URL,
  options: Omit<AcquireOptions, 'timeout'> = {},
): Promise<Lock | null> {
  return nullOnTimeout(acquireLock(path, { ...options, timeout: 0 }));
}

/** The same as {@link tryAcquireLock}, synchronously. */
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
 * Acquires the lock, runs `run`, and releases the lock whether `run` succeeds or throws.
 * @throws the errors of {@link acquireLock}, and those of `run`; LockLostError (ERR_LOCK_LOST) when the lock
 * was lost while `run` succeeded.
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

/** The same as {@link withLock}, for a synchronous `run`. */
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

function lockOf({ published, reclaimed }: AcquiredLock): Lock {
  return new Lock(published, reclaimed);
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

/** Hides that the lock was lost, because the caller gets the error of `run` instead. */
function releaseQuietly(lock: Lock): void {
  try {
    lock.releaseSync();
  } catch {}
}
