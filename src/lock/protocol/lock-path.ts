import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { currentBackend } from '../../backend/select.js';
import { isSystemError, nullIfMissing } from '../../backend/system-error.js';
import { invalidArgument, NotALockError } from '../../errors.js';
import { Parent } from './parent.js';

/**
 * The path of a lock: a name in a parent directory. The parent is held open, so that every step acts on the
 * same directory even when it is renamed or replaced. Call close() when done.
 */
export class LockPath {
  readonly backend: Backend;
  /** Absolute, without "..". */
  readonly path: string;
  readonly name: string;
  /** The path by which the parent was opened. It may have ".." in it. */
  readonly parentPath: string;
  #parent: Parent;

  private constructor(backend: Backend, { path, name, parentPath }: SplitPath, parent: Parent) {
    this.backend = backend;
    this.path = path;
    this.name = name;
    this.parentPath = parentPath;
    this.#parent = parent;
  }

  /** @throws ENOENT and other system errors of the parent directory, which is never created. */
  static open(path: string | URL): LockPath {
    const split = splitPath(toPath(path));
    if (split.name === '') throw new NotALockError(split.path, 'the root directory');
    const backend = currentBackend();
    const parent = withLockPath(split.path, () => Parent.open(backend.files, split.parentPath));
    return new LockPath(backend, split, parent);
  }

  /**
   * Opens the path once more, which may lead to another directory by now. Close both.
   * @throws the errors of {@link open}.
   */
  reopen(): LockPath {
    return new LockPath(this.backend, this, Parent.open(this.backend.files, this.parentPath));
  }

  /** Descriptor of the parent directory. */
  get parent(): Descriptor {
    return this.#parent.descriptor;
  }

  /** See {@link Parent.key}. Reading it takes two system calls the first time. */
  get parentKey(): string {
    return this.#parent.key;
  }

  /** From now on uses the one descriptor that all waiters of this thread share for the directory. */
  shareParent(): void {
    this.#parent = this.#parent.share();
  }

  /** False when nothing stands at the path. */
  exists(): boolean {
    return nullIfMissing(() => this.backend.files.statAt(this.parent, this.name)) !== null;
  }

  /** Another name in the same parent directory. Both share the descriptor, so close only one of them. */
  sibling(name: string): LockPath {
    const path = this.path.slice(0, -this.name.length) + name;
    return new LockPath(this.backend, { path, name, parentPath: this.parentPath }, this.#parent);
  }

  close(): void {
    this.#parent.close();
  }
}

/** Runs `action`, and makes a system error of one of its steps name the lock that the step was for. */
export function withLockPath<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isSystemError(error) && error.path !== path) {
      const step = `${error.syscall}${error.path === undefined ? '' : ` '${error.path}'`}`;
      error.message = `${error.message.split(',', 1)[0]}, ${step}, for the lock '${path}'`;
      error.path = path;
    }
    throw error;
  }
}

interface SplitPath {
  readonly path: string;
  readonly name: string;
  readonly parentPath: string;
}

let last: SplitPath | undefined;

/**
 * The last answer is remembered, because a program that polls a lock asks for one path again and again: that
 * brings an inspection from 9.0 down to 8.2 us. A remembered path is absolute, so it stays right across
 * chdir(2). It has no "..", so no symbolic link decides what it means.
 */
function splitPath(given: string): SplitPath {
  if (last?.path === given) return last;
  if (hasParentStep(given)) return splitAsKernel(given);
  // A relative path cannot be resolved where the current directory is gone, or has a path longer than PATH_MAX.
  const path = withLockPath(given, () => resolve(given));
  last = { path, name: basename(path), parentPath: dirname(path) };
  return last;
}

/**
 * True when a ".." in the path follows a name. The name may be a symbolic link. The kernel, and so node:fs and
 * other programs, then go up from where the link leads, and path.resolve() goes up from the link. A ".." at the
 * beginning goes up from the current directory, whose path has no links in it. Windows itself resolves by text.
 */
function hasParentStep(given: string): boolean {
  if (process.platform === 'win32' || !given.includes('..')) return false;
  let hasName = false;
  for (const part of given.split('/')) {
    if (part === '..' && hasName) return true;
    if (part !== '' && part !== '.' && part !== '..') hasName = true;
  }
  return false;
}

/**
 * Splits the path behind its last ".." and leaves the part before it to the kernel. The path for people comes
 * from a look of its own, so it may be outdated if a link is switched in between. All else goes by the parent
 * that is open.
 */
function splitAsKernel(given: string): SplitPath {
  const whole = isAbsolute(given) ? given : process.cwd() + sep + given;
  const parts = whole.split('/').filter((part) => part !== '' && part !== '.');
  // A path that ends in ".." names a directory that has a name of its own elsewhere.
  if (parts.at(-1) === '..') return splitReal(whole, whole);
  const name = parts.pop() as string;
  const parentPath = `/${parts.join('/')}`;
  const { path: realParent } = splitReal(parentPath, whole);
  return { path: resolve(realParent, name), name, parentPath };
}

/**
 * The plain realpathSync() is no help, because it removes each ".." by text before it looks at a link.
 * @throws ENOENT and other system errors, for the lock `lockPath`.
 */
function splitReal(path: string, lockPath: string): SplitPath {
  const real = withLockPath(lockPath, () => realpathSync.native(path));
  return { path: real, name: basename(real), parentPath: dirname(real) };
}

function toPath(path: unknown): string {
  const text = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof text !== 'string' || text === '' || text.includes('\0')) {
    throw invalidArgument('the lock path must be a non-empty string without NUL, or a file: URL');
  }
  return text;
}
