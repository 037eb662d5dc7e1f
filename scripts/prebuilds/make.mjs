// Makes prebuilds/ anew, for every target: `npm run prebuilds`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSourceHash } from '../native-source-hash.mjs';
import { buildPrebuild } from './build.mjs';
import { sha256 } from './manifest.mjs';
import { FILE_NAME, MANIFEST, PREBUILDS, TARGETS } from './targets.mjs';

const built = TARGETS.map((target) => {
  console.log(`compiling ${target.folder}`);
  return { target, ...buildPrebuild(target) };
});

// The old files are removed only now, because a missing compiler must not leave half of the set.
rmSync(PREBUILDS, { recursive: true, force: true });
const files = {};
for (const { target, bytes, flags, versions } of built) {
  mkdirSync(join(PREBUILDS, target.folder), { recursive: true });
  writeFileSync(join(PREBUILDS, target.folder, FILE_NAME), bytes, { mode: 0o755 });
  files[`${target.folder}/${FILE_NAME}`] = {
    sha256: sha256(bytes),
    size: bytes.length,
    ...versions,
    ...flags,
  };
  console.log(`prebuilds/${target.folder}/${FILE_NAME}: ${bytes.length} bytes`);
}
const manifest = { sources: { sha256: nativeSourceHash() }, files };
writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
