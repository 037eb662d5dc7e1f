import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { lockFile } from '../helpers/file-locks.js';
import { hasProgram, isBuilt, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** More than one read of /proc/locks returns. */
const LOCKS = 80;

isolationTest('plain Node does not take a lock that it misses in a long list of locks, until the list is shorter', async () => {
  const path = join(tempDir(), 'x.lock');
  const crowd = join(tempDir(), 'crowd');
  writeFileSync(crowd, '');
  const box = await openBox();
  const owner = await startAgent({ box, backend: 'native' });
  const observer = await startAgent({ box: await openBox(), backend: 'procfs' });
  // A process with the addon asks the kernel about the one file, however many locks there are.
  const beside = await startAgent({ box: await openBox(), backend: 'native' });
  await owner.acquire(path);
  await box.kill();
  await owner.process.exited;
  // The list is long for as short a time as possible, because other tests read it as well.
  const others = await lockFile(crowd, ...Array.from({ length: LOCKS }, (_, n) => `ofd:read:${2 * n}:1`));
  expect(await observer.inspect(path)).toMatchObject({ state: 'unknown' });
  expect(await observer.tryAcquire(path)).toBeNull();
  expect(await beside.inspect(path)).toMatchObject({ state: 'stale', verdict: { reason: 'witness-free' } });
  await others.kill();
  await observer.acquire(path, { timeout: 9_000 });
}, [isBuilt(), hasBackend('native'), hasProgram('python3')]);
