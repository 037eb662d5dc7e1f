import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOP = fileURLToPath(new URL('../../', import.meta.url));

/** Bytes of the tarball that would be published, and of the files in it. */
export function packedSize() {
  const printed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: TOP,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const parsed = JSON.parse(printed);
  // npm 11 prints an object by package name; earlier versions print an array.
  const [{ size, unpackedSize }] = Object.values(parsed);
  return { size, unpackedSize };
}

/** Bytes that a package and all its dependencies take in node_modules. */
export function installedSize(name, from) {
  const seen = new Map();
  addPackage(seen, name, from);
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Bytes that the run-time dependencies of this package take in node_modules. */
export function dependenciesSize() {
  const { dependencies = {} } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8'));
  return Object.keys(dependencies)
    .map((name) => installedSize(name, join(TOP, 'package.json')))
    .reduce((sum, bytes) => sum + bytes, 0);
}

function addPackage(seen, name, from) {
  const folder = folderOf(name, from);
  if (seen.has(folder)) return;
  seen.set(folder, bytesIn(folder));
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const dependency of Object.keys(dependencies))
    addPackage(seen, dependency, join(folder, 'package.json'));
}

/** Finds a package as Node does: in the node_modules of the folder, or of a folder above it. */
function folderOf(name, from) {
  const candidates = createRequire(from).resolve.paths(name) ?? [];
  const found = candidates.map((path) => join(path, name)).find((path) => exists(join(path, 'package.json')));
  if (found === undefined) throw new Error(`${name} is not installed for ${dirname(from)}`);
  return found;
}

function exists(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function bytesIn(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? bytesIn(path) : statSync(path).size;
  }
  return bytes;
}
