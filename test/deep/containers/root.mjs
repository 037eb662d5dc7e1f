// Makes the root file system of the containers from this machine's own files: nothing is downloaded.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
export const INSIDE = '/opt/kernel-identity';
/** The parts of the project that a contender needs. */
const PARTS_OF_PROJECT = [
  ...['package.json', 'dist', 'build/Release/kernel_identity.node'],
  'test/deep/containers/contender.mjs',
];

/** The command that starts a contender in a container. */
export const CONTENDER = ['/usr/bin/node', `${INSIDE}/test/deep/containers/contender.mjs`];

/**
 * Fills a directory with a small root file system: busybox, node, and this project.
 * @param {string} root
 * @param {object} [contents]
 * @param {readonly string[]} [contents.programs] more paths of the project
 * @param {string} [contents.node] default: the Node that runs this
 */
export function makeRoot(root, { programs = [], node = process.execPath } = {}) {
  for (const folder of ['bin', 'usr/bin', 'etc', 'proc', 'sys', 'dev', 'run', 'vol']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  copy('/bin/busybox', root);
  for (const tool of ['sh', 'sleep', 'cat', 'ls', 'mount', 'true', 'sync'])
    symlinkSync('busybox', join(root, 'bin', tool));

  cpSync(node, join(root, 'usr/bin/node'), { dereference: true });
  for (const library of librariesOf(node, addon())) copy(library, root);
  for (const part of [...PARTS_OF_PROJECT, ...programs]) {
    cpSync(join(PROJECT, part), join(root, INSIDE, part), { recursive: true, dereference: true });
  }
}

function addon() {
  return join(PROJECT, 'build/Release/kernel_identity.node');
}

/**
 * Returns the paths of the shared libraries that they load, as ldd(1) names them.
 * @param {...string} programs
 */
function librariesOf(...programs) {
  const { stdout } = spawnSync('ldd', programs, { encoding: 'utf8' });
  const paths = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  return new Set(paths);
}

/**
 * Copies to the same path in the root. Links are followed, so that the copy has the name that programs ask
 * for.
 * @param {string} path
 * @param {string} root
 */
function copy(path, root) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  cpSync(path, join(root, path), { dereference: true });
}
