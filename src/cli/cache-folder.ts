import { lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** Bits of a mode: others and the group may write, and only owners of files may rename or delete them here. */
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const PRIVATE = 0o700;

/**
 * Makes sure that there is the folder `kernel-identity` in $XDG_CACHE_HOME, or in .cache of the home directory. What lies
 * in it is run as code, so it is used only where nobody but this user and root can write.
 * @returns its path; null where that cannot be made, or other users could write there.
 */
export function makeCacheFolder(env: NodeJS.ProcessEnv): string | null {
  const { XDG_CACHE_HOME: cache = '', HOME: home = '' } = env;
  const [base, ...below] = isAbsolute(cache) ? [cache] : [home, '.cache'];
  if (base === undefined || !isAbsolute(base)) return null;
  const user = process.geteuid?.();
  // A program with the rights of another user than the caller's must not be led by the environment.
  if (user === undefined || user !== process.getuid?.()) return null;
  try {
    let folder = realpathSync(base);
    if (!isSafeAncestor(folder, user)) return null;
    for (const name of [...below, 'kernel-identity']) {
      folder = join(folder, name);
      if (!isOwnFolder(folder)) return null;
    }
    return folder;
  } catch {
    return null;
  }
}

/** Only this user, and root, can write to a file or directory with that status. */
export function isOnlyOwn({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
}

/** Nobody but this user and root can put another directory into the place of this one. */
function isSafeAncestor(path: string, user: number): boolean {
  const { uid, mode } = lstatSync(path);
  if (uid !== user && uid !== 0) return false;
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0) return false;
  return path === dirname(path) || isSafeAncestor(dirname(path), user);
}

/** Makes the directory if it is missing. */
function isOwnFolder(path: string): boolean {
  try {
    mkdirSync(path, PRIVATE);
  } catch {
    // It exists, or the next call says why not.
  }
  const status = lstatSync(path);
  return status.isDirectory() && isOnlyOwn(status);
}
