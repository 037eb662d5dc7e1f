// Makes prebuilds/ anew: `npm run prebuilds`, or `npm run prebuilds -- win32-x64` for some of the targets alone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSourceHash } from '../native-source-hash.mjs';
import { buildPrebuild } from './build.mjs';
import { entryOf, readManifest } from './manifest.mjs';
import { FILE_NAME, MANIFEST, PREBUILDS, ROOT, TARGETS } from './targets.mjs';

const folder = join(ROOT, PREBUILDS);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !TARGETS.some((target) => target.folder === name));
if (unknown.length > 0) throw new Error(`there is no target ${unknown}`);
const targets = TARGETS.filter((target) => wanted.length === 0 || wanted.includes(target.folder));

const built = targets.map((target) => {
  console.log(`compiling ${target.folder}`);
  return { target, ...buildPrebuild(target) };
});

// The old files are replaced only now, because a missing compiler must not leave half of the set.
const before = readManifest(folder) ?? { sources: {}, files: {} };
const sources = { ...before.sources };
const entries = { ...before.files };
for (const { target, ...result } of built) {
  const name = `${target.folder}/${FILE_NAME}`;
  mkdirSync(join(folder, target.folder), { recursive: true });
  writeFileSync(join(folder, name), result.bytes, { mode: 0o755 });
  entries[name] = entryOf(result);
  sources[target.family] = nativeSourceHash(target.family);
  console.log(`prebuilds/${name}: ${result.bytes.length} bytes`);
}
const names = TARGETS.map((target) => `${target.folder}/${FILE_NAME}`).filter((name) => name in entries);
const files = Object.fromEntries(names.map((name) => [name, entries[name]]));
const { linux, thin } = sources;
writeFileSync(join(folder, MANIFEST), `${JSON.stringify({ sources: { linux, thin }, files }, null, 2)}\n`);
