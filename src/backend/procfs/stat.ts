import type { ProcessStat } from '../backend.js';

// proc_pid_stat(5) counts fields from 1; what follows the command's closing parenthesis begins with field 3.
const FIRST_FIELD = 3;
const STATE = 3 - FIRST_FIELD;
const NUM_THREADS = 20 - FIRST_FIELD;
const START_TIME = 22 - FIRST_FIELD;

/**
 * A reader whose time namespace began after the process did would have to be shown a negative start. The kernel
 * reckons in unsigned nanoseconds and divides what wrapped around by 10 ms (nsec_to_clock_t), so such starts appear as
 * about 1.8e12 ticks, no larger than a double can hold. Half the range, 292 years of uptime, tells them from others.
 */
const LARGEST_TICKS = 2 ** 63 / 1e7;

/**
 * Reads /proc/<pid>/stat. The second field is the command in parentheses, and a process may name itself
 * `) Z 1 \n(`: only the last parenthesis of the whole text ends it, for all that follows is numbers.
 * null: this is not the text of such a file.
 */
export function parseStat(content: Buffer): ProcessStat | null {
  // Latin-1 because the command is bytes, not UTF-8 (prctl(2), PR_SET_NAME cuts at 15 bytes, also inside a letter).
  const text = content.toString('latin1');
  const end = text.lastIndexOf(') ');
  if (end < 0) return null;

  const fields = text.slice(end + 2).split(' ');
  // More fields follow the start time. Were it the last, the text was cut, perhaps within the number.
  if (fields.length <= START_TIME + 1) return null;
  const state = fields[STATE] ?? '';
  const threads = fields[NUM_THREADS] ?? '';
  const start = fields[START_TIME] ?? '';
  if (!/^\S$/.test(state) || !/^\d+$/.test(threads) || !/^\d+$/.test(start)) return null;

  const ticks = Number(start);
  return { state, threads: Number(threads), startTicks: ticks <= LARGEST_TICKS ? ticks : null };
}
