/**
 * The locks that this thread holds, by nonce. The judge asks for these before it reads anything about a process.
 * A module belongs to one thread, so a lock of another thread of this process is not among them. The lock
 * layer enters each with a function that checks whether the lock and its witness are still held, because a
 * stray close(2) may have dropped the witness.
 */
const held = new Map<string, () => boolean>();

export function enterHeldLock(nonce: string, isIntact: () => boolean): void {
  held.set(nonce, isIntact);
}

export function leaveHeldLock(nonce: string): void {
  held.delete(nonce);
}

export function isHeldLock(nonce: string): boolean {
  return held.get(nonce)?.() ?? false;
}

/** Most nonces that are remembered. A thread that loses or fails to release more locks forgets the oldest. */
const MAX_GIVEN_UP = 1_000;

const givenUp = new Set<string>();

/**
 * Remembers a lock that this thread lost, or could not release. Its owner.json may still stand there and name this
 * process, which lives; without this, the process would wait for itself.
 */
export function giveUpLock(nonce: string): void {
  leaveHeldLock(nonce);
  givenUp.add(nonce);
  if (givenUp.size <= MAX_GIVEN_UP) return;
  for (const oldest of givenUp) {
    givenUp.delete(oldest);
    return;
  }
}

export function isGivenUpLock(nonce: string): boolean {
  return givenUp.has(nonce);
}
