// Copies the project to another folder, where the addon can be built in other ways.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/**
 * node_modules is linked. Only build/modules is copied of build/, because the Makefile counts the folders up to the headers
 * of Node.
 */
const LEFT_OUT = new Set(['.git', 'node_modules', 'build']);

/**
 * @typedef {object} Plant a mistake that must be noticed
 * @property {string} what
 * @property {string} file
 * @property {string} from text that the file holds exactly once
 * @property {string} more text to insert after it
 * @property {RegExp} said the report of a tool that found the mistake
 */

/** @param {string} copy the folder to copy to */
export function copyProject(copy) {
  for (const name of readdirSync(ROOT).filter((entry) => !LEFT_OUT.has(entry))) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  cpSync(join(ROOT, 'build/modules'), join(copy, 'build/modules'), { recursive: true });
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
 * @param {NodeJS.ProcessEnv} [env] such as CXXFLAGS
 * @returns {string} the path of the addon
 */
export function buildAddon(copy, env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build-addon.mjs', '--force'], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`the addon does not compile: ${stdout}${stderr}`);
  return join(copy, 'build/Release/kernel_identity.node');
}

/** The library that a process must load before a sanitized addon. */
export function sanitizerLibrary() {
  return spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
}
