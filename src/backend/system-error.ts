import { constants } from 'node:os';
import { getSystemErrorMap, types } from 'node:util';
import type { Errno } from './interface/errno.js';

/** An error in the shape that Node gives to a failed system call. */
export interface SystemError extends Error {
  /** Negative, such as -2. */
  errno: number;
  /** errno name, such as `ENOENT`. */
  code: string;
  syscall: string;
  path?: string;
  dest?: string;
}

/** The names that the caller of a failing call gave, and not the paths that the backend made of them. */
export interface Subject {
  readonly path?: string;
  readonly dest?: string;
}

/** True for the errors that Node throws for a failed system call. */
export function isSystemError(error: unknown): error is SystemError {
  // `instanceof` does not work in a context of node:vm, where test runners put programs, because there Node's
  // errors come from another Error class.
  if (!types.isNativeError(error)) return false;
  const { errno, code, syscall } = error as Partial<SystemError>;
  return typeof errno === 'number' && typeof code === 'string' && typeof syscall === 'string';
}

/** The errno name of a failed system call, such as `ENOENT`; undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  return isSystemError(error) ? error.code : undefined;
}

/**
 * True when the file is not there any more: ENOENT, or ESTALE where an NFS server or a FUSE daemon has
 * forgotten the file of an open descriptor. FUSE answers either of them to fstat(2) of a deleted file.
 */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ESTALE';
}

/** True when the kernel, a seccomp filter, the file system or plain Node cannot rename with RENAME_NOREPLACE. */
export function lacksNoReplace(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOSYS' || code === 'EINVAL' || code === 'EPERM';
}

/** True when Node's permission model refused a call (ERR_ACCESS_DENIED). That is no system error. */
export function isRefusedByNode(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';
}

/** ENOLCK: the kernel had no memory for a file lock. */
const SHORTAGES: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOLCK']);

/**
 * True when a call failed because descriptors, memory or room for a lock have run out, perhaps for a moment
 * only. Such an error says nothing about what was asked. So it must neither be remembered nor get into a
 * record.
 */
export function isShortage(error: unknown): boolean {
  return SHORTAGES.has(errnoOf(error));
}

/** Throws when the answer to `syscall` is the name of an error for which {@link isShortage} is true. */
export function refuseShortage(answer: unknown, syscall: string): void {
  if (isErrno(answer) && SHORTAGES.has(answer)) throw systemError(answer, syscall);
}

/** The result of `call`, or of `otherwise` when `call` threw an error for which {@link isShortage} is true. */
export function unlessShort<T>(call: () => T, otherwise: (error: SystemError) => T): T {
  try {
    return call();
  } catch (error) {
    if (isShortage(error)) return otherwise(error as SystemError);
    throw error;
  }
}

/**
 * Answers null for an error by which the system says that something cannot be known.
 * @throws `error` itself when {@link isShortage} is true for it, or when it is no system error.
 */
export function notKnown(error: unknown): null {
  if (!isSystemError(error) || isShortage(error)) throw error;
  return null;
}

/** The errno name of a failed system call. Throws any other error again, because it is a fault of this program. */
export function errnoName(error: unknown): string {
  if (isSystemError(error)) return error.code;
  throw error;
}

/** True when a backend call answered with an errno name: it failed in a way that is an ordinary answer. */
export function isErrno(answer: unknown): answer is Errno {
  return typeof answer === 'string';
}

/** The result of `call`, or null when the file that it names does not exist (ENOENT). */
export function nullIfMissing<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Makes an error as Node itself would throw it: `ENOENT: no such file or directory, open 'name'`.
 * @param words replace the system's description of the code.
 */
export function systemError(
  code: string,
  syscall: string,
  subject: Subject = {},
  words?: string,
): SystemError {
  return shape(errnoNumber(code), code, syscall, subject, words);
}

/**
 * Runs `call`, and names the subject in its error as the caller knows it. Without this a message would show
 * /proc/self/fd/23/owner.json, a path that is of no use once the process is gone.
 */
export function withSubject<T>(subject: Subject, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw shape(error.errno, error.code, error.syscall, subject);
  }
}

/** The reason of a failure, in one line for a person. */
export function reasonOf(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  const line = error.message.trim().replace(/\s*\n\s*/g, ' ');
  // Node's permission model names what it denied in properties of the error and not in its message.
  const { permission, resource } = error as { permission?: string; resource?: string };
  return permission === undefined ? line : `${line} (${permission} ${resource ?? ''})`.replace(/ \)$/, ')');
}

/** Prefers libuv's number, because on Windows Node's errors carry libuv's own. libuv has none for EDEADLK. */
function errnoNumber(code: string): number {
  const known = [...getSystemErrorMap()].find(([, [name]]) => name === code)?.[0];
  const numbers: Readonly<Record<string, number | undefined>> = constants.errno;
  return known ?? -(numbers[code] ?? 0);
}

function shape(
  errno: number,
  code: string,
  syscall: string,
  { path, dest }: Subject,
  words = getSystemErrorMap().get(errno)?.[1] ?? 'unknown error',
): SystemError {
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
