import { invalidType, outOfRange } from '../errors.js';

/** Bytes. A file engine adds a suffix, and the lock it makes adds 34 bytes. */
const MAX_NAME = 200;

/**
 * Checks the name of a lock. It is one component of a path and of a key, because a slash would make the line of one lock
 * a part of another's.
 * @throws TypeError (ERR_INVALID_ARG_TYPE) or RangeError (ERR_OUT_OF_RANGE).
 */
export function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidType('name', 'the name of a lock', name);
  const isPlain = name !== '' && name !== '.' && name !== '..' && !/[/\\\p{Cc}\p{Cs}]/u.test(name);
  if (isPlain && Buffer.byteLength(name) <= MAX_NAME) return;
  throw outOfRange(
    `the name of a lock has 1 to ${MAX_NAME} bytes without a slash, a backslash and control characters, not ${JSON.stringify(name).slice(0, 80)}`,
  );
}
