/**
 * The words stand alone: in `app.lock`, `LCK..ttyS0` and `pidfile`, and not in `rapid`, `clock`, `spider` or
 * `block-7`.
 */
const LOCK_WORD = /(?<![\p{L}\p{N}])(?:lock|lck|pid)(?:file)?(?![\p{L}\p{N}])/iu;

/** True when `lock`, `lck` or `pid` is a word of the name of a file or directory. */
export function isNamedLikeLock(name: string): boolean {
  return LOCK_WORD.test(name);
}
