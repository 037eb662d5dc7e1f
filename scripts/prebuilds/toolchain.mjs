// The compilers that the prebuilds are made with.
import { spawnSync } from 'node:child_process';
import { INSTALL_COMPILERS } from './targets.mjs';

/** The programs for one target. Their versions decide the bytes, so they go into the manifest. */
export function toolchain({ triple }) {
  const program = (name) => `${triple}-${name}`;
  return {
    cc: program('gcc'),
    cxx: program('g++'),
    strip: program('strip'),
    /** What stands in the manifest; null where a program is missing. */
    versions: {
      compiler: firstLine(program('g++'), ['--version']),
      linker: firstLine(program('ld'), ['--version']),
    },
  };
}

/** @throws {Error} saying what to install. */
export function verifiedToolchain(target) {
  const tools = toolchain(target);
  for (const name of [tools.cc, tools.cxx]) {
    // A compiler of another machine in its place would fill the folder with files that nobody there can load.
    const machine = firstLine(name, ['-dumpmachine']);
    if (machine === target.triple) continue;
    const found = machine === null ? 'is missing' : `compiles for ${machine}`;
    throw new Error(`${name} ${found}; it is needed for ${target.folder}: ${INSTALL_COMPILERS}`);
  }
  return tools;
}

function firstLine(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n', 1)[0] : null;
}
