import nodeFs from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { invalidArgument } from '../errors.js';
import { noRetries } from './errors.js';
import { asksForRetries, type Retries } from './retries.js';
import { call, type FileSystem, type Steps } from './steps.js';
import type { Reclaimed } from './take.js';

export interface UnlockOptions {
  /**
   * Whether symbolic links in the path of the file are followed, for which the file has to exist. Default true; undefined
   * means false.
   */
  readonly realpath?: boolean | undefined;
  /**
   * A module like node:fs. With any other the kernel is not asked, and the time of the lock's directory alone shows
   * whether its owner lives. Default node:fs.
   */
  // biome-ignore lint/suspicious/noExplicitAny: modules like memfs have types of their own, and @types has `any` here.
  readonly fs?: any;
  /** The path of the lock. Default: that of the file, with `.lock` added. */
  readonly lockfilePath?: string | undefined;
}

export interface CheckOptions extends UnlockOptions {
  /**
   * Milliseconds without a change after which a lock of which nothing but its time is known counts as abandoned. Default
   * 10 000, at least 2 000, as for undefined.
   */
  readonly stale?: number | undefined;
}

export interface LockOptions extends CheckOptions {
  /** Milliseconds between two changes of the lock's time. Default `stale / 2`, at least 1 000, at most `stale / 2`. */
  readonly update?: number | undefined;
  /** How long to wait: the sum of the pauses that the package `retry` would make. Default 0: one try. */
  readonly retries?: Retries | undefined;
  /** Called once, with an ECOMPROMISED error, when the lock is lost. By default the error is thrown. */
  // biome-ignore lint/suspicious/noExplicitAny: @types/proper-lockfile has it so.
  readonly onCompromised?: ((error: Error) => any) | undefined;
  /** Called before the lock is returned, if it was taken over from an owner that had abandoned it. */
  readonly onReclaimed?: ((reclaimed: Reclaimed) => void) | undefined;
}

/** All options, with their defaults. */
export interface Settings {
  readonly staleMs: number;
  readonly updateMs: number;
  readonly retries: Retries;
  readonly realpath: boolean;
  readonly fs: FileSystem;
  readonly lockfilePath: string | undefined;
  readonly onCompromised: (error: Error) => unknown;
  readonly onReclaimed: (reclaimed: Reclaimed) => void;
}

/** Milliseconds, as proper-lockfile has them. */
const DEFAULT_STALE = 10_000;
const MIN_STALE = 2_000;
const MIN_UPDATE = 1_000;

/**
 * An option that is given as undefined has no default in proper-lockfile. It has none here either, because contenders that
 * understand `stale` or `realpath` in two ways would not exclude each other.
 */
export function settingsOf(options?: LockOptions | null): Settings {
  const given: LockOptions = { stale: DEFAULT_STALE, realpath: true, ...options };
  const staleMs = Math.max(numberOf(given.stale), MIN_STALE);
  const { update } = given;
  // proper-lockfile's own default is null.
  const wanted = (update ?? null) === null ? staleMs / 2 : numberOf(update);
  return {
    staleMs,
    updateMs: Math.max(Math.min(wanted, staleMs / 2), MIN_UPDATE),
    retries: given.retries || 0,
    realpath: Boolean(given.realpath),
    fs: given.fs ?? nodeFs,
    lockfilePath: given.lockfilePath,
    onCompromised: given.onCompromised ?? rethrow,
    onReclaimed: given.onReclaimed ?? (() => {}),
  };
}

/** @throws Error (ESYNC) when it asks for retries. */
export function syncSettingsOf(options?: LockOptions | null): Settings {
  if (asksForRetries(options?.retries)) throw noRetries();
  return settingsOf(options);
}

/** proper-lockfile takes whatever is no number for the smallest value. */
function numberOf(value: unknown): number {
  const number = Number(value);
  return Number.isNaN(number) ? 0 : number;
}

function rethrow(error: Error): never {
  throw error;
}

/** The path of the file, as the locks of this thread are known by. @throws ENOENT where it does not exist. */
export function* targetOf(file: unknown, { realpath, fs }: Settings): Steps<string> {
  if (typeof file !== 'string' || file === '') throw invalidArgument('the file must be a non-empty string');
  return realpath ? ((yield* call(fs, 'realpath', file)) as string) : resolve(file);
}

/** The path of the lock, absolute. */
export function lockPathOf(target: string, { lockfilePath }: Settings): string {
  if (!lockfilePath) return resolve(`${target}.lock`);
  // The kernel goes up from where a symbolic link leads, and resolve() from the link. Windows goes by the text.
  if (process.platform === 'win32' || !lockfilePath.includes('..')) return resolve(lockfilePath);
  const path = isAbsolute(lockfilePath) ? lockfilePath : `${process.cwd()}/${lockfilePath}`;
  return path.replace(/\/+$/, '');
}
