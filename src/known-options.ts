import { invalidArgument, kindOf, unknownKey } from './errors.js';
import { meantOrAll } from './text/nearest.js';

/**
 * The names of the options that a function takes, beside their type. A list that is written `satisfies OptionNames<T>`
 * does not compile while the name of an option is missing.
 */
export type OptionNames<T extends object> = Readonly<Record<keyof T, true>>;

/** What to do in place of an option that a user of another library, or of another function, may give. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  timeout:
    'only a function that waits for a lock takes it: acquireLock, acquireLockSync, withLock, withLockSync',
  retries: ofProperLockfile("give 'timeout', the milliseconds to wait"),
  stale: ofProperLockfile('leave it out, because no lock is given up for its age here'),
  update: ofProperLockfile('leave it out, because no lock has to be renewed by its program here'),
  realpath: ofProperLockfile('resolve the path before, because it is that of the lock itself'),
  lockfilePath: ofProperLockfile('give it as the path, which is that of the lock itself'),
  onCompromised: ofProperLockfile("listen to 'signal' of the lock that you get"),
  fs: ofProperLockfile('leave it out, because the kernel is asked'),
};

function ofProperLockfile(advice: string): string {
  return `it is one of proper-lockfile, so ${advice} (docs/from-proper-lockfile.md)`;
}

/**
 * Refuses what is no object of known options, because a misspelt option that went unnoticed would leave its default in
 * force: to wait for ever, or to judge by a bare pid. Own enumerable keys whose value is not undefined count.
 * @throws TypeError: ERR_INVALID_ARG_TYPE unless it is an object, ERR_INVALID_ARG_VALUE for an unknown key.
 */
export function requireOptions(options: unknown, known: Readonly<Record<string, true>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw noObject(options, known);
  // This loop makes no list of the keys, and almost never finds one that is not known.
  for (const name in options) if (known[name] !== true) refuseIfGiven(options, name, known);
}

function noObject(options: unknown, known: Readonly<Record<string, true>>): TypeError {
  const isTimeout = typeof options === 'number' && known.timeout === true;
  const hint = isTimeout ? `; did you mean { timeout: ${options} }?` : '';
  return invalidArgument(`options must be an object, not ${kindOf(options)}${hint}`);
}

function refuseIfGiven(options: object, name: string, known: Readonly<Record<string, true>>): void {
  if (!Object.hasOwn(options, name) || Reflect.get(options, name) === undefined) return;
  throw unknownKey(`unknown option ${JSON.stringify(name)}${adviceOn(name, known)}`);
}

function adviceOn(name: string, known: Readonly<Record<string, true>>): string {
  if (Object.hasOwn(ELSEWHERE, name)) return `: ${ELSEWHERE[name]}`;
  return `; ${meantOrAll(name, Object.keys(known), 'options')}`;
}
