// The package as programs find it: below a dependency, by the overrides of npm, pnpm and yarn, and in test runners.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, NPM_INSTALL, pack, packOurs, replacing } from './install.mjs';

/** Programs that install a project, from npm, with the key of package.json by which they replace a dependency. */
const MANAGERS = {
  npm: { command: NPM_INSTALL, key: (/** @type {object} */ overrides) => ({ overrides }) },
  'pnpm 10': {
    command: ['npx', '--yes', 'pnpm@10', 'install', '--ignore-scripts'],
    key: (/** @type {object} */ overrides) => ({ pnpm: { overrides } }),
  },
  'yarn 1': {
    command: ['npx', '--yes', 'yarn@1', 'install', '--ignore-scripts', '--non-interactive'],
    key: (/** @type {object} */ resolutions) => ({ resolutions }),
  },
};

/** Says which package it got as proper-lockfile, and whether that locks. */
const DEPENDENT = `
const { lockSync, checkSync } = require('proper-lockfile');
const release = lockSync(__filename);
const held = checkSync(__filename);
release();
console.log(require('proper-lockfile/package.json').name, held, checkSync(__filename));
`;

const TEST = `
const { writeFileSync } = require('node:fs');
const run = globalThis.test ?? require('node:test').test;
run('it loads and locks', async () => {
  for (const name of ['proper-lockfile', 'kernel-identity/proper-lockfile']) {
    const { lock, check, lockSync } = require(name);
    const file = __filename + '.' + name.length;
    writeFileSync(file, '');
    const release = await lock(file, { retries: 2 });
    if (!(await check(file))) throw new Error('it is not held');
    await release();
    if (await check(file)) throw new Error('it is still held');
    lockSync(file)();
  }
});
`;
const RUNNERS = {
  'Jest 29': ['node_modules/jest29/bin/jest.js', '--rootDir', '.'],
  'Jest 30': ['node_modules/jest30/bin/jest.js', '--rootDir', '.'],
  'node:test': ['--test', 'it.test.cjs'],
  'vitest 4': ['node_modules/vitest/vitest.mjs', 'run', '--globals'],
};
const RUNNER_PACKAGES = { jest29: 'npm:jest@29', jest30: 'npm:jest@30', vitest: '4' };

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {{ top: string, directory: string }} setting
 */
export function runPrograms(report, { top, directory }) {
  const base = join(directory, 'programs');
  const packed = packOurs(top, join(base, 'packed'));
  const dependent = makeDependent(base);
  for (const [name, { command, key }] of Object.entries(MANAGERS)) {
    const project = join(base, name.replaceAll(' ', '-'));
    const failure = install(
      project,
      { dependencies: { dependent: `file:${dependent}` }, ...key(replacing(packed)) },
      command,
    );
    const said = failure ?? run(project, ['-p', 'require("dependent"), ""']);
    const expected = 'kernel-identity-proper-lockfile true false';
    report.row({
      runtime: name,
      situation: 'overrides reach a dependency',
      result: said.includes(expected) ? 'it has this package, and locks' : 'not so',
      failures: said.includes(expected) ? [] : [said],
    });
  }
  const project = join(base, 'runners');
  const manifest = {
    dependencies: {
      dependent: `file:${dependent}`,
      'kernel-identity': `file:${packed.own}`,
      'proper-lockfile': `file:${packed.standIn}`,
      ...RUNNER_PACKAGES,
    },
  };
  const failure = install(project, { ...manifest, jest: { testMatch: ['**/it.test.cjs'] } }, NPM_INSTALL);
  if (failure !== null) return report.skip('npm', 'test runners', failure);
  writeFileSync(join(project, 'it.test.cjs'), TEST);
  for (const [name, args] of Object.entries(RUNNERS)) {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
    report.row({
      runtime: name,
      situation: 'loads it and locks',
      result: status === 0 ? 'passed' : 'failed',
      failures: status === 0 ? [] : [(stdout + stderr).slice(-600)],
    });
  }
}

/** @param {string} base */
function makeDependent(base) {
  const folder = join(base, 'dependent');
  mkdirSync(folder);
  const manifest = {
    name: 'dependent',
    version: '1.0.0',
    main: 'index.js',
    dependencies: { 'proper-lockfile': '^4.1.2' },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'index.js'), DEPENDENT);
  return pack(folder, base);
}

/**
 * @param {string} cwd
 * @param {readonly string[]} args
 */
function run(cwd, args) {
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return stdout + stderr;
}
