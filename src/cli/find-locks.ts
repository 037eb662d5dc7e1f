import { type Dir, type Dirent, existsSync, lstatSync, opendirSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { traitsOf } from '../backend/filesystem-traits.js';
import { readFilesystem } from '../backend/procfs/filesystem.js';
import { errnoOf } from '../backend/system-error.js';
import { isLockName, isNamedLikeLock } from '../formats/names.js';
import { isLockDirectory } from '../formats/recognise.js';
import { lockNameOfPrivate, OWNER_FILE } from '../lock/protocol/names.js';

/** Number of names after which a search ends with an error that says so. */
const MAX_NAMES = 1_000_000;

export interface Search {
  /** Paths to inspect: lock directories, and files and links that are named like locks. */
  readonly paths: readonly string[];
  /** Number of names read. */
  readonly names: number;
  /** Number of symbolic links not followed. */
  readonly links: number;
  /** Number of mounts left out because all of their files are the kernel's own. */
  readonly kernelFilesystems: number;
  /** Number of private directories of acquirers. */
  readonly privateDirectories: number;
  /** Number of empty directories that are named like locks, as mkdir(2) makes them for programs that name nobody. */
  readonly emptyDirectories: number;
  /** One error for each path that could not be read. The search is incomplete when there is one. */
  readonly errors: readonly SearchError[];
}

interface SearchError {
  readonly path: string;
  readonly error: Error;
}

/** Searches directory trees for locks. It follows no symbolic link, and stops at a lock directory. */
export function findLocks(roots: readonly string[]): Search {
  const search = new Searching();
  for (const root of roots) search.from(root);
  search.paths.sort();
  return search;
}

class Searching implements Search {
  readonly paths: string[] = [];
  readonly errors: SearchError[] = [];
  names = 0;
  links = 0;
  kernelFilesystems = 0;
  privateDirectories = 0;
  emptyDirectories = 0;
  readonly #directories: string[] = [];

  /** Searches a root. Its name does not matter, and a root that is a link to a directory is followed. */
  from(root: string): void {
    this.#attempt(root, () => {
      const found = statSync(root, { throwIfNoEntry: false }) ?? lstatSync(root);
      if (!found.isDirectory() || isAnyLockDirectory(root)) this.paths.push(root);
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

  /** Collects the locks among the entries of a directory, and the directories to be searched next. */
  #sort(directory: string, entries: Dir): void {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      if (++this.names > MAX_NAMES) {
        this.#directories.length = 0;
        const error = new Error(`stopped after ${MAX_NAMES} names, in '${directory}'`);
        this.errors.push({ path: directory, error });
        break;
      }
      const path = entryOf(directory, entry.name);
      if (this.#isLock(entry, path)) this.paths.push(path);
    }
  }

  #isLock(entry: Dirent, path: string): boolean {
    if (!entry.isDirectory()) {
      if (isLockName(entry.name) && (entry.isFile() || entry.isSymbolicLink())) return true;
      if (entry.isSymbolicLink()) this.links++;
      return false;
    }
    if (!isAnyLockDirectory(path)) {
      this.#directories.push(path);
      if (isNamedLikeLock(entry.name) && isEmpty(path)) this.emptyDirectories++;
      return false;
    }
    // An acquirer prepares its lock in a private directory. The next one sweeps what was left behind.
    if (lockNameOfPrivate(entry.name) === null) return true;
    this.privateDirectories++;
    return false;
  }

  /** @param expected code of an error to be ignored, because directories vanish while they are searched. */
  #attempt(path: string, step: () => void, expected?: string): void {
    try {
      step();
    } catch (error) {
      if (expected !== undefined && errnoOf(error) === expected) return;
      const { message } = error as Error;
      // Node names the path in some of these errors, but not in all.
      const named = message.includes(path) ? (error as Error) : renamed(error as Error, path);
      this.errors.push({ path, error: named });
    }
  }
}

/** Gives the message of a system error the path that it is about. */
function renamed(error: Error, path: string): Error {
  return Object.assign(new Error(`${error.message} '${path}'`), { code: errnoOf(error) });
}

/** join() would remove a ".." by text, but the kernel goes up from where a link before it leads. */
function entryOf(directory: string, name: string): string {
  return directory.includes('..') ? directory + sep + name : join(directory, name);
}

function isAnyLockDirectory(path: string): boolean {
  if (existsSync(entryOf(path, OWNER_FILE))) return true;
  return isLockDirectory(basename(path), (limit) => firstNamesIn(path, limit));
}

function isEmpty(path: string): boolean {
  return firstNamesIn(path, 1).length === 0;
}

/** The first names in a directory. A pseudo-name stands for one that cannot be read, which the search then reports. */
function firstNamesIn(path: string, limit: number): string[] {
  const names: string[] = [];
  try {
    const directory = opendirSync(path);
    try {
      for (
        let next = directory.readSync();
        next !== null && names.length < limit;
        next = directory.readSync()
      )
        names.push(next.name);
    } finally {
      directory.closeSync();
    }
  } catch {
    return ['.'];
  }
  return names;
}
