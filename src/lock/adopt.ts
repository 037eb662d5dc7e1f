// Adopting a lock means to become its owner in the child process to which it was handed over.
import { invalidArgument } from '../errors.js';
import { HEIRLOOM, LOCK_VARIABLE } from './heirs.js';
import { findInheritance } from './inherited-lock.js';
import { Lock } from './lock.js';

/**
 * Makes this process the owner of the lock that another one handed over to it with `lock.handOver()`: it can
 * release the lock, and keeps its lease from now on. Call it once, early in the program. The environment
 * variables KERNEL_IDENTITY_HANDED_OVER and KERNEL_IDENTITY_LOCK, which name the lock, are then removed, so
 * that no child process takes the lock for its own.
 * @example
 * const lock = adoptLock() ?? (await acquireLock('/data/install.lock'));
 * await lock.release();
 * @returns null when no lock was handed over to this process, and when it was adopted before.
 * @throws LockLostError (ERR_LOCK_LOST) when the lock is gone, or when its descriptors were not passed on to
 * this process; TypeError (ERR_INVALID_ARG_TYPE) when the variable holds something else;
 * BackendUnavailableError (ERR_BACKEND_UNAVAILABLE); and system errors.
 */
export function adoptLock(): Lock | null {
  const heirloom = process.env[HEIRLOOM];
  if (heirloom === undefined) return null;
  const [, nonce, path] = /^([0-9a-f]{32}):(.+)$/s.exec(heirloom) ?? [];
  if (nonce === undefined || path === undefined) {
    throw invalidArgument(`the environment variable ${HEIRLOOM} does not name a lock that was handed over`);
  }
  const lock = new Lock(findInheritance(path, nonce));
  if (!lock.verify()) throw lock.signal.reason;
  delete process.env[HEIRLOOM];
  delete process.env[LOCK_VARIABLE];
  return lock;
}
