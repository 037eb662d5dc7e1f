// Checks that prebuilds/ was made from these sources, is hardened, and loads on every system that Node runs on:
// `npm run prebuilds:check`. `--rebuild` compiles the files again and compares the bytes; without the right compilers
// that is no success. The folder of an installed package as an argument: its files are compared with these sources.
// Exit codes: 1 something is wrong; 2 a comparison that was asked for, or any check in CI, could not be made.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeSourceHash } from '../native-source-hash.mjs';
import { buildPrebuild } from './build.mjs';
import { missingHardening } from './hardened.mjs';
import { loadability } from './loadable.mjs';
import { macosProblems } from './macos.mjs';
import { readManifest, sha256 } from './manifest.mjs';
import { provenProblems } from './proven.mjs';
import { readElf } from './read-elf.mjs';
import { reproduction } from './reproduce.mjs';
import { FILE_NAME, INSTALL_COMPILERS, MANIFEST, PREBUILDS, PROVEN, ROOT, TARGETS } from './targets.mjs';
import { toolchain } from './toolchain.mjs';
import { windowsProblems } from './windows.mjs';

const {
  values: { rebuild },
  positionals: [root = ROOT],
} = parseArgs({ options: { rebuild: { type: 'boolean', default: false } }, allowPositionals: true });
const folder = join(root, PREBUILDS);
const skips = [];
let failed = false;

const manifest = readManifest(folder);
for (const family of new Set(TARGETS.map((target) => target.family))) {
  const isOfThese = manifest?.sources[family] === nativeSourceHash(family);
  if (!isOfThese) report(`its files for ${family} were not made from these native sources`);
}
for (const name of unexpectedFiles()) report('does not belong here', name);
for (const problem of provenProblems(folder)) report(problem, PROVEN);
if (root !== ROOT)
  for (const name of otherAddons()) report('may be loaded in place of these files', name, '');
for (const target of TARGETS) {
  const name = `${target.folder}/${FILE_NAME}`;
  const { problems, needs } = check(target, join(folder, name), manifest?.files[name]);
  for (const problem of problems) report(problem, name);
  const floors = Object.entries(needs).map(([family, version]) => `${family}_${version}`);
  if (problems.length === 0) console.log(`prebuilds/${target.folder}: ok; ${floors.join(' ')}`);
}

for (const skip of skips) console.log(`SKIPPED ${skip}`);
if (failed) {
  if (root === ROOT) console.error(`to make them anew: ${INSTALL_COMPILERS}, and npm run prebuilds`);
  process.exitCode = 1;
} else if (skips.length > 0 && (rebuild || process.env.CI === 'true')) {
  console.error('not everything could be checked: see SKIPPED');
  process.exitCode = 2;
} else if (rebuild) {
  console.log('compiled again from these sources, the files are the same, byte by byte');
}

function report(problem, name = '', under = PREBUILDS) {
  console.error(`${join(under, name)}: ${problem}`);
  failed = true;
}

function check(target, file, entry) {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return { problems: [`cannot be read: ${error.code}`], needs: {} };
  }
  const problems = [];
  if (sha256(bytes) !== entry?.sha256) problems.push('is not the file of the manifest');
  if (!bytes.includes(nativeSourceHash(target.family)))
    problems.push('does not contain the hash of the native sources');
  for (const [tool, wanted] of Object.entries(target.versions)) {
    if (entry?.[tool] !== wanted) problems.push(`was not made with the ${tool} ${wanted}`);
  }
  const { needs, skipped, ...inside } = inspected(file, target);
  problems.push(...inside.problems);
  // What differs already need not be compiled.
  if (rebuild && problems.length === 0) {
    const { versions } = toolchain(target);
    const result = reproduction(target, { bytes, entry }, { versions, build: buildPrebuild });
    problems.push(...result.problems);
    skipped.push(...result.skipped);
  }
  skips.push(...skipped.map((what) => `${target.folder}: ${what}`));
  return { problems, needs };
}

/** Checks what stands in the file itself. */
function inspected(file, target) {
  const problemsOf = { windows: windowsProblems, darwin: macosProblems }[target.system];
  if (problemsOf !== undefined) return { problems: problemsOf(file, target), skipped: [], needs: {} };
  let elf;
  try {
    elf = readElf(file);
  } catch (error) {
    return { problems: [`cannot be read by readelf: ${error.message}`], skipped: [], needs: {} };
  }
  if (elf === undefined) {
    return {
      problems: [],
      skipped: ['what it needs and how it is hardened: apt-get install binutils'],
      needs: {},
    };
  }
  const { problems, ...rest } = loadability(elf, target);
  return { problems: [...problems, ...missingHardening(elf)], ...rest };
}

/** Lists what does not belong here, because whatever lies here is published. */
function unexpectedFiles() {
  const expected = [MANIFEST, PROVEN, ...TARGETS.map((target) => join(target.folder, FILE_NAME))];
  let found = [];
  try {
    found = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    report(`cannot be read: ${error.message}`);
  }
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ name: relative(folder, join(entry.parentPath, entry.name)), isFile: entry.isFile() }))
    .filter(({ name, isFile }) => !isFile || !expected.includes(name))
    .map(({ name }) => JSON.stringify(name));
}

/**
 * Lists the addons that an installed package has elsewhere. The package prefers one in its build/ and one beside its
 * code, which are for clones and for bundles. A link may lead to one, and no published package has links.
 */
function otherAddons() {
  let found = [];
  try {
    found = readdirSync(root, { recursive: true, withFileTypes: true });
  } catch {
    // That prebuilds/ cannot be read is reported already.
  }
  return found
    .filter((entry) => entry.isSymbolicLink() || entry.name.endsWith('.node'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((name) => !/^(prebuilds|node_modules)\//.test(name))
    .map((name) => JSON.stringify(name));
}
