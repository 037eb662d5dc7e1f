/**
 * Base class of every error that this package itself raises. System errors keep Node's shape and their errno
 * code.
 */
export abstract class KernelIdentityError extends Error {
  /** `ERR_...`, for programs to compare. */
  abstract readonly code: string;
}

/** What marks an error of this package, whichever of its copies in a process made it. */
const MARK = Symbol.for('kernel-identity.error');
Object.defineProperty(KernelIdentityError.prototype, MARK, { value: true });
Object.defineProperty(KernelIdentityError, Symbol.hasInstance, { value: isOf });

/**
 * What `instanceof` asks of these classes and of those derived from them. An error of another copy of this package counts
 * too, by its code: `kernel-identity/etcd` and a bundle are such copies, which have classes of their own, because a file
 * that all shared would slow down every start. A class of a program has no static code, and is met by its own objects only.
 */
function isOf(this: { readonly code?: unknown }, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  const error = Object(value) as { readonly [MARK]?: unknown; readonly code?: unknown };
  if (error[MARK] !== true) return false;
  return Object.hasOwn(this, 'code') ? this.code === error.code : Object.is(this, KernelIdentityError);
}

/** ERR_BACKEND_UNAVAILABLE: the forced backend cannot work here, or no backend can. */
export class BackendUnavailableError extends KernelIdentityError {
  static readonly code = 'ERR_BACKEND_UNAVAILABLE';
  override readonly name = 'BackendUnavailableError';
  readonly code = BackendUnavailableError.code;
}

/** ERR_LIFELINE_UNAVAILABLE: lifelines can be neither taken nor seen here. */
export class LifelineUnavailableError extends KernelIdentityError {
  static readonly code = 'ERR_LIFELINE_UNAVAILABLE';
  override readonly name = 'LifelineUnavailableError';
  readonly code = LifelineUnavailableError.code;

  constructor(reason: string) {
    super(`lifelines cannot be listed here: ${reason}`);
  }
}

/**
 * ERR_PACKAGE_REPLACED: what this call needs stands in a file of this package that was not loaded yet, and that belongs to
 * another version by now, or is gone. Nothing was done. A process that is started anew works.
 */
export class PackageReplacedError extends KernelIdentityError {
  static readonly code = 'ERR_PACKAGE_REPLACED';
  override readonly name = 'PackageReplacedError';
  readonly code = PackageReplacedError.code;

  constructor(what: string, options?: ErrorOptions) {
    super(
      `a file of kernel-identity that is needed now ${what}: the package was replaced or removed while this process runs. Start the process anew`,
      options,
    );
  }
}

/** ERR_INVALID_IDENTITY: a text is not a formatted ProcessIdentity. */
export class InvalidIdentityError extends KernelIdentityError {
  static readonly code = 'ERR_INVALID_IDENTITY';
  override readonly name = 'InvalidIdentityError';
  readonly code = InvalidIdentityError.code;

  constructor(problem: string, options?: ErrorOptions) {
    super(`not a process identity: ${problem}`, options);
  }
}

/** What holds for acquiring and for reclaiming alike. It may be in use, so nobody is told to move it away. */
const UNTOUCHED = 'It was left as it is.';

/** ERR_NOT_A_LOCK: the path, or the owner.json in it, is not that of a lock. Nothing was touched. */
export class NotALockError extends KernelIdentityError {
  static readonly code = 'ERR_NOT_A_LOCK';
  override readonly name = 'NotALockError';
  readonly code = NotALockError.code;
  /** Absolute path of the lock. */
  readonly path: string;

  /** @param advice a sentence that says what a person can do. */
  constructor(path: string, found: string, advice = UNTOUCHED) {
    super(`not a lock: '${path}' is ${found}. ${advice}`);
    this.path = path;
  }
}

/**
 * ERR_LOCK_NOT_EMPTY: the lock directory holds files that are not the lock's own. Such files are never
 * deleted.
 */
export class LockNotEmptyError extends KernelIdentityError {
  static readonly code = 'ERR_LOCK_NOT_EMPTY';
  override readonly name = 'LockNotEmptyError';
  readonly code = LockNotEmptyError.code;
  /** Absolute path of the lock. */
  readonly path: string;
  /** Names of the first few files in the way. */
  readonly entries: readonly string[];

  constructor(path: string, entries: readonly string[]) {
    super(
      `the lock directory '${path}' holds files that are not the lock's own: ${quoteNames(entries)}. They were left as they are, because a program that locks by them may be at work.`,
    );
    this.path = path;
    this.entries = entries;
  }
}

/**
 * ERR_LOCK_LOST: the owner no longer has its lock. Another program reclaimed, deleted, moved or overwrote it,
 * or the owner could not renew its lease.
 */
export class LockLostError extends KernelIdentityError {
  static readonly code = 'ERR_LOCK_LOST';
  override readonly name = 'LockLostError';
  readonly code = LockLostError.code;
  /** Absolute path of the lock. */
  readonly path: string;

  constructor(path: string, how: string) {
    super(`the lock '${path}' was lost: ${how}. A new owner may have worked at the same time.`);
    this.path = path;
  }
}

/**
 * ERR_ENGINE_UNAVAILABLE: the server that keeps the locks did not answer in time, or answered what is no answer. Whether
 * the last request was carried out is not known.
 */
export class EngineUnavailableError extends KernelIdentityError {
  static readonly code = 'ERR_ENGINE_UNAVAILABLE';
  override readonly name = 'EngineUnavailableError';
  readonly code = EngineUnavailableError.code;
}

/** ERR_ENGINE_DENIED: the server that keeps the locks refuses this client, by its certificate, password or role. */
export class EngineDeniedError extends KernelIdentityError {
  static readonly code = 'ERR_ENGINE_DENIED';
  override readonly name = 'EngineDeniedError';
  readonly code = EngineDeniedError.code;
}

/**
 * ERR_ENGINE_RESTORED: the server that keeps the locks is another one than before, or went back in time, as after the
 * restore of a backup. Fencing tokens may have gone back too, so that nothing is acquired through this connection any more.
 */
export class EngineRestoredError extends KernelIdentityError {
  static readonly code = 'ERR_ENGINE_RESTORED';
  override readonly name = 'EngineRestoredError';
  readonly code = EngineRestoredError.code;
}

/** Quotes file names for a message, because they may hold any character. */
export function quoteNames(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** Makes the TypeError (ERR_INVALID_ARG_TYPE) that Node throws for an argument of the wrong type. */
export function invalidArgument(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/** Makes the TypeError (ERR_INVALID_RETURN_VALUE) that Node throws for a callback that returns the wrong thing. */
export function invalidReturn(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_RETURN_VALUE');
}

/** Makes the TypeError (ERR_INVALID_ARG_VALUE) for an option or a name that there is not. */
export function unknownKey(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** Makes the TypeError (ERR_INVALID_ARG_TYPE) for an option of a wrong type. */
export function invalidType(name: string, wanted: string, got: unknown): TypeError {
  return invalidArgument(`option '${name}' must be ${wanted}, not ${kindOf(got)}`);
}

/** Makes the RangeError (ERR_OUT_OF_RANGE) for an option of the right type and an impossible value. */
export function invalidValue(name: string, wanted: string, got: unknown): RangeError {
  return outOfRange(`option '${name}' must be ${wanted}, not ${String(got)}`);
}

/**
 * Makes the RangeError (ERR_OUT_OF_RANGE) that Node throws for an argument of the right type and an
 * impossible value.
 */
export function outOfRange(message: string): RangeError {
  return withCode(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** Adds `code` to an error. Programs compare codes, because messages may change. */
export function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code });
}

/** The kind of a value, in words for a message. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (ArrayBuffer.isView(value)) return 'bytes';
  return Array.isArray(value) ? 'an array' : typeof value;
}

/** What was given in place of a known name, in words for a message. */
export function shownName(given: unknown): string {
  return typeof given === 'string' ? JSON.stringify(given) : kindOf(given);
}
