// Checks whether a prebuild loads on every system that Node runs on: it must be for the right machine, and must need
// nothing that an old glibc or musl lacks.
import { existsSync, readdirSync } from 'node:fs';
import { readElf } from './read-elf.mjs';
import { FLOOR, LIBRARIES } from './targets.mjs';

/**
 * @param elf as `readElf` returns it.
 * @returns what is wrong with the file, what could not be checked, and the newest versions that it asks for.
 */
export function loadability(elf, target) {
  const problems = [];
  if (elf.machine !== target.machine) problems.push(`is for ${elf.machine}, not for ${target.machine}`);
  for (const library of elf.libraries) {
    if (!LIBRARIES.includes(library)) problems.push(`needs ${library}, which not every system has`);
  }

  const needs = newestVersions(elf.imports);
  for (const [family, version] of Object.entries(needs)) {
    const floor = FLOOR[family];
    if (floor === undefined) problems.push(`asks for ${family}_${version}, for which no floor is stated`);
    else if (compareVersions(version, floor) > 0) {
      const names = elf.imports.filter((symbol) => symbol.version === `${family}_${version}`);
      const list = names.map(({ name }) => name).join(', ');
      problems.push(`asks for ${family}_${version}, above the floor of ${floor}: ${list}`);
    }
  }

  const musl = muslSymbols();
  if (musl === undefined) {
    return { problems, skipped: ['whether musl has the names that it uses: apt-get install musl'], needs };
  }
  for (const { name, version } of elf.imports) {
    if (version?.startsWith('GLIBC_') && !musl.has(name)) problems.push(`uses ${name}, which musl lacks`);
  }
  return { problems, skipped: [], needs };
}

/** Returns the newest version of each family, such as `{ GLIBC: '2.17' }`. */
function newestVersions(imports) {
  const newest = {};
  for (const { version } of imports) {
    if (version === undefined) continue;
    const [family, number] = version.split('_');
    if (newest[family] === undefined || compareVersions(number, newest[family]) > 0) newest[family] = number;
  }
  return newest;
}

function compareVersions(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/**
 * Returns the names that musl has; undefined when musl is not installed. They are the same on every 64-bit architecture,
 * so the musl of this machine serves for all.
 */
function muslSymbols() {
  const loader = readdirSync('/lib').find((name) => /^ld-musl-.*\.so\.1$/.test(name));
  if (loader === undefined || !existsSync(`/lib/${loader}`)) return undefined;
  return readElf(`/lib/${loader}`)?.exports;
}
