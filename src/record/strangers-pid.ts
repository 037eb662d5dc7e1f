import { toWallTime } from './wall-time.js';

/** No Linux kernel gives a larger number to a process (PID_MAX_LIMIT, proc_sys_kernel(5)). */
export const MAX_PID = 4_194_304;

/**
 * The pid that a program wrote down, as a number or as its decimal text. Otherwise a text says what the value is instead:
 * scripts lock by the time, the number of a port, or a counter, and none of these has a process that could be dead.
 */
export function readPid(value: unknown): number | string {
  // A number that begins with a zero may be octal or hexadecimal.
  const isDecimal = typeof value === 'string' && /^(0|[1-9]\d{0,19})$/.test(value);
  const number = isDecimal ? Number(value) : value;
  if (isPidOfNobody(number)) return `pid ${number} names nobody`;
  const isNumber = typeof number === 'number' && Number.isInteger(number) && number > 0;
  if (!isNumber) return `pid ${shorten(value)} is not a process number`;
  if (number <= MAX_PID) return number;
  return toWallTime(number) === null
    ? `pid ${shorten(value)} is not a process number: there is none above ${MAX_PID}`
    : `pid ${shorten(value)} is not a process number, but seems to be a time`;
}

/**
 * True for the numbers that programs write for "nobody". Any other negative number may be that of a process group, whose
 * processes live.
 */
export function isPidOfNobody(pid: unknown): pid is number {
  return pid === 0 || pid === -1;
}

/**
 * Names a wrong value in an error text, shortly. An object is named by its kind alone, because it may be
 * circular, or too deep.
 */
export function shorten(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[...]' : '{...}';
  return String(value).slice(0, 40);
}
