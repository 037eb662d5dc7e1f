// Checks that prebuilds/ was made from these sources and loads on every system that Node runs on:
// `npm run prebuilds:check`. `--rebuild` also compiles the files again and compares the bytes, if the compilers are those
// of the manifest.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSourceHash } from '../native-source-hash.mjs';
import { buildPrebuild } from './build.mjs';
import { loadability } from './loadable.mjs';
import { readManifest, sha256 } from './manifest.mjs';
import { FILE_NAME, INSTALL_COMPILERS, MANIFEST, PREBUILDS, TARGETS } from './targets.mjs';
import { toolchain } from './toolchain.mjs';

const hash = nativeSourceHash();
const skips = [];
let failed = false;

if (!existsSync(MANIFEST) || readManifest().sources.sha256 !== hash) {
  console.error('prebuilds/ was not made from these native sources');
  failed = true;
} else {
  const { files } = readManifest();
  for (const name of unexpectedFiles()) {
    console.error(`prebuilds/${name}: does not belong here`);
    failed = true;
  }
  for (const target of TARGETS) {
    const { problems, needs } = check(target, files[`${target.folder}/${FILE_NAME}`]);
    const floors = Object.entries(needs).map(([family, version]) => `${family}_${version}`);
    console.log(
      `prebuilds/${target.folder}: ${problems.length === 0 ? 'ok' : 'NOT ok'}; ${floors.join(' ')}`,
    );
    for (const problem of problems) console.error(`  ${problem}`);
    failed ||= problems.length > 0;
  }
}

for (const skip of skips) console.log(`SKIPPED ${skip}`);
if (failed) {
  console.error(`to make them anew: ${INSTALL_COMPILERS} && npm run prebuilds, then commit prebuilds/`);
  process.exitCode = 1;
} else if (skips.length > 0 && process.env.CI === 'true') {
  console.error('CI must not skip any check: see above');
  process.exitCode = 1;
}

function check(target, entry) {
  const file = join(PREBUILDS, target.folder, FILE_NAME);
  if (!existsSync(file) || entry === undefined) return { problems: ['is missing'], needs: {} };
  const bytes = readFileSync(file);
  const { problems, skipped, needs } = loadability(file, target);
  skips.push(...skipped.map((what) => `${target.folder}: ${what}`));
  if (sha256(bytes) !== entry.sha256) problems.push('is not the file of the manifest');
  if (!bytes.includes(hash)) problems.push('does not contain the hash of the native sources');
  if (process.argv.includes('--rebuild')) problems.push(...rebuilt(target, entry));
  return { problems, needs };
}

function rebuilt(target, entry) {
  const { versions } = toolchain(target);
  if (versions.compiler === null) {
    skips.push(`${target.folder}: not built again, because the compiler is missing: ${INSTALL_COMPILERS}`);
    return [];
  }
  for (const [name, version] of Object.entries(versions)) {
    if (version === entry[name]) continue;
    // This is no failure, because another release of a compiler makes other bytes.
    console.log(
      `prebuilds/${target.folder}: not built again: made with ${entry[name]}, but this machine has ${version}`,
    );
    return [];
  }
  const again = sha256(buildPrebuild(target).bytes);
  if (again !== entry.sha256) return [`is another file when it is built again, of sha256 ${again}`];
  console.log(`prebuilds/${target.folder}: built again, the same bytes: sha256 ${again}`);
  return [];
}

/** Lists the files that do not belong here, because whatever lies here is published. */
function unexpectedFiles() {
  const expected = TARGETS.map(({ folder }) => `${folder}/${FILE_NAME}`);
  return readdirSync(PREBUILDS, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(PREBUILDS.length + 1))
    .filter((name) => name !== 'manifest.json' && !expected.includes(name));
}
