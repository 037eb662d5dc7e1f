// kernel-identity/testing: owners that do not exist, as a user's tests would have them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { FAKES } from '../../src/judge/fakes.js';
import { type FakeOwner, type FakeOwnerOptions, fakeOwner, loseLock } from '../../src/testing.js';
import { TOP } from '../docs/pages.js';
import { describeForEachBackend, describeForEveryBackend } from '../helpers/package.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { thrown } from '../helpers/thrown.js';

const owners: FakeOwner[] = [];
const newPath = () => join(tempDir(), 'install.lock');

function made(options?: FakeOwnerOptions): FakeOwner {
  const owner = fakeOwner(options);
  owners.push(owner);
  return owner;
}

afterEach(() => {
  for (const owner of owners.splice(0)) owner.close();
  expect(FAKES in globalThis).toBe(false);
  vi.unstubAllEnvs();
});

describeForEveryBackend('a fake owner', (api) => {
  test('is alive elsewhere: its lock is not taken, and an error names it', async () => {
    const lock = newPath();
    made({ lock, label: 'other', pid: 7, hostname: 'gateway-2', containerId: 'c'.repeat(64) });
    expect(await api.inspectLock(lock)).toMatchObject({
      state: 'held',
      verdict: { state: 'alive', certainty: 'proven', reason: 'witness-held' },
      owner: { pid: 7, label: 'other', identity: { hostname: 'gateway-2' } },
    });
    expect(api.tryAcquireLockSync(lock)).toBeNull();
    expect((await api.reclaimLock(lock)).reclaimed).toBe(false);
    await expect(api.acquireLock(lock, { timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      reason: 'witness-held',
      owner: { pid: 7 },
    });
  });

  test('dies: who waits gets its lock, and hears whose it was', async () => {
    const path = newPath();
    const owner = made({ lock: path, label: 'other' });
    const waiting = api.acquireLock(path, { timeout: 5_000, onWait: () => owner.die() });
    const lock = await waiting;
    expect(owner.state).toBe('dead');
    expect(lock.reclaimed).toMatchObject({
      owner: { label: 'other' },
      verdict: { state: 'dead', reason: 'witness-free' },
    });
    owner.close();
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
  });

  test('cannot be judged: nobody touches its lock', async () => {
    const lock = newPath();
    const owner = made({ lock, state: 'unknown' });
    expect(api.inspectLockSync(lock)).toMatchObject({
      state: 'unknown',
      verdict: { reason: 'process-hidden' },
    });
    expect(api.tryAcquireLockSync(lock)).toBeNull();
    owner.become('alive');
    expect(api.inspectLockSync(lock).state).toBe('held');
    owner.close();
    expect(existsSync(lock)).toBe(false);
    owner.close();
  });

  test('has an identity that is judged and watched like any other', () => {
    const owner = made();
    const other = made({ state: 'dead' });
    const watch = api.watchOwner(owner.identity);
    expect([watch.alive, api.judgeOwner(owner.identity).state]).toEqual([true, 'alive']);
    expect(api.judgeOwner({ identity: api.formatIdentity(other.identity) }).reason).toBe('no-such-process');
    owner.become('unknown');
    expect([watch.alive, watch.verdict.state]).toEqual([true, 'unknown']);
    owner.die();
    expect([watch.alive, watch.verdict.state]).toEqual([false, 'dead']);
    watch.close();
    // All others are judged by the kernel.
    expect(api.judgeOwner(api.selfIdentity()).state).not.toBe('dead');
  });

  test('takes a lock away: the program hears of it at once', () => {
    const lock = api.acquireLockSync(newPath());
    const { signal } = lock;
    loseLock(lock);
    expect(signal.aborted).toBe(true);
    expect(lock.verify()).toBe(false);
    expect(thrown(() => lock.releaseSync()).code).toBe('ERR_LOCK_LOST');
    api.acquireLockSync(lock.path).releaseSync();
  });
});

describeForEachBackend('a fake owner that was left behind', (api) => {
  test('is dead for everybody else, so that no lock is blocked for ever', () => {
    const path = newPath();
    const owner = made({ lock: path });
    const { identity } = owner;
    // As a process finds it that has no fake owners.
    const fakes = Reflect.get(globalThis, FAKES);
    Reflect.deleteProperty(globalThis, FAKES);
    expect(api.inspectLockSync(path).state).toBe('stale');
    expect(api.judgeOwner(identity).state).not.toBe('alive');
    Reflect.set(globalThis, FAKES, fakes);
    expect(api.inspectLockSync(path).state).toBe('held');
  });
});

test('a fake owner is refused in production, and so is a theft', () => {
  vi.stubEnv('NODE_ENV', 'production');
  expect(thrown(() => fakeOwner()).code).toBe('ERR_INVALID_STATE');
  expect(thrown(() => loseLock({} as never)).code).toBe('ERR_INVALID_STATE');
});

test('a fake owner that makes no sense is refused, and leaves nothing behind', () => {
  const lock = newPath();
  for (const options of [{ lok: lock }, { lock, state: 'asleep' }] as const) {
    expect(thrown(() => fakeOwner(options as never)).code).toBe('ERR_INVALID_ARG_VALUE');
  }
  expect(existsSync(lock)).toBe(false);
  mkdirSync(lock);
  expect(thrown(() => fakeOwner({ lock })).code).toBe('EEXIST');
  expect(thrown(() => made().become('asleep' as never)).code).toBe('ERR_INVALID_ARG_VALUE');
});

const BOTH = `
  import { createRequire } from 'node:module';
  import { inspectLockSync, judgeOwner } from 'kernel-identity';
  import { fakeOwner } from 'kernel-identity/testing';
  const require = createRequire(import.meta.url);
  const state = () => require('kernel-identity').inspectLockSync('a.lock').state;
  const before = Symbol.for('kernel-identity.fake-owners') in globalThis;
  const owner = require('kernel-identity/testing').fakeOwner({ lock: 'a.lock' });
  const seen = [inspectLockSync('a.lock').state, state(), judgeOwner(fakeOwner().identity).state];
  owner.die();
  seen.push(inspectLockSync('a.lock').state, state(), before);
  console.log(seen.join());
`;

testRequiring(
  [isBuilt()],
  'the built module works with import and require, and its import alone does nothing',
  () => {
    const project = tempDir();
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(TOP, join(project, 'node_modules/kernel-identity'));
    writeFileSync(join(project, 'both.mjs'), BOTH);
    const { stdout, stderr } = spawnSync(process.execPath, ['both.mjs'], { cwd: project, encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'held,held,alive,stale,stale,false\n', stderr: '' });
  },
);
