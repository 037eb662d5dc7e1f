import { type MockInstance, vi } from 'vitest';

/** From now on the monotonic clock of this package shows what `ms` answers. `vi.restoreAllMocks` ends that. */
export function setMonotonicClock(ms: () => number): MockInstance {
  return vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => BigInt(Math.round(ms() * 1e6)));
}
