// Projects in which this package stands in the place of proper-lockfile, as it would come from the registry.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ own: string, standIn: string }} Packed paths of tarballs */

/**
 * @param {string} folder of a package
 * @param {string} directory where the tarball goes
 * @returns {string} its path
 */
export function pack(folder, directory) {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory];
  const { stdout, status } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack failed in ${folder}`);
  return join(directory, stdout.trim().split('\n').at(-1) ?? '');
}

/**
 * @param {string} top of this repository
 * @param {string} directory
 * @returns {Packed}
 */
export function packOurs(top, directory) {
  mkdirSync(directory, { recursive: true });
  return { own: pack(top, directory), standIn: pack(join(top, 'packages/proper-lockfile'), directory) };
}

/**
 * What reaches the dependencies of a project, under the name that each program for installing has for it.
 * @param {Packed} packed
 * @param {Record<string, string>} [more]
 */
export function replacing({ own, standIn }, more = {}) {
  return { 'proper-lockfile': `file:${standIn}`, 'kernel-identity': `file:${own}`, ...more };
}

/**
 * @param {string} directory of the project, which is made
 * @param {object} manifest
 * @param {readonly string[]} command
 * @returns {string | null} what went wrong
 */
export function install(directory, manifest, [program = '', ...args]) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, ...manifest }));
  // Each program keeps its downloads here, so that nothing stays behind.
  const env = { ...process.env, CI: 'true', YARN_CACHE_FOLDER: join(directory, '.cache') };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: directory, env, encoding: 'utf8' });
  return status === 0 ? null : `${program} ${args.join(' ')}: ${(stderr || stdout).trim().slice(-300)}`;
}

export const NPM_INSTALL = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'];
