// Installs a packed package into an empty project, and tests it there, in this Node: what every runtime must keep, and
// that its command works. It needs nothing but Node and npm. Usage: node test/package/tarball.mjs FILE.tgz
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const tarball = resolve(process.argv[2] ?? '');
const project = mkdtempSync(join(tmpdir(), 'kernel-identity-tarball-'));
process.on('exit', () => rmSync(project, { recursive: true, force: true }));

/**
 * Runs a program in the project, whose output is shown.
 * @param {string} program
 * @param {...string} args
 */
function run(program, ...args) {
  const { status, error } = spawnSync(program, args, { cwd: project, stdio: 'inherit' });
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', tarball);
for (const name of ['contract.mjs', 'contract-owner.mjs']) {
  cpSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), join(project, name));
}
for (const backend of ['native', 'procfs']) {
  process.env.KERNEL_IDENTITY_BACKEND = backend === 'native' ? '' : backend;
  run(process.execPath, 'contract.mjs', backend);
}
const command = join(project, 'node_modules/.bin/kernel-identity');
run(command, 'run', 'a.lock', '--', process.execPath, '--eval', 'process.exit(0)');
run(command, '--version');
const { name, dependencies } = JSON.parse(
  readFileSync(join(project, 'node_modules/kernel-identity/package.json'), 'utf8'),
);
assert.deepEqual({ name, dependencies }, { name: 'kernel-identity', dependencies: undefined });
