import { join } from 'node:path';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { ownerFile } from '../helpers/crafted.js';
import { mountKernel } from '../helpers/mounts.js';
import { hasProgram, isBuilt, isolationTest, isRoot } from '../helpers/requirements.js';

/** ms */
const LEASE = 2_000;
/** ms by which an answer is late: longer than the lease. */
const LATE = 2_500;

// A network or a server can hold up the answer to a look at owner.json. Here strace(1) does that to the observer.
for (const backend of TESTED) {
  isolationTest(`an answer about owner.json that comes later than the lease is not the silence of its owner (${backend})`, async () => {
    const path = join(mountKernel('ramfs'), 'x.lock');
    const owner = await startAgent({ box: await openBox(), backend: 'procfs' });
    await owner.acquire(path, { lease: LEASE });
    // Plain Node asks once or twice at each look. So each answer of a look is late in turn.
    const delay = `inject=statx:delay_exit=${LATE * 1000}:when=2+3`;
    const through = [
      'strace',
      ...['-f', '-qq', '-o', '/dev/null', '-P', ownerFile(path), '-e', 'trace=statx', '-e', delay],
    ];
    const observer = await startAgent({ box: await openBox(), backend, through });
    const started = performance.now();
    await expect(observer.acquire(path, { timeout: 2.5 * LEASE })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    // Otherwise no answer was late, and this test tests nothing.
    expect(performance.now() - started).toBeGreaterThan(2 * LATE);
    expect(await owner.verify(path)).toBe(true);
    await owner.release(path);
  }, [isBuilt(), hasBackend(backend), isRoot(), hasProgram('strace')]);
}
