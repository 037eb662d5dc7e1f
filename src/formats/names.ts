import { SINGLETON_LOCK } from './chromium-singleton.js';
import { EMACS_PREFIX } from './emacs.js';
import type { ForeignRecord, LockFormat } from './format.js';

/** Names of lock files of the formats here, or their endings. */
const KNOWN = /\.(lock|pid)$|^\.X\d+-lock$|^(pid|lock)$/;

/** True when a search of a directory tree should read a file or link of this name. */
export function isLockName(name: string): boolean {
  return KNOWN.test(name) || name === SINGLETON_LOCK || isEmacsName(name);
}

export function isEmacsName(name: string): boolean {
  return name.startsWith(EMACS_PREFIX) && name.length > EMACS_PREFIX.length;
}

/**
 * The words stand alone: in `app.lock`, `LCK..ttyS0` and `pidfile`, and not in `rapid`, `clock`, `spider` or
 * `block-7`.
 */
const LOCK_WORD = /(?<![\p{L}\p{N}])(?:lock|lck|pid)(?:file)?(?![\p{L}\p{N}])/iu;

/** True when `lock`, `lck` or `pid` is a word of the name of a file or directory. */
export function isNamedLikeLock(name: string): boolean {
  return LOCK_WORD.test(name);
}

/**
 * True when a file or lock directory of this name and content may be deleted as a lock. A number, or some
 * JSON with a `pid`, can be anybody's data. Unless it records a process's start or boot as well, its name
 * must say that it is a lock or a PID file.
 */
export function isDeletableAs(
  name: string,
  { format, record }: Pick<ForeignRecord, 'format' | 'record'>,
): boolean {
  const isCorroborated = record.starttime !== null || (record.machine?.bootId ?? null) !== null;
  return !AMBIGUOUS.has(format) || isCorroborated || isNamedLikeLock(name);
}

/** The formats that are recognised by nothing but a pid. */
const AMBIGUOUS: ReadonlySet<LockFormat> = new Set(['bare-pid', 'json-pid-file', 'openclaw-directory']);
