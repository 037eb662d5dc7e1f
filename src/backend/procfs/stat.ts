import type { ProcessStat } from '../backend.js';

// proc_pid_stat(5) counts fields from 1. Field 3 is the first one after the command's closing parenthesis.
const FIRST_FIELD = 3;
const STATE = 3 - FIRST_FIELD;
const PARENT = 4 - FIRST_FIELD;
const GROUP = 5 - FIRST_FIELD;
const SESSION = 6 - FIRST_FIELD;
const FLAGS = 9 - FIRST_FIELD;
const NUM_THREADS = 20 - FIRST_FIELD;
const START_TIME = 22 - FIRST_FIELD;

/**
 * The largest start time that is a true one: half the range, 292 years of uptime. A process that is older
 * than the reader's time namespace has a negative start there. The kernel computes in unsigned nanoseconds
 * and divides the wrapped value by 10 ms (nsec_to_clock_t), so such starts read as about 1.8e12 ticks, which
 * a double holds exactly.
 */
const LARGEST_TICKS = 2 ** 63 / 1e7;

/**
 * Parses /proc/<pid>/stat. The second field is the command in parentheses, and a process may name itself `) Z
 * 1 \n(`. Only the last parenthesis of the whole text ends the field, because numbers alone follow it. null:
 * this is not the text of such a file.
 */
export function parseStat(content: Buffer): ProcessStat | null {
  const fields = statFields(content);
  if (fields === null) return null;
  const state = fields[STATE] ?? '';
  const threads = fields[NUM_THREADS] ?? '';
  const start = fields[START_TIME] ?? '';
  if (!/^\S$/.test(state) || !/^\d+$/.test(threads) || !/^\d+$/.test(start)) return null;

  const ticks = Number(start);
  return { state, threads: Number(threads), startTicks: ticks <= LARGEST_TICKS ? ticks : null };
}

/** How a process is related to others, and the kernel's flags of it (PF_* of linux/sched.h). */
export interface ProcessRelations {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly flags: number;
}

/** Parses the fields of /proc/<pid>/stat that {@link parseStat} leaves out. null: this is not the text of such a file. */
export function parseRelations(content: Buffer): ProcessRelations | null {
  const fields = statFields(content);
  if (fields === null) return null;
  const [parent, group, session, flags] = [PARENT, GROUP, SESSION, FLAGS].map((at) => Number(fields[at]));
  const relations = { parent, group, session, flags } as ProcessRelations;
  return Object.values(relations).every(Number.isInteger) ? relations : null;
}

/** The fields from the third one on. */
function statFields(content: Buffer): string[] | null {
  // Latin-1, because the command is bytes and not UTF-8: PR_SET_NAME (prctl(2)) cuts at 15 bytes, also inside a letter.
  const text = content.toString('latin1');
  const end = text.lastIndexOf(') ');
  if (end < 0) return null;

  const fields = text.slice(end + 2).split(' ');
  // More fields follow the start time. If it is the last one, the text was cut off, perhaps within the number.
  return fields.length <= START_TIME + 1 ? null : fields;
}
