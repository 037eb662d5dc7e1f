import type { ForeignRecord } from './format.js';
import { isNamedLikeLock, LOCK_WORD } from './lock-word.js';
import { FIREFOX_LOCK } from './sibling-locks.js';
import { KNOWN_FORMATS } from './table.js';

export { isNamedLikeLock } from './lock-word.js';

/** Endings after which a word for a lock is still the kind of the file: server.pid.txt, dev-lock.json. */
const ENDED_BY_LOCK = new RegExp(String.raw`${LOCK_WORD}(?:\.(?:txt|json|info|\d{1,10}))?$`, 'iu');

/**
 * Names that a search of a directory tree reads: those of the formats that have names of their own, and those that end in
 * a word for a lock, such as `LCK..ttyS0`, `.X0-lock` and `server.pid.txt`, but not `lock.js` or `pid.d.ts`.
 */
export function isLockName(name: string): boolean {
  return ENDED_BY_LOCK.test(name) || name.startsWith('LCK..') || OWN_NAMES.some((names) => names(name));
}

const OWN_NAMES = [
  ...KNOWN_FORMATS.filter(
    ({ names, deletion }) => deletion !== 'named like a lock' && names !== isNamedLikeLock,
  ).map(({ names }) => names),
  (name: string) => name === FIREFOX_LOCK,
];

/**
 * True when a file or lock directory of this name and content may be deleted as a lock. A number, or some
 * JSON with a `pid`, can be anybody's data, so its name must say that it is a lock or a PID file.
 */
export function isDeletableAs(name: string, { format }: Pick<ForeignRecord, 'format'>): boolean {
  const deletion = KNOWN_FORMATS.find((known) => known.name === format)?.deletion ?? 'named like a lock';
  return deletion === 'named like a lock' ? isNamedLikeLock(name) : deletion === 'by its name';
}

/** The formats that any file may have, whatever it is called: a number, or JSON with a pid. */
const ANYBODYS: ReadonlySet<string> = new Set(
  KNOWN_FORMATS.filter(({ deletion, names }) => deletion === 'named like a lock' && names('')).map(
    ({ name }) => name,
  ),
);

/**
 * True for what may be data and no lock: a number or some JSON with a `pid`, under a name that is not a lock's. A record
 * that holds an identity of this package is no such thing, because nothing but an owner writes one.
 */
export function couldBeData(
  name: string,
  { format, record }: Pick<ForeignRecord, 'format' | 'record'>,
): boolean {
  return ANYBODYS.has(format) && record.identity === null && !isLockName(name) && !isNamedLikeLock(name);
}
