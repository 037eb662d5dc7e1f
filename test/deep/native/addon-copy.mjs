// The project somewhere else, where its addon can be built in other ways.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** node_modules is linked. */
const LEFT_OUT = new Set(['.git', 'node_modules']);

/**
 * @typedef {object} Plant a mistake that must be noticed
 * @property {string} what
 * @property {string} file
 * @property {string} from text that the file holds exactly once
 * @property {string} more what comes after it
 * @property {RegExp} said of it when it is found
 */

/** @param {string} copy where to */
export function copyProject(copy) {
  for (const name of readdirSync(ROOT).filter((entry) => !LEFT_OUT.has(entry))) {
    // make goes by the times.
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}

/**
 * @param {string} copy
 * @param {readonly Plant[]} plants
 */
export function plant(copy, plants) {
  for (const { what, file, from, more } of plants) {
    const path = join(copy, file);
    const source = readFileSync(path, 'utf8');
    if (source.split(from).length !== 2) throw new Error(`${file} has no one place for ${what}`);
    writeFileSync(
      path,
      source.replace(from, () => from + more),
    );
  }
}

/**
 * @param {string} copy
 * @param {NodeJS.ProcessEnv} [env] such as CXXFLAGS, which holds for all of it
 * @returns {string} the addon
 */
export function buildAddon(copy, env) {
  const [command = '', ...args] =
    env === undefined
      ? // Only what has changed; build-addon.mjs would give the addon another hash and so compile all of it.
        ['make', '-C', 'build', 'BUILDTYPE=Release']
      : [process.execPath, 'scripts/build-addon.mjs', '--force'];
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`the addon does not compile: ${stdout}${stderr}`);
  return join(copy, 'build/Release/kernel_identity.node');
}
