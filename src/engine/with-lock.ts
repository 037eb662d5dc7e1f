import { invalidArgument } from '../errors.js';
import type { NamedAcquireOptions, NamedLock } from './locks.js';

type Run<T> = (lock: NamedLock) => T | PromiseLike<T>;

/** The arguments of `withLock` after the name. */
export type WithLockArguments<T> = [Run<T>] | [NamedAcquireOptions, Run<T>];

/** Runs a function while a lock is held. @throws what `run` throws, and else LockLostError. */
export async function runWithLock<T>(
  acquire: (options: NamedAcquireOptions) => Promise<NamedLock>,
  rest: WithLockArguments<T>,
): Promise<T> {
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof run !== 'function') throw invalidArgument('withLock needs a function to run');
  const lock = await acquire(options);
  let result: T;
  try {
    result = await run(lock);
  } catch (error) {
    // The caller gets the error of `run`, and not that the lock was lost as well.
    await lock.release().catch(() => {});
    throw error;
  }
  await lock.release();
  return result;
}
