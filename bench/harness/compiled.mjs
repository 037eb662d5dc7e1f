import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultParent, makeScratch } from './scratch.mjs';

const built = new Map();

/**
 * The program made of one C file of bench/, or null where there is no compiler.
 * @param name from bench/, without the ending.
 * @throws where the file does not compile.
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
