import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { describeForBackends, describeForEachBackend } from '../helpers/package.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const NEEDS = [isBuilt(), hasBackend('native')];

/** Two lock paths beside each other. */
function newPaths(): [string, string] {
  const directory = tempDir();
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

describeForBackends(['native'], 'a copy of a lock that this thread holds', (api) => {
  testRequiring([], 'is not the lock that it holds', () => {
    const [path, copy] = newPaths();
    using lock = api.acquireLockSync(path);
    cpSync(path, copy, { recursive: true, preserveTimestamps: true });
    expect(api.inspectLockSync(copy).verdict?.reason).toBe('copied');
    api.acquireLockSync(copy, { timeout: 0 }).releaseSync();
    expect(api.inspectLockSync(path).verdict?.reason).toBe('held-by-this-process');
    expect(lock.verify()).toBe(true);
  });
});
