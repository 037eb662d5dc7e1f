// Makes prebuilds/ anew, for every target: `npm run prebuilds`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSourceHash } from '../native-source-hash.mjs';
import { buildPrebuild } from './build.mjs';
import { entryOf } from './manifest.mjs';
import { FILE_NAME, MANIFEST, PREBUILDS, ROOT, TARGETS } from './targets.mjs';

const folder = join(ROOT, PREBUILDS);

const built = TARGETS.map((target) => {
  console.log(`compiling ${target.folder}`);
  return { target, ...buildPrebuild(target) };
});

// The old files are removed only now, because a missing compiler must not leave half of the set.
rmSync(folder, { recursive: true, force: true });
const files = {};
for (const { target, ...result } of built) {
  mkdirSync(join(folder, target.folder), { recursive: true });
  writeFileSync(join(folder, target.folder, FILE_NAME), result.bytes, { mode: 0o755 });
  files[`${target.folder}/${FILE_NAME}`] = entryOf(result);
  console.log(`prebuilds/${target.folder}/${FILE_NAME}: ${result.bytes.length} bytes`);
}
const manifest = { sources: { sha256: nativeSourceHash() }, files };
writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
