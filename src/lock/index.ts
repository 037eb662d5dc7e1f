import { invalidArgument, invalidReturn } from '../errors.js';
import { Lock } from './lock.js';
import {
  type AcquireOptions,
  checkAcquireOptions,
  checkTryOptions,
  type TryAcquireOptions,
} from './options.js';
import { runHolding } from './reentry.js';
import { LockTimeoutError } from './timeout-error.js';
import { type AcquiredLock, acquireAsync, acquireSync } from './waiting/acquire.js';

/**
 * Acquires the lock at `path`, a directory that exists as long as the lock is held. The lock of a dead owner
 * is reclaimed at once, the lock of a live one never, unless only a lease can show that its owner lives, and
 * that has run out.
 * @example
 * const lock = await acquireLock('/data/install.lock', { timeout: 60_000 });
 * try {
 *   console.log(lock.path);
 * } finally {
 *   await lock.release();
 * }
 * @throws TypeError (ERR_INVALID_ARG_TYPE, or ERR_INVALID_ARG_VALUE for an option that there is not) and RangeError
 * (ERR_OUT_OF_RANGE) for wrong paths and options; LockTimeoutError (ERR_LOCK_TIMEOUT), NotALockError
 * (ERR_NOT_A_LOCK), LockNotEmptyError (ERR_LOCK_NOT_EMPTY), BackendUnavailableError (ERR_BACKEND_UNAVAILABLE),
 * `signal.reason`, and system errors: ENOENT for a missing parent directory, EACCES, ENOSPC, ...
 */
export async function acquireLock(path: string | URL, options: AcquireOptions = {}): Promise<Lock> {
  checkAcquireOptions(options);
  options.signal?.throwIfAborted();
  return lockOf(await acquireAsync(path, options), options);
}

/**
 * The same as {@link acquireLock}, but it blocks this thread while it waits.
 * @example
 * const lock = acquireLockSync('/data/install.lock', { timeout: 5_000 });
 * try {
 *   console.log(lock.path);
 * } finally {
 *   lock.releaseSync();
 * }
 * @throws the errors of {@link acquireLock}; also EDEADLK, at once, when this thread itself holds the lock.
 */
export function acquireLockSync(path: string | URL, options: AcquireOptions = {}): Lock {
  checkAcquireOptions(options);
  options.signal?.throwIfAborted();
  return lockOf(acquireSync(path, options), options);
}

/**
 * Tries {@link acquireLock} once. null when another owner holds the lock, or when no evidence decides whether
 * it lives.
 * @example
 * const lock = await tryAcquireLock('/data/report.lock');
 * if (lock === null) console.log('another process is at it');
 * else await lock.release();
 * @throws the errors of {@link acquireLock} but LockTimeoutError. The option `timeout` is refused.
 */
export async function tryAcquireLock(
  path: string | URL,
  options: TryAcquireOptions = {},
): Promise<Lock | null> {
  checkTryOptions(options);
  options.signal?.throwIfAborted();
  try {
    return lockOf(await acquireAsync(path, { ...options, timeout: 0 }), options);
  } catch (error) {
    return nullOnTimeout(error);
  }
}

/**
 * The same as {@link tryAcquireLock}, synchronously.
 * @example
 * const lock = tryAcquireLockSync('/data/report.lock');
 * if (lock === null) console.log('another process is at it');
 * else lock.releaseSync();
 * @throws the errors of {@link tryAcquireLock}.
 */
export function tryAcquireLockSync(path: string | URL, options: TryAcquireOptions = {}): Lock | null {
  checkTryOptions(options);
  options.signal?.throwIfAborted();
  try {
    return lockOf(acquireSync(path, { ...options, timeout: 0 }), options);
  } catch (error) {
    return nullOnTimeout(error);
  }
}

/** What {@link withLock} runs. The lock is held until the promise that it returns is settled. */
type Run<T> = (lock: Lock) => T | PromiseLike<T>;

/** What `await` waits for. */
type Thenable = { readonly then: (...args: never[]) => unknown };

/**
 * What {@link withLockSync} runs. Its type forbids an async function, because the lock would be released before the
 * function's first `await` is over.
 */
type RunSync<T> = (lock: Lock) => T extends Thenable ? never : T;

/**
 * Acquires the lock, runs `run`, and releases the lock whether `run` succeeds or throws.
 * @example
 * const name = await withLock('/data/install.lock', async (lock) => lock.path);
 * @throws the errors of {@link acquireLock}, and those of `run`; LockLostError (ERR_LOCK_LOST) when the lock
 * was lost while `run` succeeded.
 */
export async function withLock<T>(path: string | URL, run: Run<T>): Promise<T>;
/**
 * Acquires the lock with options, runs `run`, and releases the lock whether `run` succeeds or throws.
 * @example
 * await withLock('/data/install.lock', { timeout: 60_000, label: 'install' }, async (lock) => {
 *   console.log(lock.owner.label);
 * });
 * @throws the errors of {@link acquireLock}, and those of `run`; LockLostError (ERR_LOCK_LOST) when the lock
 * was lost while `run` succeeded.
 */
export async function withLock<T>(path: string | URL, options: AcquireOptions, run: Run<T>): Promise<T>;
export async function withLock<T>(
  path: string | URL,
  ...rest: [Run<T>] | [AcquireOptions, Run<T>]
): Promise<T> {
  const [options, run] = split(rest);
  const lock = await acquireLock(path, options);
  let result: T;
  try {
    result = await runHolding(lock, run);
  } catch (error) {
    releaseQuietly(lock);
    throw error;
  }
  lock.releaseSync();
  return result;
}

/**
 * The same as {@link withLock}, for a synchronous `run`.
 * @example
 * const pid = withLockSync('/data/install.lock', (lock) => lock.owner.pid);
 * @throws the errors of {@link acquireLockSync}, and those of `run`; LockLostError (ERR_LOCK_LOST); TypeError
 * (ERR_INVALID_RETURN_VALUE) when `run` returns a promise: the lock is then released, and the work that the promise
 * stands for goes on without it.
 */
export function withLockSync<T>(path: string | URL, run: RunSync<T>): T;
/**
 * The same as {@link withLock} with options, for a synchronous `run`.
 * @example
 * const pid = withLockSync('/data/install.lock', { timeout: 5_000 }, (lock) => lock.owner.pid);
 * @throws the errors of {@link acquireLockSync}, and those of `run`; LockLostError (ERR_LOCK_LOST); TypeError
 * (ERR_INVALID_RETURN_VALUE) when `run` returns a promise: the lock is then released, and the work that the promise
 * stands for goes on without it.
 */
export function withLockSync<T>(path: string | URL, options: AcquireOptions, run: RunSync<T>): T;
export function withLockSync<T>(path: string | URL, ...rest: [RunSync<T>] | [AcquireOptions, RunSync<T>]): T {
  const [options, run] = split(rest);
  const lock = acquireLockSync(path, options);
  let result: T;
  try {
    result = run(lock);
    refuseThenable(result);
  } catch (error) {
    releaseQuietly(lock);
    throw error;
  }
  lock.releaseSync();
  return result;
}

/** @throws TypeError (ERR_INVALID_RETURN_VALUE) for a {@link Thenable}. */
function refuseThenable(result: unknown): void {
  if (!isThenable(result)) return;
  throw invalidReturn(
    'the function that withLockSync runs returned a promise, and the lock was released before it was settled; use withLock',
  );
}

function isThenable(value: unknown): boolean {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof Reflect.get(value, 'then') === 'function';
}

function lockOf({ published, reclaimed }: AcquiredLock, options: TryAcquireOptions): Lock {
  return new Lock(published, reclaimed, options);
}

/** @throws what is no LockTimeoutError. */
function nullOnTimeout(error: unknown): null {
  if (error instanceof LockTimeoutError) return null;
  throw error;
}

function split<R>(rest: [R] | [AcquireOptions | undefined, R]): [AcquireOptions, R] {
  const [options = {}, run] = rest.length === 1 ? [{}, rest[0]] : rest;
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
