// Volumes that can be detached and attached again, under other device numbers if their order has changed.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onCleanup } from '../frame/cleanup.mjs';
import { makeImage } from '../locks/images.mjs';

/** @typedef {{ at: string, attach: () => void, detach: () => void }} Volume mounted at `at` */

/** @param {string} program @param {...string} args */
export function run(program, ...args) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** @param {string} work @param {...string} names */
function folders(work, ...names) {
  const paths = names.map((name) => join(work, name));
  for (const path of paths) mkdirSync(path, { recursive: true });
  return paths;
}

/**
 * Makes a directory where mounts are also seen by containers that run already.
 * @param {string} path
 */
export function makeShared(path) {
  mkdirSync(path, { recursive: true });
  run('mount', '--bind', path, path);
  run('mount', '--make-shared', path);
}

/**
 * An image behind a loop device.
 * @param {string} type
 * @param {string} at
 * @param {string} work
 * @returns {Volume}
 */
export function imageVolume(type, at, work) {
  mkdirSync(work);
  const image = makeImage(type, join(work, 'image'));
  mkdirSync(at);
  let device = '';
  const release = () => {
    if (device !== '') run('losetup', '--detach', device);
    device = '';
  };
  onCleanup(release);
  return {
    at,
    attach: () => {
      device = run('losetup', '--find', '--show', image);
      run('mount', '-t', type, device, at);
    },
    detach: () => {
      run('umount', at);
      release();
    },
  };
}

/**
 * @param {string} at
 * @param {string} work
 * @returns {Volume} one that may be mounted a second time while files of the first mount are still open
 */
export function overlayVolume(at, work) {
  const [lower, upper, scratch] = folders(work, 'lower', 'upper', 'scratch');
  mkdirSync(at);
  const options = `index=off,lowerdir=${lower},upperdir=${upper},workdir=${scratch}`;
  return {
    at,
    attach: () => void run('mount', '-t', 'overlay', '-o', options, 'none', at),
    detach: () => void run('umount', '--lazy', at),
  };
}
