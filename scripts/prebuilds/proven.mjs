// prebuilds/PROVEN.json names the addons for Windows and macOS that were tested on a machine of their own system. Only
// these are loaded unasked (src/backend/thin/proven.ts). The release workflow makes it.
// On such a machine, after the tests have passed: `node scripts/prebuilds/proven.mjs note FILE` writes what was tested.
// Before the package is packed: `node scripts/prebuilds/proven.mjs collect FOLDER` makes PROVEN.json of these notes.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readManifest, sha256 } from './manifest.mjs';
import { FILE_NAME, PREBUILDS, PROVEN, ROOT, TARGETS } from './targets.mjs';

/** The major versions of Node on which an addon must have been tested. */
const NODES = ['20', '22', '24'];
const MACHINES = TARGETS.filter(({ family }) => family === 'thin').map(({ folder }) => folder);

/** @returns what this machine has tested. */
function note() {
  const machine = `${process.platform}-${process.arch}`;
  if (!MACHINES.includes(machine)) throw new Error(`there is no addon for ${machine}`);
  const tested = sha256(readFileSync(join(ROOT, PREBUILDS, machine, FILE_NAME)));
  return { machine, sha256: tested, node: process.versions.node, system: `${process.platform} ${release()}` };
}

/**
 * @param notes as `note` makes them.
 * @param files of the manifest.
 * @returns the content of PROVEN.json: an addon that every version of Node has tested, as the package has it.
 */
export function provenBy(notes, files, run) {
  const addons = {};
  for (const machine of MACHINES) {
    const packed = files[`${machine}/${FILE_NAME}`]?.sha256;
    const ofThis = notes.filter((one) => one.machine === machine && one.sha256 === packed);
    const isWhole = NODES.every((major) => ofThis.some(({ node }) => node.split('.')[0] === major));
    if (packed === undefined || !isWhole) continue;
    const systems = [...new Set(ofThis.map(({ system }) => system))].sort();
    addons[machine] = { sha256: packed, nodes: ofThis.map(({ node }) => node).sort(), systems, run };
  }
  return { addons };
}

/** @returns what is wrong with the PROVEN.json of this folder, which need not have one. */
export function provenProblems(prebuilds) {
  const path = join(prebuilds, PROVEN);
  if (!existsSync(path)) return [];
  let addons;
  try {
    addons = Object.entries(JSON.parse(readFileSync(path, 'utf8')).addons);
  } catch (error) {
    return [`cannot be read: ${error.message}`];
  }
  const files = readManifest(prebuilds)?.files ?? {};
  return addons
    .filter(
      ([machine, entry]) =>
        !MACHINES.includes(machine) || entry?.sha256 !== files[`${machine}/${FILE_NAME}`]?.sha256,
    )
    .map(([machine]) => `names another file for ${JSON.stringify(machine)} than the manifest`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, path] = process.argv.slice(2);
  if (command === 'note') {
    writeFileSync(path, `${JSON.stringify(note())}\n`);
  } else if (command === 'collect') {
    const folder = join(ROOT, PREBUILDS);
    const names = existsSync(path) ? readdirSync(path, { recursive: true }) : [];
    const notes = names
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(path, name), 'utf8')));
    const run = process.env.GITHUB_RUN_ID ?? null;
    const proven = provenBy(notes, readManifest(folder)?.files ?? {}, run);
    writeFileSync(join(folder, PROVEN), `${JSON.stringify(proven, null, 2)}\n`);
    console.log(`proven: ${Object.keys(proven.addons).join(', ') || 'none'}`);
  } else {
    throw new Error('either `note FILE` or `collect FOLDER`');
  }
}
