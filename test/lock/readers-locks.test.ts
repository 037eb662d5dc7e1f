import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readLockTable } from '../../src/backend/procfs/locks.js';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { writeLock } from '../helpers/crafted.js';
import { lockFile } from '../helpers/file-locks.js';
import { describeRequiring, hasProgram, isBuilt, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** On ext4, xfs and tmpfs /proc/locks shows the st_dev of a file. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const READERS = ['posix:read:0:0', 'posix:read:1000000:1', 'ofd:read:0:0', 'flock:read:0:0'];

describeRequiring(
  [isBuilt(), hasBackend('native'), hasProgram('python3')],
  'a reader that locks owner.json',
  () => {
    for (const backend of TESTED) {
      for (const lock of READERS) {
        isolationTest(
          `keeps no dead lock alive (${lock}, ${backend} observer in another container)`,
          async () => {
            const { path, owner, observer } = await scene(backend);
            await owner.kill();
            await lockFile(join(path, 'owner.json'), lock);
            const wasWhole = readLockTable().complete;
            const inspection = await observer.inspect(path);
            // Classic locks of a process in another PID namespace are hidden from plain Node, and flock(2) says nothing. It is
            // then sure only while one read returns the whole list of locks.
            const isSure = backend === 'native' || lock.startsWith('ofd');
            if (!isSure && inspection.state === 'unknown' && !(wasWhole && readLockTable().complete)) return;
            expect(inspection).toMatchObject({
              state: 'stale',
              verdict: { state: 'dead', certainty: 'proven', reason: 'witness-free' },
            });
            await observer.acquire(path, { timeout: 9000 });
          },
        );
      }

      isolationTest(`delays no wake-up (${backend} waiter in another container)`, async () => {
        const { path, owner, observer } = await scene(backend);
        // It gets its lock at the very moment at which the owner's witness ends.
        await lockFile(join(path, 'owner.json'), 'ofd:wait-read:0:0');
        const acquired = observer.acquire(path, { timeout: 9000 });
        await expect(observer.process.line(300)).rejects.toThrow();
        const killed = performance.now();
        await owner.kill();
        await acquired;
        expect(performance.now() - killed).toBeLessThan(3000);
      });
    }

    for (const backend of TESTED) {
      isolationTest(`makes a stranger's dead lock seem to be in use (${backend})`, async () => {
        const path = join(tempDir(PLACE), 'old.lock');
        writeLock(path, { pid: 4_194_000, createdAtMs: Date.now() });
        const observer = await startAgent({ backend });
        const reader = await lockFile(join(path, 'owner.json'), 'posix:read:0:0');
        expect(await observer.inspect(path)).toMatchObject({
          state: 'held',
          verdict: { certainty: 'assumed', reason: 'legacy-file-locked' },
        });
        await reader.kill();
        expect(await observer.inspect(path)).toMatchObject({ state: 'stale' });
      });
    }
  },
);

async function scene(backend: 'native' | 'procfs'): Promise<{ path: string; owner: Agent; observer: Agent }> {
  const path = join(tempDir(PLACE), 'install.lock');
  const [theirs, mine] = await Promise.all([openBox(), openBox()]);
  const [owner, observer] = await Promise.all([
    startAgent({ backend: 'native', box: theirs }),
    startAgent({ backend, box: mine }),
  ]);
  await owner.acquireSync(path);
  return { path, owner, observer };
}
