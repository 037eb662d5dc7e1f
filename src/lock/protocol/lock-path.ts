import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { currentBackend } from '../../backend/select.js';
import { isSystemError } from '../../backend/system-error.js';
import { invalidArgument, NotALockError } from '../../errors.js';

/** Where a lock is, or will be: a name in a directory that is held open, so that nothing moves under our feet. */
export class LockPath {
  readonly backend: Backend;
  readonly path: string;
  readonly name: string;
  readonly parentPath: string;
  /** Descriptor of the parent directory. */
  readonly parent: Descriptor;

  private constructor(backend: Backend, path: string, name: string, parentPath: string, parent: Descriptor) {
    this.backend = backend;
    this.path = path;
    this.name = name;
    this.parentPath = parentPath;
    this.parent = parent;
  }

  /** @throws ENOENT and the like for the parent directory, which is never created. */
  static open(path: string | URL): LockPath {
    const { absolute, name, parentPath } = splitPath(toPath(path));
    if (name === '') throw new NotALockError(absolute, 'the root directory');
    const backend = currentBackend();
    const parent = withLockPath(absolute, () => backend.files.openParent(parentPath));
    return new LockPath(backend, absolute, name, parentPath, parent);
  }

  /** A place beside this one, over the same parent descriptor. */
  sibling(name: string): LockPath {
    const path = this.path.slice(0, -this.name.length) + name;
    return new LockPath(this.backend, path, name, this.parentPath, this.parent);
  }

  close(): void {
    this.backend.files.close(this.parent);
  }
}

/** Runs `action`, and lets a system error of a step inside name the lock that it was about. */
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
  readonly absolute: string;
  readonly name: string;
  readonly parentPath: string;
}

let last: SplitPath | undefined;

/** Whoever polls a lock asks for the same path each time. */
function splitPath(given: string): SplitPath {
  // What was resolved before is absolute, hence the same from every working directory.
  if (last?.absolute !== given) {
    const absolute = resolve(given);
    last = { absolute, name: basename(absolute), parentPath: dirname(absolute) };
  }
  return last;
}

function toPath(path: unknown): string {
  const text = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof text !== 'string' || text === '' || text.includes('\0')) {
    throw invalidArgument('the lock path must be a non-empty string without NUL, or a file: URL');
  }
  return text;
}
