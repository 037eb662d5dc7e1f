import { AsyncLocalStorage } from 'node:async_hooks';
import type { Lock } from './lock.js';

/** The locks of the withLock() calls inside which the program is at work, the innermost first. */
interface Holding {
  readonly lock: Lock;
  readonly outer: Holding | undefined;
}

const holding = new AsyncLocalStorage<Holding>();
/** Functions that withLock() runs at the moment. */
let running = 0;

/** Runs the function of withLock() so that what it calls, also asynchronously, knows which lock is held for it. */
export async function runHolding<T>(lock: Lock, run: (lock: Lock) => T | PromiseLike<T>): Promise<T> {
  running += 1;
  try {
    return await holding.run({ lock, outer: holding.getStore() }, run, lock);
  } finally {
    running -= 1;
    // Before Node 24 a storage that is in use makes every promise of the process two to three times as expensive.
    if (running === 0) holding.disable();
  }
}

/** True when the running code was called, directly or not, by the function for which the lock with `nonce` is held. */
export function isHeldForCaller(nonce: string): boolean {
  if (running === 0) return false;
  for (let at = holding.getStore(); at !== undefined; at = at.outer) {
    if (at.lock.owner.nonce === nonce) return true;
  }
  return false;
}
