import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultParent, makeScratch } from './scratch.mjs';

const built = new Map();

/**
 * Compiles one C file of bench/, once in a run.
 * @param name the path of the file from bench/, without its extension.
 * @returns the path of the program; null when there is no compiler.
 * @throws {Error} if the file does not compile.
 */
export function compiled(name) {
  if (!built.has(name)) built.set(name, compile(name));
  return built.get(name);
}

function compile(name) {
  const program = join(makeScratch(defaultParent()), basename(name));
  const source = fileURLToPath(new URL(`../${name}.c`, import.meta.url));
  const { error, status, stderr } = spawnSync(
    'cc',
    ['-O2', '-Wall', '-Wextra', '-pthread', '-o', program, source],
    {
      encoding: 'utf8',
    },
  );
  if (error?.code === 'ENOENT') return null;
  if (status !== 0) throw new Error(`${source} does not compile: ${error?.message ?? stderr}`);
  return program;
}
