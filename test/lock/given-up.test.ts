import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeForEachBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { tempDir } from '../helpers/temp-dir.js';

// The process lives on, so nothing but its own memory shows that it does not hold the lock any more.
describeForEachBackend('a lock that this thread lost, and that nobody else can test', (api) => {
  test('is taken again at once when it is back at its place', () => {
    pretendFilesystem(api.backend, 'nfs');
    const [path, away] = ['x.lock', 'away'].map((name) => join(tempDir(), name)) as [string, string];
    const lock = api.acquireLockSync(path);
    const ownerFile = join(path, 'owner.json');
    renameSync(ownerFile, away);
    expect(lock.verify()).toBe(false);
    renameSync(away, ownerFile);
    expect(api.inspectLockSync(path).verdict).toMatchObject({
      state: 'dead',
      reason: 'given-up-by-this-process',
    });
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
  });
});
