/**
 * The locks that this thread holds, by nonce. The judge asks for these before it reads anything of a process.
 * A module belongs to one thread, so a lock of another thread of this process is not among them. The lock
 * layer enters them, with a check whether the lock's witness is still its own, since a stray close(2) may
 * have dropped it.
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
