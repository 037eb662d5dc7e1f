import { statSync } from 'node:fs';
import type { LifelineOperations, WitnessTest } from '../backend.js';
import { NO_LIFELINE } from '../no-lifeline.js';
import { isSystemError } from '../system-error.js';
import { readLockTable, splitDevice } from './locks.js';

/** Inodes of the initial namespaces whose files carry lifelines (include/linux/proc_ns.h). */
export const LIFELINE_INODES: ReadonlyMap<string, string> = new Map([
  ['time', '4026531834'],
  ['user', '4026531837'],
]);

/**
 * Plain Node can only read /proc/locks, which shows no more than a page of locks at once. A lifeline that is listed there
 * is held. One that is not listed may have been cut off, so it is untestable.
 */
export const PROCFS_LIFELINE: LifelineOperations = Object.freeze({ ...NO_LIFELINE, test });

function test(lifeline: string): WitnessTest {
  const [, space = '', offset = ''] = /^(\w+):(\d{1,19})$/.exec(lifeline) ?? [];
  const inode = LIFELINE_INODES.get(space);
  if (inode === undefined) return 'untestable';
  try {
    // Every namespace file lies on the one filesystem nsfs.
    const { major, minor } = splitDevice(statSync('/proc/self/ns/pid', { bigint: true }).dev);
    const file = `${hex(major)}:${hex(minor)}:${inode}`;
    return listsByte(readLockTable().text, file, offset) ? 'held' : 'untestable';
  } catch (error) {
    // There is no /proc/locks: subset=pid, CONFIG_FILE_LOCKING off, gVisor.
    if (isSystemError(error)) return 'untestable';
    throw error;
  }
}

/** Formats a device number as /proc/locks prints it: hexadecimal, with at least two digits. */
function hex(number: bigint): string {
  return number.toString(16).padStart(2, '0');
}

/** True when the text of /proc/locks lists an open-file-description read lock on exactly this byte of the file. */
function listsByte(text: string, file: string, offset: string): boolean {
  // 3: OFDLCK ADVISORY  READ -1 00:04:4026531834 1234 1234
  const line = `^\\s*\\d+:\\s+OFDLCK\\s+\\S+\\s+READ\\s+-1\\s+${file}\\s+${offset}\\s+${offset}$`;
  return new RegExp(line, 'm').test(text);
}
