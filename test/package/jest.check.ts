// Jest runs tests as CommonJS modules, in contexts of their own, and does not load ES modules.
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { OF_COMMONJS, Workplace } from './project.js';

const JAVASCRIPT = `
const { acquireLockSync, dumpDiagnostics, inspectLockSync, LockTimeoutError } = require('kernel-identity');
test('a lock excludes', () => {
  const lock = acquireLockSync('jest.lock');
  expect(() => acquireLockSync('jest.lock')).toThrow(expect.objectContaining({ code: 'EDEADLK' }));
  expect(inspectLockSync('jest.lock').state).toBe('held');
  expect(LockTimeoutError.prototype).toBeInstanceOf(Error);
  lock.releaseSync();
  expect(dumpDiagnostics().backend).toEqual({ name: 'native', reason: 'the addon loaded' });
});
test('what stands in the place of proper-lockfile excludes', () => {
  const lockfile = require('kernel-identity/proper-lockfile');
  const release = lockfile.lockSync('other', { realpath: false });
  expect(lockfile.checkSync('other', { realpath: false })).toBe(true);
  release();
});
`;
const TYPESCRIPT = `
import { acquireLock, type Lock, selfIdentity, withLock } from 'kernel-identity';
test('a lock is taken and released', async () => {
  const lock: Lock = await acquireLock('ts.lock', { timeout: 0 });
  expect(lock.owner.pid).toBe(selfIdentity().pid);
  await lock.release();
  expect(await withLock('ts.lock', () => 42)).toBe(42);
});
`;

let workplace: Workplace;
beforeAll(() => {
  workplace = new Workplace();
});
afterAll(() => workplace?.remove());

describe.each(['29', '30'])('Jest %s', (version) => {
  testRequiring([isBuilt()], 'runs tests that require the package, and TypeScript that imports it', () => {
    const jest = [`jest@${version}`, '@types/node@20'];
    const typescript = ['ts-jest@29', 'typescript@5.9', `@types/jest@${version}`];
    const project = workplace.installed([...jest, ...typescript], OF_COMMONJS);
    project.write('tests/lock.test.js', JAVASCRIPT);
    project.write('tests/typed.test.ts', TYPESCRIPT);
    project.write('jest.config.js', `module.exports = { preset: 'ts-jest' };`);
    const compilerOptions = { module: 'commonjs', target: 'ES2022', strict: true, types: ['node', 'jest'] };
    project.write('tsconfig.json', JSON.stringify({ compilerOptions }));
    const { status, stdout, stderr } = project.run(['node', 'node_modules/jest/bin/jest.js', '--ci']);
    expect({ status, output: stdout + stderr }).toMatchObject({
      status: 0,
      output: expect.stringContaining('Tests:       3 passed, 3 total'),
    });
    expect(stderr).not.toMatch(/did not exit|worker process has failed/);
  });
});
