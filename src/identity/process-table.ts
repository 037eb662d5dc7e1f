import { readdirSync } from 'node:fs';
import type { ProcessStat } from '../backend/backend.js';
import { readProcFile } from '../backend/procfs/proc-file.js';
import { type ProcessRelations, parseRelations, parseStat } from '../backend/procfs/stat.js';
import { isShortage } from '../backend/system-error.js';

/** A process as the mounted /proc shows it. */
export interface ListedProcess extends ProcessRelations, ProcessStat {
  readonly pid: number;
}

/** A thread of the kernel (linux/sched.h). */
const PF_KTHREAD = 0x0020_0000;
/** Most steps from a process to its ancestors. A chain that is longer was read while processes came and went. */
const MAX_DEPTH = 64;

/** null when the process is gone or hidden. @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out. */
export function readProcess(pid: number): ListedProcess | null {
  try {
    const { content } = readProcFile(`/proc/${pid}/stat`);
    const stat = parseStat(content);
    const relations = parseRelations(content);
    return stat === null || relations === null ? null : { pid, ...stat, ...relations };
  } catch (error) {
    if (isShortage(error)) throw error;
    return null;
  }
}

/** Empty where /proc may not be listed. @throws as {@link readProcess} does. */
export function listProcesses(): ListedProcess[] {
  const found: ListedProcess[] = [];
  for (const pid of listPids() ?? []) {
    const process = readProcess(pid);
    if (process !== null) found.push(process);
  }
  return found;
}

/**
 * The numbers of the processes in /proc. null where Node's permission model, or the kernel, keeps this process from listing
 * it. @throws as {@link readProcess} does.
 */
export function listPids(): number[] | null {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch (error) {
    if (isShortage(error)) throw error;
    return null;
  }
}

export function isKernelThread({ flags }: ProcessRelations): boolean {
  return (flags & PF_KTHREAD) !== 0;
}

/** True for the process `ancestor` and for every process that it has started, directly or through others. */
export function isStartedBy(ancestor: number, process: ListedProcess): boolean {
  let found: ListedProcess | null = process;
  for (let depth = 0; depth < MAX_DEPTH && found !== null; depth += 1) {
    if (found.pid === ancestor) return true;
    if (found.parent <= 1) return found.parent === ancestor;
    found = readProcess(found.parent);
  }
  return false;
}
