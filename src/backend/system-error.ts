import { getSystemErrorMap, types } from 'node:util';

export interface SystemError extends Error {
  errno: number;
  code: string;
  syscall: string;
  path?: string;
  dest?: string;
}

/** What the failing call was about: the names its caller gave, not the paths they were turned into. */
export interface Subject {
  readonly path?: string;
  readonly dest?: string;
}

/** True for the errors Node throws for a failed system call. */
export function isSystemError(error: unknown): error is SystemError {
  // Not instanceof: in a context of node:vm, where test runners put programs, Node's errors are of another Error.
  if (!types.isNativeError(error)) return false;
  const { errno, code, syscall } = error as Partial<SystemError>;
  return typeof errno === 'number' && typeof code === 'string' && typeof syscall === 'string';
}

/** The errno name of a failed system call; anything else is a fault of this program and is thrown on. */
export function errnoName(error: unknown): string {
  if (isSystemError(error)) return error.code;
  throw error;
}

/** null: what the call was about is not there (ENOENT). */
export function nullIfMissing<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** An error as Node itself would throw it: `ENOENT: no such file or directory, open 'name'`. */
export function systemError(code: string, syscall: string, subject: Subject = {}): SystemError {
  // Not os.constants.errno: on Windows Node's errors carry numbers of libuv's own.
  const errno = [...getSystemErrorMap()].find(([, [name]]) => name === code)?.[0] ?? 0;
  return shape(errno, code, syscall, subject);
}

/**
 * Runs `call` and names the subject in its error as the caller knows it. Without this a message would show
 * /proc/self/fd/23/owner.json, which nobody can open after the process is gone.
 */
export function withSubject<T>(subject: Subject, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw shape(error.errno, error.code, error.syscall, subject);
  }
}

function shape(errno: number, code: string, syscall: string, { path, dest }: Subject): SystemError {
  const words = getSystemErrorMap().get(errno)?.[1] ?? 'unknown error';
  const from = path === undefined ? '' : ` '${path}'`;
  const to = dest === undefined ? '' : ` -> '${dest}'`;
  return Object.assign(new Error(`${code}: ${words}, ${syscall}${from}${to}`), {
    errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  });
}
