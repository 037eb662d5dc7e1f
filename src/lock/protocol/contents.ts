// What stands in a lock's directory beside owner.json: the lock's own files, and those of somebody else.
import type { FileOperations } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { isGone } from '../../backend/system-error.js';
import { isClaimedName, isRetiredName, isShadowName, NEW_OWNER_FILE, OWNER_FILE } from './names.js';

/** Most names that are read: enough to see that a directory holds data and is no lock. */
const MAX_NAMES = 64;
/** Most foreign files that a message names: enough for a person to see whose data it is. */
export const MAX_FOREIGN_SHOWN = 5;

export interface DirectoryContents {
  /** Names of the lock's own files, except owner.json. */
  readonly own: readonly string[];
  /** Names of everything else, except owner.json and shadows. */
  readonly foreign: readonly string[];
  /** False when there may be more names than were read. */
  readonly isWhole: boolean;
}

/** @throws ENOENT and the like where the directory was removed meanwhile. */
export function readContents(files: FileOperations, directory: Descriptor): DirectoryContents {
  const names = files.list(directory, MAX_NAMES);
  const own: string[] = [];
  const foreign: string[] = [];
  for (const name of names) {
    if (name === OWNER_FILE || isShadowName(name)) continue;
    (isOwnFile(files, directory, name) ? own : foreign).push(name);
  }
  return { own, foreign, isWhole: names.length < MAX_NAMES };
}

/**
 * A lock makes nothing but regular files in its directory. A directory, link or device under one of its names is
 * somebody else's.
 */
function isOwnFile(files: FileOperations, directory: Descriptor, name: string): boolean {
  if (name !== NEW_OWNER_FILE && !isRetiredName(name) && !isClaimedName(name)) return false;
  try {
    return files.statAt(directory, name).kind === 'file';
  } catch (error) {
    // Another process has just deleted or renamed it, as only our own files are.
    if (isGone(error)) return true;
    throw error;
  }
}
