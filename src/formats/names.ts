import { SINGLETON_LOCK } from './chromium-singleton.js';
import { EMACS_PREFIX } from './emacs.js';
import type { ForeignRecord } from './format.js';

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
 * True when a file of this name and content may be deleted as a lock. A number, or some JSON with a `pid`,
 * can be anybody's data. Unless it records a process's start or boot as well, its name must say that it is a
 * lock or a PID file.
 */
export function isDeletableAs(
  name: string,
  { format, record }: Pick<ForeignRecord, 'format' | 'record'>,
): boolean {
  const isAmbiguous = format === 'bare-pid' || format === 'json-pid-file';
  const isCorroborated = record.starttime !== null || (record.machine?.bootId ?? null) !== null;
  return !isAmbiguous || isCorroborated || /lock|pid/i.test(name);
}
