/**
 * Keeps nonsense away from the kernel: `/proc/NaN` would read as a process that is gone, kill(0) means a group.
 * @throws RangeError (ERR_OUT_OF_RANGE)
 */
export function requirePid(pid: number): number {
  if (Number.isInteger(pid) && pid >= 1 && pid < 2 ** 31) return pid;
  const error = new RangeError(`a PID is an integer from 1 to 2147483647, not ${String(pid)}`);
  throw Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
}
