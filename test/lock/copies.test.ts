import { cpSync, linkSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { ownerFile } from '../helpers/crafted.js';
import { mountKernel } from '../helpers/mounts.js';
import { describeForEachBackend } from '../helpers/package.js';
import { isBuilt, isRoot, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const NEEDS = [isBuilt(), hasBackend('native')];

/** Two lock paths beside each other. */
function newPaths(directory = tempDir()): [string, string] {
  return [join(directory, 'x.lock'), join(directory, 'copy.lock')];
}

describeForEachBackend('a copy of a lock with a witness', (api) => {
  testRequiring(NEEDS, 'is free at once, though the owner of the original lives', async () => {
    const [path, copy] = newPaths();
    const owner = await startAgent({ backend: 'native' });
    await owner.acquire(path);
    cpSync(path, copy, { recursive: true, preserveTimestamps: true });
    expect(api.inspectLockSync(copy)).toMatchObject({ state: 'stale', verdict: { reason: 'copied' } });
    api.acquireLockSync(copy, { timeout: 0 }).releaseSync();
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(await owner.verify(path)).toBe(true);
  });
});

describeForEachBackend('a copy of a lock that this thread holds', (api) => {
  for (const [what, isOnRamfs] of [
    ['', false],
    [' on ramfs, where no lock has a witness,', true],
  ] as const) {
    testRequiring(isOnRamfs ? [isRoot()] : [], `${what} is not the lock that it holds`.trim(), () => {
      const [path, copy] = newPaths(isOnRamfs ? mountKernel('ramfs') : tempDir());
      const lock = api.acquireLockSync(path);
      cpSync(path, copy, { recursive: true, preserveTimestamps: true });
      expect(api.inspectLockSync(copy)).toMatchObject({ state: 'stale', verdict: { reason: 'copied' } });
      api.acquireLockSync(copy, { timeout: 0 }).releaseSync();
      expect(api.inspectLockSync(path).verdict?.reason).toBe('held-by-this-process');
      expect(lock.verify()).toBe(true);
      lock.releaseSync();
    });
  }

  test('is no other than the lock itself after `sed -i` has replaced its owner.json', () => {
    const [path] = newPaths();
    const lock = api.acquireLockSync(path);
    cpSync(ownerFile(path), `${path}.edited`);
    renameSync(`${path}.edited`, ownerFile(path));
    expect(api.inspectLockSync(path).state).toBe('held');
    expect(api.tryAcquireLockSync(path)).toBeNull();
    lock.releaseSync();
    expect(api.inspectLockSync(path).state).toBe('free');
  });

  test('made of hard links is that lock: held with it, and free with it', () => {
    const [path, copy] = newPaths();
    const lock = api.acquireLockSync(path);
    mkdirSync(copy);
    linkSync(ownerFile(path), ownerFile(copy));
    expect(api.inspectLockSync(copy).state).toBe('held');
    expect(api.tryAcquireLockSync(copy)).toBeNull();
    lock.releaseSync();
    expect(api.inspectLockSync(copy).state).not.toBe('held');
  });
});
