/**
 * Milliseconds on a clock that is never set (CLOCK_MONOTONIC), from a start of its own. performance.now() has the same
 * clock, but its first call takes a millisecond, because Node then loads its module perf_hooks.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
