import { uptime } from 'node:os';

/**
 * Elements of a {@link BootTime}: microseconds since boot, and on the monotonic clock, which stands still in
 * suspend.
 */
const UP = 0;
const AWAKE = 1;

/**
 * A moment on the clock that runs on while the machine is suspended (CLOCK_BOOTTIME of clock_gettime(2)), in memory
 * that threads share. Plain Node has that clock only as os.uptime(), which Linux reports in units of 10 ms.
 */
export type BootTime = BigInt64Array;

export function newBootTime(): BootTime {
  const time = new BigInt64Array(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));
  time[UP] = upUs();
  time[AWAKE] = awakeUs();
  return time;
}

/**
 * Milliseconds since that moment: the longer of what the two clocks say, because macOS reports its uptime by the wall
 * clock, which may be set back.
 */
export function elapsedSince(time: BootTime): number {
  const up = Number(upUs() - Atomics.load(time, UP));
  const awake = Number(awakeUs() - Atomics.load(time, AWAKE));
  return Math.max(up, awake) / 1_000;
}

function upUs(): bigint {
  try {
    return BigInt(Math.round(uptime() * 1e6));
  } catch {
    // A sandbox hides it.
    return 0n;
  }
}

function awakeUs(): bigint {
  return process.hrtime.bigint() / 1_000n;
}

/** The same two clocks for a thread whose program is text: a function `stamp` that sets a time to now. */
export const STAMP = `
function stamp(time) {
  let up = 0;
  try {
    up = require('node:os').uptime();
  } catch {}
  Atomics.store(time, ${UP}, BigInt(Math.round(up * 1e6)));
  Atomics.store(time, ${AWAKE}, process.hrtime.bigint() / 1000n);
}
`;
