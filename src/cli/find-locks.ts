import { type Dir, type Dirent, existsSync, lstatSync, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { traitsOf } from '../backend/filesystem-traits.js';
import { readFilesystem } from '../backend/procfs/filesystem.js';
import { isLockName } from '../formats/names.js';
import { lockNameOfPrivate, OWNER_FILE } from '../lock/protocol/names.js';

/** Names looked at, in all; then the search ends, and says so. */
const MAX_NAMES = 1_000_000;

export interface Search {
  /** Paths to look at: lock directories, and files and links whose names are those of locks. */
  readonly paths: readonly string[];
  /** How many names were looked at. */
  readonly names: number;
  /** Links not followed. */
  readonly links: number;
  /** Mounts of filesystems that hold no files but the kernel's own. */
  readonly kernelFilesystems: number;
  /** Private directories of acquirers. */
  readonly privateDirectories: number;
  /** What could not be read; the search is then incomplete. */
  readonly errors: readonly Error[];
}

/** Searches directory trees for locks. Follows no symbolic link; what is a lock directory is searched no further. */
export function findLocks(roots: readonly string[]): Search {
  const search = new Searching();
  for (const root of roots) search.from(root);
  search.paths.sort();
  return search;
}

class Searching implements Search {
  readonly paths: string[] = [];
  readonly errors: Error[] = [];
  names = 0;
  links = 0;
  kernelFilesystems = 0;
  privateDirectories = 0;
  readonly #directories: string[] = [];

  /** A root is looked at whatever it is called, and followed if it is a link to a directory. */
  from(root: string): void {
    this.#attempt(root, () => {
      const found = statSync(root, { throwIfNoEntry: false }) ?? lstatSync(root);
      if (!found.isDirectory() || isLockDirectory(root)) this.paths.push(root);
      else this.#directories.push(root);
    });
    for (let next = this.#directories.pop(); next !== undefined; next = this.#directories.pop()) {
      const directory = next;
      this.#attempt(directory, () => this.#search(directory), 'ENOENT');
    }
  }

  #search(directory: string): void {
    if (traitsOf(readFilesystem(directory).type).kernelObjectsOnly) {
      this.kernelFilesystems++;
      return;
    }
    const entries = opendirSync(directory);
    try {
      this.#sort(directory, entries);
    } finally {
      entries.closeSync();
    }
  }

  /** Tells locks, and directories to be searched, from the rest. */
  #sort(directory: string, entries: Dir): void {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      if (++this.names > MAX_NAMES) {
        this.#directories.length = 0;
        this.errors.push(new Error(`stopped after ${MAX_NAMES} names, in '${directory}'`));
        break;
      }
      const path = join(directory, entry.name);
      if (this.#isLock(entry, path)) this.paths.push(path);
    }
  }

  #isLock(entry: Dirent, path: string): boolean {
    if (!entry.isDirectory()) {
      if (isLockName(entry.name) && (entry.isFile() || entry.isSymbolicLink())) return true;
      if (entry.isSymbolicLink()) this.links++;
      return false;
    }
    if (!isLockDirectory(path)) {
      this.#directories.push(path);
      return false;
    }
    // What an acquirer makes ready, or left behind: the next one beside it sweeps it up.
    if (lockNameOfPrivate(entry.name) === null) return true;
    this.privateDirectories++;
    return false;
  }

  /** `expected`: the code of an error that is none, because directories come and go. */
  #attempt(path: string, step: () => void, expected?: string): void {
    try {
      step();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (expected !== undefined && code === expected) return;
      // Node names the path in some of these errors.
      this.errors.push(message.includes(path) ? (error as Error) : new Error(`${message} '${path}'`));
    }
  }
}

function isLockDirectory(path: string): boolean {
  return existsSync(join(path, OWNER_FILE));
}
