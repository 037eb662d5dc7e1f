// The entry as programs find it: required and imported, by its own name and in the place of proper-lockfile.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { read, TOP } from '../docs/pages.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** A project in which `overrides` have put the package in the place of proper-lockfile. */
function project(): string {
  const folder = tempDir();
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(TOP, join(folder, 'node_modules/kernel-identity'));
  symlinkSync(join(TOP, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  cpSync(join(TOP, 'packages/proper-lockfile'), join(folder, 'node_modules/proper-lockfile'), {
    recursive: true,
  });
  writeFileSync(join(folder, 'data'), '');
  return folder;
}

const REQUIRED = `
  const listeners = process.eventNames().length;
  const lockfile = require(process.argv[2]);
  if (lockfile !== lockfile.lock || lockfile.default !== lockfile) throw new Error('it is not a function with the others');
  const release = lockfile.lockSync('data');
  import(process.argv[2]).then(({ default: imported, checkSync }) => {
    if (imported !== lockfile || !checkSync('data')) throw new Error('there are two copies');
    release();
    // Nothing listens to signals, and one listener to the end of the process.
    console.log(process.eventNames().length - listeners, checkSync('data'));
  });
`;

testRequiring([isBuilt()], 'it is one copy, however it is loaded, and installs no handler of signals', () => {
  const cwd = project();
  writeFileSync(join(cwd, 'required.cjs'), REQUIRED);
  for (const name of ['kernel-identity/proper-lockfile', 'proper-lockfile']) {
    const { stdout, stderr } = spawnSync(process.execPath, ['required.cjs', name], { cwd, encoding: 'utf8' });
    expect(stdout, stderr).toBe('1 false\n');
  }
});

const TYPED = `
  import lockfile, { check, lock, type LockOptions } from 'proper-lockfile';
  import * as all from 'kernel-identity/proper-lockfile';
  const options: LockOptions = { stale: 5_000, update: 1_000, realpath: false, fs: {}, lockfilePath: 'x', onCompromised: (error) => error.stack };
  export async function use(): Promise<boolean> {
    const release: () => Promise<void> = await lock('data', { ...options, retries: { retries: 2, forever: true, unref: true } });
    await release();
    const give: () => void = lockfile.lockSync('data', { onReclaimed: ({ holder, ageMs }) => holder === null || holder.pid + ageMs });
    give();
    all.unlockSync('data');
    await lockfile('data', { retries: 5 });
    // @ts-expect-error: there is no such option
    await all.lock('data', { stael: 1 });
    return check('data', { stale: 5_000 });
  }
`;

testRequiring(
  [isBuilt()],
  'its types are found by both ways to resolve a module, from both kinds of modules',
  () => {
    const folder = project();
    for (const name of ['a.mts', 'b.cts']) writeFileSync(join(folder, name), TYPED);
    const common = {
      strict: true,
      target: 'ES2022',
      lib: ['ES2023', 'ESNext.Disposable'],
      types: ['node'],
      noEmit: true,
    };
    const ways = [
      { module: 'node16', files: ['a.mts', 'b.cts'] },
      { module: 'preserve', moduleResolution: 'bundler', files: ['a.mts', 'b.cts'] },
    ];
    for (const { files, ...way } of ways) {
      const compilerOptions = { ...common, ...way };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const tsc = join(TOP, 'node_modules/typescript/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
      expect(stdout).toBe('');
    }
  },
);

testRequiring([isBuilt()], 'the package for overrides depends on this version', () => {
  const { version } = JSON.parse(read('package.json'));
  const { dependencies } = JSON.parse(read('packages/proper-lockfile/package.json'));
  expect(dependencies).toEqual({ 'kernel-identity': `^${version}` });
});
