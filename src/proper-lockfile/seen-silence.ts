import { monotonicMs } from '../backend/monotonic-clock.js';
import { Silence } from '../lock/protocol/silence.js';
import { RecentMap } from '../recent-map.js';

/** The key is the path of a lock. */
const remembered = new RecentMap<Silence>(1_000);

/**
 * Milliseconds since the time of a lock was set. The wall clock says so, unless the time is in the future because a clock
 * was set back: then it counts for how long this thread has seen it unchanged, over all its tries.
 * @param signature names the directory and its time.
 * @param beatMs the longest time between two looks that counts.
 */
export function ageOf(path: string, signature: string, mtimeMs: number, beatMs: number): number {
  const ageMs = Date.now() - mtimeMs;
  if (ageMs >= 0) return ageMs;
  const silence = remembered.get(path) ?? new Silence();
  remembered.set(path, silence);
  const now = monotonicMs();
  return silence.add(signature, { startedMs: now, endedMs: now }, beatMs);
}
