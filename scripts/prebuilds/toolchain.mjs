// Finds the compilers that the prebuilds are made with.
import { spawnSync } from 'node:child_process';
import { INSTALL_COMPILERS } from './targets.mjs';
import { zigVersion } from './zig.mjs';

/** Returns the programs for one target. Their versions decide the bytes, so they go into the manifest. */
export function toolchain({ family, triple }) {
  if (family === 'thin') return { versions: { compiler: zigVersion() } };
  const program = (name) => `${triple}-${name}`;
  return {
    cc: program('gcc'),
    cxx: program('g++'),
    strip: program('strip'),
    /** The versions for the manifest; each is null when the program is missing. */
    versions: {
      compiler: firstLine(program('g++'), ['--version']),
      linker: firstLine(program('ld'), ['--version']),
    },
  };
}

/**
 * Returns the programs for one target.
 * @throws {Error} if one is missing, or not the one that the published files are made with; the message says what to
 * install.
 */
export function verifiedToolchain(target) {
  const tools = toolchain(target);
  for (const name of target.family === 'linux' ? [tools.cc, tools.cxx] : []) {
    // A compiler for another machine under that name would make files that the target cannot load.
    const machine = firstLine(name, ['-dumpmachine']);
    if (machine === target.triple) continue;
    const found = machine === null ? 'is missing' : `compiles for ${machine}`;
    throw new Error(`${name} ${found}; it is needed for ${target.folder}: ${INSTALL_COMPILERS}`);
  }
  for (const [tool, wanted] of Object.entries(target.versions)) {
    const here = tools.versions[tool];
    if (here === wanted) continue;
    throw new Error(
      `the ${tool} of ${target.folder} is ${here}, but must be ${wanted}: ${INSTALL_COMPILERS}`,
    );
  }
  return tools;
}

function firstLine(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n', 1)[0] : null;
}
