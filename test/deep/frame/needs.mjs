// The needs of parts. Each of these functions returns null, or says what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @typedef {string | null} Missing */

/** @returns {Missing} */
export function root() {
  return process.getuid?.() === 0 ? null : 'needs root';
}

/**
 * @param {string} name
 * @param {string} part whose packages bring it
 * @returns {Missing}
 */
export function program(name, part) {
  const { status } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { stdio: 'ignore' });
  return status === 0 ? null : `needs the program ${name}: npm run test:deep:install ${part}`;
}

/**
 * @param {string} path
 * @param {string} what
 * @returns {Missing}
 */
export function file(path, what) {
  return existsSync(path) ? null : `needs ${path}: ${what}`;
}
