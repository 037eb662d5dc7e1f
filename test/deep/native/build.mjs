import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SYSTEM = fileURLToPath(new URL('../../../native/linux', import.meta.url));
/** The flags of the addon, with debug information and without hidden symbols. */
const FLAGS = [
  '-std=c++20',
  '-fno-exceptions',
  '-g',
  '-O1',
  '-fno-sanitize-recover=undefined',
  '-Wall',
  '-Wextra',
];

/**
 * Builds a program of this folder and links it with all of native/linux.
 * @param {string} compiler
 * @param {string} name
 * @param {string} sanitizers
 * @param {string} directory
 * @returns {string} its path
 */
export function buildProgram(compiler, name, sanitizers, directory) {
  const program = join(directory, `${name}-${sanitizers}`);
  const sources = readdirSync(SYSTEM).filter((file) => file.endsWith('.cc'));
  const { status, stderr } = spawnSync(
    compiler,
    [
      ...[...FLAGS, `-fsanitize=${sanitizers}`, `-I${SYSTEM}`, join(HERE, `${name}.cc`)],
      ...[...sources.map((file) => join(SYSTEM, file)), '-o', program, '-pthread'],
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${name} does not compile: ${stderr}`);
  return program;
}
