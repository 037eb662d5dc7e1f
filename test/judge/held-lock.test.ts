import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Lock } from '../../src/index.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';

/**
 * These differ after this very process was restored from a checkpoint, which keeps its memory and no more.
 */
const RESTORED = { startTicks: '1', pidfdInode: '1' };

describeForEveryBackend('a record with the nonce of a lock that this thread holds', (api) => {
  function reasonFor(lock: Lock, changes: object): string {
    const { identity } = lock.owner;
    if (identity === null) throw new Error('an own lock without an identity');
    return api.judgeOwner({ ...lock.owner, identity: { ...identity, ...changes } }).reason;
  }

  test("is this thread's own only while the identity in it is this process's", () => {
    const lock = api.acquireLockSync(join(tempDir(), 'install.lock'));
    expect(reasonFor(lock, {})).toBe('held-by-this-process');
    expect(reasonFor(lock, { hostname: 'renamed' })).toBe('held-by-this-process');
    expect(reasonFor(lock, RESTORED)).not.toBe('held-by-this-process');
    expect(reasonFor(lock, { pid: process.pid + 1, ...RESTORED })).not.toBe('held-by-this-process');
    lock.releaseSync();
    expect(reasonFor(lock, {})).not.toBe('held-by-this-process');
  });
});
