import { call, type FileSystem, type Steps } from './steps.js';

/** What is read of the answer of `stat`. A module need not have more than the time. */
export interface Stats {
  readonly mtime: Date;
  readonly ino?: number | bigint;
  readonly birthtimeMs?: number | bigint;
  readonly ctimeMs?: number | bigint;
  readonly mtimeMs?: number | bigint;
  readonly isDirectory?: () => boolean;
}

export function* statOf(fs: FileSystem, path: string): Steps<Stats> {
  return (yield* call(fs, 'stat', path)) as Stats;
}

export function isDirectory(stats: Stats): boolean {
  return typeof stats.isDirectory !== 'function' || stats.isDirectory();
}

/** Tells a directory from one that was made in its place. null where the module shows too little. */
export function identityOf({ ino, birthtimeMs }: Stats): string | null {
  return ino && birthtimeMs ? `${ino}:${birthtimeMs}` : null;
}

/** Whether the directory at the path is known to be another than before, although its time was set in between. */
export function isAnother(before: Stats, after: Stats): boolean {
  if (!before.ino || !after.ino) return false;
  if (before.ino !== after.ino) return true;
  if (before.birthtimeMs === after.birthtimeMs) return false;
  // Where Node knows no time of birth it may show the last change in its place, which setting the time makes.
  return !isLastChange(before) || !isLastChange(after) || after.mtimeMs === after.birthtimeMs;
}

function isLastChange({ birthtimeMs, ctimeMs }: Stats): boolean {
  return birthtimeMs === ctimeMs;
}

/** The code of whatever a foreign module throws. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
