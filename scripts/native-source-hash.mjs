// Prints the SHA-256 of everything that the addon is built from. binding.gyp compiles it into the binary, so that a
// binary of other sources can be recognised.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export function nativeSources() {
  return readdirSync(join(root, 'native'), { recursive: true })
    .map((name) => `native/${name.replaceAll('\\', '/')}`)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort();
}

export function nativeSourceHash() {
  const hash = createHash('sha256');
  for (const name of ['binding.gyp', ...nativeSources()]) {
    // The hash includes names and lengths, because moving text from one file to the next is a change.
    const text = readFileSync(join(root, name), 'utf8').replaceAll('\r\n', '\n');
    hash.update(`${name}\0${text.length}\0${text}`);
  }
  return hash.digest('hex');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(nativeSourceHash());
}
