/**
 * The locks that this very thread holds, by nonce: the first thing the judge looks at. The lock layer enters them;
 * the check answers whether the lock's witness is still the lock's own (a stray close(2) may have dropped it).
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
