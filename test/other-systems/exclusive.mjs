import { constants } from 'node:fs';

/**
 * The flag with which one process at a time can open a file, until its last descriptor is closed. It is the one on which
 * the witness rests, but used on another file, and by code that knows nothing of locks.
 * @param {NodeJS.Platform} platform
 */
export function exclusive(platform) {
  return platform === 'win32' ? 0x1000_0000 : 0x20 | (constants.O_NONBLOCK ?? 0);
}
