// Makes a Node linked against musl on a machine with glibc: pnpm's executable for Alpine holds one.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasProgram, type Requirement } from '../helpers/requirements.js';
import { tool } from './tools.js';

const LOADER = '/lib/ld-musl-x86_64.so.1';
const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const BRIDGE = fileURLToPath(new URL('fixtures/musl-bridge.cc', import.meta.url));

/** The executable runs dist/pnpm.mjs beside it. Its own name comes twice before the arguments. */
const LAUNCHER = `import { pathToFileURL } from 'node:url';
if (process.argv[1] === process.execPath) process.argv.splice(1, 1);
import(pathToFileURL(process.argv[1]));
`;

const hasMusl: Requirement = { available: existsSync(LOADER), reason: 'needs musl: apt-get install musl' };

export const muslNeeds: readonly Requirement[] = [tool('musl'), hasMusl, hasProgram('g++')];

/** Returns its path, and the environment that is needed to start it. */
export function makeMuslNode(folder: string): { path: string; env: Record<string, string> } {
  const path = join(folder, 'pnpm');
  mkdirSync(join(folder, 'dist'), { recursive: true });
  copyFileSync(tool('musl').path, path);
  chmodSync(path, 0o755);
  writeFileSync(join(folder, 'dist/pnpm.mjs'), LAUNCHER);

  const libraries = join(folder, 'lib');
  mkdirSync(libraries);
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1'])
    symlinkSync(join(LIBRARIES, name), join(libraries, name));
  // Debian's C++ library asks for the loader by this name.
  symlinkSync(LOADER, join(libraries, 'ld-linux-x86-64.so.2'));
  const bridge = join(libraries, 'bridge.so');
  const options = ['-O1', '-fPIC', '-shared', '-nostdlib', '-o', bridge, BRIDGE];
  const { status, stderr } = spawnSync('g++', options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { path, env: { LD_PRELOAD: bridge, LD_LIBRARY_PATH: libraries } };
}
