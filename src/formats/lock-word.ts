/**
 * What follows each word for a lock in a name. The word begins by itself: not in `rapid`, `clock` or `spider`.
 *
 * The patterns stand in the functions, because they take a millisecond to prepare, which is a tenth of what a process
 * needs that takes one lock, and such a process never asks.
 */
export function afterLockWords(name: string): string[] {
  const words = name.matchAll(/(?<![\p{L}\p{N}])(?:lock|lck|pid)(?:file)?/giu);
  return [...words].map(({ 0: word, index }) => name.slice(index + word.length));
}

/**
 * True when `lock`, `lck` or `pid` is a word of the name of a file or directory. It stands alone: in `app.lock`,
 * `LCK..ttyS0` and `pidfile`, and not in `block-7` or `locks`.
 */
export function isNamedLikeLock(name: string): boolean {
  return afterLockWords(name).some((rest) => !/^[\p{L}\p{N}]/u.test(rest));
}
