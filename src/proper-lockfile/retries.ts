// The pauses between tries, as the package `retry` defines them, which proper-lockfile uses.
import { invalidArgument } from '../errors.js';

/** The options of the package `retry`. Times are milliseconds. */
export interface RetryOptions {
  /** Default 10. */
  readonly retries?: number | undefined;
  /** Default 2. */
  readonly factor?: number | undefined;
  /** Default 1000. */
  readonly minTimeout?: number | undefined;
  /** Default Infinity. */
  readonly maxTimeout?: number | undefined;
  /** Multiplies each pause by a random number from 1 to 2. Default false. */
  readonly randomize?: boolean | undefined;
  /** Tries without end, after the listed pauses with the last of them. Default false. */
  readonly forever?: boolean | undefined;
  /** The longest time in all. Default Infinity. */
  readonly maxRetryTime?: number | undefined;
  /** Accepted for the sake of its type: a waiter keeps the process alive. */
  readonly unref?: boolean | undefined;
}

/** A number of retries, their options, or the pauses themselves. */
export type Retries = number | RetryOptions | readonly number[];

/** The pauses in turn. */
export function* pausesOf(retries: Retries): Generator<number, void> {
  const options: RetryOptions = typeof retries === 'number' ? { retries } : isList(retries) ? {} : retries;
  const pauses = isList(retries) ? [...retries] : listOf(options);
  let last = 0;
  for (const pause of pauses) {
    yield pause;
    last = pause;
  }
  while (options.forever) yield last;
}

/** How long it waits in all. */
export function patienceOf(retries: Retries): number {
  if (isList(retries)) return sum(retries);
  const options: RetryOptions = typeof retries === 'number' ? { retries } : retries;
  const limit = options.maxRetryTime ?? Number.POSITIVE_INFINITY;
  return options.forever ? limit : Math.min(sum(listOf(options)), limit);
}

/** True for what the synchronous functions refuse. */
export function asksForRetries(retries: Retries | undefined): boolean {
  if (!retries) return false;
  if (typeof retries === 'number') return retries > 0;
  return isList(retries) ? retries.length > 0 : (retries.retries ?? 0) > 0 || retries.forever === true;
}

function listOf(options: RetryOptions): number[] {
  const { retries = 10, factor = 2, minTimeout = 1_000, maxTimeout = Number.POSITIVE_INFINITY } = options;
  if (minTimeout > maxTimeout) throw invalidArgument('minTimeout is greater than maxTimeout');
  const count = options.forever && retries === 0 ? 1 : Math.min(retries, MOST);
  const pauses = Array.from({ length: Math.max(count, 0) }, (_, attempt) => {
    const stretch = options.randomize ? 1 + Math.random() : 1;
    return Math.min(Math.round(stretch * Math.max(minTimeout, 1) * factor ** attempt), maxTimeout);
  });
  return pauses.sort((a, b) => a - b);
}

/** Pauses that are listed. More than that many would take years with any growing factor. */
const MOST = 1_000_000;

function sum(pauses: readonly number[]): number {
  return pauses.reduce((all, pause) => all + pause, 0);
}

function isList(retries: Retries): retries is readonly number[] {
  return Array.isArray(retries);
}
