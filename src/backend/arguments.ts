import { invalidArgument, kindOf, outOfRange } from '../errors.js';

/**
 * Keeps impossible PIDs away from the kernel: `/proc/NaN` would read as a process that is gone, and kill(0) means a
 * process group.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for what is no number; {RangeError} ERR_OUT_OF_RANGE
 */
export function requirePid(pid: number): number {
  if (Number.isInteger(pid) && pid >= 1 && pid < 2 ** 31) return pid;
  if (typeof pid !== 'number') {
    const what = typeof pid === 'string' ? `the string ${JSON.stringify(pid)}` : kindOf(pid);
    throw invalidArgument(`a PID is an integer from 1 to 2147483647, not ${what}`);
  }
  throw outOfRange(`a PID is an integer from 1 to 2147483647, not ${String(pid)}`);
}

/**
 * Requires one component of a path, because `a/b` or an empty name would lead to another directory.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE
 */
export function requireEntryName(name: string): string {
  if (name !== '' && !name.includes('/') && !name.includes('\0')) return name;
  throw invalidArgument(`not the name of a directory entry: ${JSON.stringify(name)}`);
}
