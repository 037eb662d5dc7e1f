/** The source of a pattern: such a word from where it begins. */
export const LOCK_WORD = String.raw`(?<![\p{L}\p{N}])(?:lock|lck|pid)(?:file)?`;

/**
 * The words stand alone: in `app.lock`, `LCK..ttyS0` and `pidfile`, and not in `rapid`, `clock`, `spider` or
 * `block-7`.
 */
const LOCK_WORD_ALONE = new RegExp(String.raw`${LOCK_WORD}(?![\p{L}\p{N}])`, 'iu');

/** True when `lock`, `lck` or `pid` is a word of the name of a file or directory. */
export function isNamedLikeLock(name: string): boolean {
  return LOCK_WORD_ALONE.test(name);
}
