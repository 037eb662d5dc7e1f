// Prints the SHA-256 of everything that the addon for Linux is built from. binding.gyp compiles it into the binary, so that
// a binary of other sources can be recognised. The addons for Windows and macOS have sources and a hash of their own.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The folders of native/ that each family of addons is built from, and what else decides its bytes. */
const FAMILIES = {
  linux: { folders: ['binding', 'linux'], files: ['binding.gyp'] },
  thin: { folders: ['darwin', 'thin', 'windows'], files: [] },
};

/** @param family `linux` or `thin`: Windows and macOS. Default: all sources. */
export function nativeSources(family) {
  const folders = family === undefined ? readdirSync(join(root, 'native')) : FAMILIES[family].folders;
  return folders
    .flatMap((folder) => readdirSync(join(root, 'native', folder)).map((name) => `native/${folder}/${name}`))
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort();
}

export function nativeSourceHash(family = 'linux') {
  const hash = createHash('sha256');
  for (const name of [...FAMILIES[family].files, ...nativeSources(family)]) {
    // The hash includes names and lengths, because moving text from one file to the next is a change.
    const text = readFileSync(join(root, name), 'utf8').replaceAll('\r\n', '\n');
    hash.update(`${name}\0${text.length}\0${text}`);
  }
  return hash.digest('hex');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(nativeSourceHash());
}
