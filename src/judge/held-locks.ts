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
