import { UsageError } from './arguments.js';

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;

/** Length of each unit in ms. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Reads `300ms`, `10s`, `5m`, `2h`, or a bare number of seconds.
 * @returns ms; Infinity for more ms than a double counts exactly (285 thousand years).
 * @throws UsageError for anything else.
 */
export function parseDuration(text: string): number {
  const ms = durationOrNull(text);
  if (ms !== null) return ms;
  throw new UsageError(`'${text}' is not a duration such as 300ms, 10s, 5m or 30 (seconds)`);
}

/** The same; null for anything else. */
export function durationOrNull(text: string): number | null {
  const [, digits, unit = 's'] = DURATION.exec(text) ?? [];
  if (digits === undefined) return null;
  const ms = Number(digits) * (UNITS[unit] as number);
  return ms <= Number.MAX_SAFE_INTEGER ? ms : Number.POSITIVE_INFINITY;
}
