// Makes single executables (nodejs.org/api/single-executable-applications.html) by the recipes of
// docs/packaging.md.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { bundleFile, COMMONJS, hasEsbuild } from '../helpers/esbuild.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { type Project, Workplace } from './project.js';
import { NODES, tool } from './tools.js';

const REPORT = `const locked = withLockSync(process.execPath + '.lock', (lock) => lock.owner.pid === process.pid);
console.log(JSON.stringify([dumpDiagnostics().backend.name, locked]));`;
const LOADS = `const { createRequire } = require('node:module');
const { dumpDiagnostics, withLockSync } = createRequire(process.execPath)('kernel-identity');
${REPORT}`;
const HOLDS = `import { dumpDiagnostics, withLockSync } from 'kernel-identity';
${REPORT}`;

/**
 * Marks the place for the script in the executable. postject puts it there for Nodes that cannot do it
 * themselves.
 */
const FUSE = ['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'];
const postject = tool('postject');

let workplace: Workplace;
let project: Project;
beforeAll(async () => {
  workplace = new Workplace();
  project = workplace.installed();
  project.write('loads.cjs', LOADS);
  const bundled = join(project.folder, 'holds.cjs');
  if (hasEsbuild.available) await bundleFile(project.write('holds.mjs', HOLDS), bundled, COMMONJS);
});
afterAll(() => workplace?.remove());

/** Makes one of a script of the project, in its own folder. */
function makeExecutable(node: string, script: string): { folder: string; path: string } {
  const folder = mkdtempSync(join(workplace.root, 'executable-'));
  const path = join(folder, 'application');
  const config = join(folder, 'sea.json');
  const builds = run(node, '--help').includes('--build-sea');
  const output = builds ? path : `${path}.blob`;
  const main = join(project.folder, script);
  writeFileSync(config, JSON.stringify({ main, output, disableExperimentalSEAWarning: true }));
  run(node, builds ? '--build-sea' : '--experimental-sea-config', config);
  if (!builds) {
    copyFileSync(node, path);
    run(process.execPath, postject.path, path, 'NODE_SEA_BLOB', output, ...FUSE);
  }
  return { folder, path };
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** Returns the backend that serves in it, and checks that it has taken a lock. */
function backendIn(path: string): string {
  const [backend, locked] = JSON.parse(project.run([path]).stdout);
  expect(locked).toBe(true);
  return backend;
}

describe.each(NODES)('a single executable with %s', (name) => {
  const needs = [isBuilt(), tool(name), postject];

  testRequiring(needs, 'loads the package that lies beside it', () => {
    const { folder, path } = makeExecutable(tool(name).path, 'loads.cjs');
    cpSync(join(project.folder, 'node_modules'), join(folder, 'node_modules'), { recursive: true });
    expect(backendIn(path)).toBe('native');
  });

  testRequiring([...needs, hasEsbuild], 'holds the package, and has its addon if that lies beside it', () => {
    const { folder, path } = makeExecutable(tool(name).path, 'holds.cjs');
    expect(backendIn(path)).toBe('procfs');
    const prebuilds = join(project.folder, 'node_modules/kernel-identity/prebuilds');
    cpSync(prebuilds, join(folder, 'prebuilds'), { recursive: true });
    expect(backendIn(path)).toBe('native');
  });
});
