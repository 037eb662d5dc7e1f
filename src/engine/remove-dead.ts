import { ownerAgeOf, type ReclaimedLock, reclaimEvent } from '../lock/events.js';
import type { Engine, Entry } from './engine.js';
import type { Judgement, ProofOfDeath } from './proof-of-death.js';

export interface Judged {
  readonly entry: Entry;
  readonly judgement: Judgement;
}

/**
 * Removes all entries of a lock that are proven to be of dead owners.
 * @param path the address of the lock, for the event.
 * @returns `pause`: 0 when one was removed, or had changed; else ms after which one may be removed, or Infinity. `removed`:
 * the last one that this call removed.
 */
export async function removeDead(
  engine: Engine,
  proof: ProofOfDeath,
  path: string,
  judged: readonly Judged[],
): Promise<{ readonly pause: number; readonly removed: ReclaimedLock | null }> {
  let pause = Number.POSITIVE_INFINITY;
  let removed: ReclaimedLock | null = null;
  for (const { entry, judgement } of judged) {
    const { owner, verdict, description } = judgement;
    if (verdict?.state !== 'dead') continue;
    const left = await proof.pauseBeforeRemoval(entry, owner);
    pause = Math.min(pause, left);
    if (left > 0 || !(await engine.removeIf(entry))) continue;
    removed = { owner, ownerAge: ownerAgeOf(owner), verdict, description };
    if (reclaimEvent.isHeard) reclaimEvent.publish({ path, ...removed });
  }
  return { pause, removed };
}
