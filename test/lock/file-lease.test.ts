import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { DEAD_OWNER, NOBODY, writeLock } from '../helpers/crafted.js';
import { fixture, startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

for (const backend of TESTED) {
  describeRequiring(
    [isBuilt(), hasBackend(backend), hasProgram('python3')],
    `a lease of another program on owner.json, such as Samba takes (${backend})`,
    () => {
      let path: string;
      let server: TestProcess;

      beforeEach(async () => {
        path = join(tempDir(), 'install.lock');
        server = await startLease(writeLock(path, DEAD_OWNER));
      });

      test('makes the lock unknown, with the reason, and nothing is taken', async () => {
        const agent = await startAgent({ backend });
        const unknown = { state: 'unknown', verdict: null, description: expect.stringContaining('a lease') };
        expect(await agent.inspect(path)).toMatchObject(unknown);
        expect(await agent.reclaim(path)).toMatchObject({ ...unknown, reclaimed: false });
        expect(await agent.tryAcquire(path)).toBeNull();
      });

      test('is waited for', async () => {
        const agent = await startAgent({ backend });
        expect(await agent.tryAcquire(path)).toBeNull();
        const acquired = agent.acquire(path, { timeout: 9000 });
        await expect(agent.process.line(300)).rejects.toThrow();
        server.send('give it back');
        expect((await acquired).value.pid).toBe(agent.pid);
      });

      test('makes a PID file unknown', async () => {
        const pidFile = join(tempDir(), 'server.pid');
        writeFileSync(pidFile, `${NOBODY}\n`);
        await startLease(pidFile);
        const agent = await startAgent({ backend });
        expect(await agent.reclaim(pidFile)).toMatchObject({
          state: 'unknown',
          description: expect.stringContaining('a lease'),
          reclaimed: false,
        });
      });
    },
  );
}

async function startLease(file: string): Promise<TestProcess> {
  const server = await startProcess(['python3', fixture('file-lease.py'), file]);
  await server.message();
  return server;
}
