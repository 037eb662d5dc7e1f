import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isShortage } from '../system-error.js';
import { localTypeByMount } from './mounts.js';

/** The BSDs and macOS, where mount(8) says which filesystems are local. */
const WITH_MOUNT: ReadonlySet<string> = new Set(['darwin', 'freebsd', 'openbsd', 'netbsd']);

/**
 * The type of the filesystem that a file is on, as far as plain Node can learn whether it belongs to this machine alone.
 * Node's own numbers for filesystems mean something else on each system.
 * @param path of the file, or where it was.
 * @param device its st_dev.
 * @returns a type with traits of its own; `unknown` for all others.
 */
export function placeType(platform: string, path: string, device: string): string {
  if (platform === 'win32') return isOnDriveLetter(path) ? 'windows' : 'unknown';
  return WITH_MOUNT.has(platform) ? localTypeByMount(device) : 'unknown';
}

/**
 * False for a path of a network share, also where a drive letter, a junction or a link leads to one: the system resolves
 * these to `\\server\share` (GetFinalPathNameByHandle).
 */
function isOnDriveLetter(path: string): boolean {
  try {
    return /^[A-Za-z]:\\/.test(realpathSync.native(dirname(path)));
  } catch (error) {
    if (isShortage(error)) throw error;
    return false;
  }
}
