import nodeFs from 'node:fs';
import type { Backend } from '../backend/backend.js';
import { isSeenLocked } from '../backend/directory-locks.js';
import { currentBackend } from '../backend/select.js';
import { BackendUnavailableError } from '../errors.js';
import { LockPath } from '../lock/protocol/lock-path.js';
import { FsPlace } from './fs-place.js';
import { KernelPlace } from './kernel-place.js';
import type { Place } from './place.js';
import type { Drive, FileSystem } from './steps.js';

/**
 * The place of a lock. The kernel helps wherever it can: which of the two it is depends on the system and on the module,
 * and not on the options or on the version of the program, so that all contenders of a path choose alike.
 * @param drive makes the calls of the module.
 */
export function placeOf(path: string, fs: FileSystem, drive: Drive): Place {
  if (!isNodes(fs)) return new FsPlace(path, fs, drive, () => false);
  const backend = backendIfAny();
  if (backend !== null && backend.directoryWitness !== null) return KernelPlace.open(path);
  return new FsPlace(path, nodeFs as unknown as FileSystem, drive, isSeenLockedAt);
}

/** The methods by which a module changes anything. graceful-fs has those of node:fs. */
const CHANGING = ['mkdir', 'mkdirSync', 'rmdir', 'rmdirSync', 'utimes', 'utimesSync'] as const;
/** graceful-fs wraps the methods of each pair in one way. Whoever puts another `stat` into a module replaces that alone. */
const READING = [
  ['stat', 'lstat'],
  ['statSync', 'lstatSync'],
] as const;

/** Whether the module is node:fs, or has its methods, as graceful-fs does. */
function isNodes(fs: FileSystem): boolean {
  if ((fs as unknown) === nodeFs) return true;
  return (
    CHANGING.every((name) => fs[name] === nodeFs[name]) &&
    READING.every(([name, twin]) => fs[name] === nodeFs[name] || String(fs[name]) === String(fs[twin]))
  );
}

function backendIfAny(): Backend | null {
  try {
    return currentBackend();
  } catch (error) {
    if (error instanceof BackendUnavailableError) return null;
    throw error;
  }
}

/** Whether the kernel shows a lock on the directory, which plain Node sees in /proc/locks. */
function isSeenLockedAt(path: string): boolean {
  if (backendIfAny()?.actsOnOpenDirectory !== true) return false;
  const lockPath = LockPath.open(path);
  const { files } = lockPath.backend;
  try {
    const directory = files.findDirectoryAt(lockPath.parent, lockPath.name);
    if (directory === null) return false;
    try {
      return isSeenLocked(lockPath.backend, directory);
    } finally {
      files.close(directory);
    }
  } catch {
    // It cannot be read, so its time decides, as everywhere without the addon.
    return false;
  } finally {
    lockPath.close();
  }
}
