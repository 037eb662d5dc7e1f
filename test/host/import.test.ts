import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { installInto } from './install.js';

const SCRIPT = `
const costly = () => process.moduleLoadList.filter((name) => /^NativeModule (crypto|child_process)$/.test(name));
const before = costly();
await import(process.argv[1]);
const after = costly();
// Some versions of Node load other modules by themselves, so only these two are checked. The imports below
// make sure that the two names in the list are still right.
await Promise.all(['node:crypto', 'node:child_process'].map((name) => import(name)));
console.log(JSON.stringify({ before, after, all: costly().length }));`;

testRequiring(
  [isBuilt()],
  'importing the package loads no module of Node that is costly and can wait',
  () => {
    const { entry } = installInto();
    const args = ['--input-type=module', '--eval', SCRIPT, entry];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ before: [], after: [], all: 2 });
  },
);
