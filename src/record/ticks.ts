/**
 * The largest number that counts as start ticks: 31 years of uptime. A larger number is a time, because on
 * systems without start ticks some programs write ms since the epoch in their place. No verdict on a record
 * of this package rests on the bound, because the identity in it has start ticks of its own.
 */
const MAX_TICKS = 1e11;

/**
 * Start ticks as a record gives them (field 22 of proc_pid_stat(5)). null when the value is no such number. Zero is none,
 * because programs and columns have it where the ticks are not known, and a living owner must not seem to differ from it.
 */
export function toTicks(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_TICKS
    ? value
    : null;
}
