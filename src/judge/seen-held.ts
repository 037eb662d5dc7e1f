import { RecentMap } from '../recent-map.js';

/**
 * The lifelines of locks that this thread has seen held, by the nonce of the lock. A lifeline that was seen
 * held is one of this very kernel, which equal boot ids do not prove between copies of one machine. A
 * forgotten one costs a wait for the lease, and proves nothing wrong.
 */
const held = new RecentMap<string>(4096);

export function rememberHeld(nonce: string, lifeline: string): void {
  if (held.get(nonce) !== lifeline) held.set(nonce, lifeline);
}

/** False for a record with this nonce and another lifeline, because that is not the one that was seen. */
export function wasHeld(nonce: string, lifeline: string | null): boolean {
  return lifeline !== null && held.get(nonce) === lifeline;
}
