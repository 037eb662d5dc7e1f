/** Base of every error that this package itself raises; system errors keep Node's shape and their errno code. */
export abstract class KernelIdentityError extends Error {
  abstract readonly code: string;
}

/** ERR_BACKEND_UNAVAILABLE: the forced backend, or any backend at all, cannot work here. */
export class BackendUnavailableError extends KernelIdentityError {
  override readonly name = 'BackendUnavailableError';
  readonly code = 'ERR_BACKEND_UNAVAILABLE';
}

/** ERR_INVALID_IDENTITY: text that is no formatted ProcessIdentity. */
export class InvalidIdentityError extends KernelIdentityError {
  override readonly name = 'InvalidIdentityError';
  readonly code = 'ERR_INVALID_IDENTITY';

  constructor(problem: string, options?: ErrorOptions) {
    super(`not a process identity: ${problem}`, options);
  }
}

/** ERR_NOT_A_LOCK: the path, or the owner.json in it, is something else. Nothing was touched. */
export class NotALockError extends KernelIdentityError {
  override readonly name = 'NotALockError';
  readonly code = 'ERR_NOT_A_LOCK';
  readonly path: string;

  constructor(path: string, found: string) {
    super(`not a lock: '${path}' is ${found}. Choose another lock path, or move it away.`);
    this.path = path;
  }
}

/** ERR_LOCK_NOT_EMPTY: the lock directory holds files that are not the lock's own, which are never deleted. */
export class LockNotEmptyError extends KernelIdentityError {
  override readonly name = 'LockNotEmptyError';
  readonly code = 'ERR_LOCK_NOT_EMPTY';
  readonly path: string;
  /** Names of the files in the way; the first few. */
  readonly entries: readonly string[];

  constructor(path: string, entries: readonly string[]) {
    super(
      `the lock directory '${path}' holds files of somebody else: ${quoteNames(entries)}. Move them away to free the lock.`,
    );
    this.path = path;
    this.entries = entries;
  }
}

/** ERR_LOCK_LOST: the lock was taken away from its owner: reclaimed, deleted, or overwritten by another program. */
export class LockLostError extends KernelIdentityError {
  override readonly name = 'LockLostError';
  readonly code = 'ERR_LOCK_LOST';
  readonly path: string;

  constructor(path: string, how: string) {
    super(`the lock '${path}' was lost: ${how}. Whoever holds it now may have worked at the same time.`);
    this.path = path;
  }
}

/** File names in a text for people: they may hold anything. */
export function quoteNames(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** TypeError (ERR_INVALID_ARG_TYPE), as Node throws it for an argument of the wrong type. */
export function invalidArgument(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/** RangeError (ERR_OUT_OF_RANGE), as Node throws it for an argument of the right type and an impossible value. */
export function outOfRange(message: string): RangeError {
  return withCode(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** The same error, with `code`: what programs compare, since messages may change. */
export function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code });
}
