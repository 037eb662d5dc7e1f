import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { type AnyName, hasBackend, TESTED } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { describeForEachBackend } from '../helpers/package.js';
import { fixture } from '../helpers/processes.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Task {
  readonly path: string;
  /** ms */
  readonly lease?: number;
  readonly rounds?: number;
  readonly counter?: Int32Array;
}

/** Starts a worker thread of this process that takes the lock (test/fixtures/lock-worker.mjs). */
function startWorker(backend: AnyName, task: Task): Worker {
  const env = { ...process.env, KERNEL_IDENTITY_BACKEND: backend };
  const worker = new Worker(fixture('lock-worker.mjs'), { workerData: task, env });
  onCleanup(async () => {
    await worker.terminate();
  });
  return worker;
}

/** Resolves with the next message of the worker. Rejects when the worker fails. */
async function message(worker: Worker): Promise<unknown> {
  const [value] = await once(worker, 'message');
  return value;
}

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describeForEachBackend('a lock held in a worker thread, seen by the main thread', (api, backend) => {
  // The procfs backend finds a witness only in the list of this machine's locks, which can be too long for
  // it.
  const witness = [isBuilt(), hasBackend('native')];
  const free = backend === 'native' ? ['witness-free'] : ['witness-free', 'process-running'];
  const held = backend === 'native' ? ['witness-held'] : ['witness-held', 'process-running'];

  testRequiring(witness, 'is held, and waiting for it is no deadlock', async () => {
    const path = newPath();
    const worker = startWorker('native', { path });
    const nonce = await message(worker);
    const inspection = api.inspectLockSync(path);
    expect(inspection).toMatchObject({ state: 'held', owner: { nonce, pid: process.pid } });
    expect(held).toContain(inspection.verdict?.reason);
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(() => api.acquireLockSync(path, { timeout: 20 })).toThrow(
      expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' }),
    );
    const waiting = api.acquireLock(path, { timeout: 8000 });
    worker.postMessage('release');
    (await waiting).releaseSync();
  });

  testRequiring(witness, 'is free once the worker is terminated, to other processes as well', async () => {
    const path = newPath();
    const worker = startWorker('native', { path });
    await message(worker);
    const observer = await startAgent({ backend });
    await worker.terminate();
    expect(free).toContain((await observer.inspect(path)).verdict?.reason);
    expect(free).toContain(api.inspectLockSync(path).verdict?.reason);
    if (backend === 'native') await observer.acquire(path, { timeout: 0 });
  });

  if (backend === 'native') {
    testRequiring(witness, 'is given to who waits for it when the worker is terminated', async () => {
      const path = newPath();
      const worker = startWorker('native', { path });
      await message(worker);
      const waiting = api.acquireLock(path, { timeout: 8000 });
      await worker.terminate();
      const lock = await waiting;
      expect(lock.verify()).toBe(true);
      lock.releaseSync();
      expect(readdirSync(dirname(path))).toEqual([]);
    });
  }

  testRequiring(
    [isBuilt()],
    'without a witness is free once its lease is over, though the process lives',
    async () => {
      const path = newPath();
      // The procfs backend can take neither a witness nor a lifeline.
      const worker = startWorker('procfs', { path, lease: 1_000 });
      await message(worker);
      expect(() => api.acquireLockSync(path, { timeout: 2_500 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' }),
      );
      await worker.terminate();
      expect(api.inspectLockSync(path)).toMatchObject({
        state: 'unknown',
        verdict: { reason: 'own-process' },
      });
      expect(api.tryAcquireLockSync(path)).toBeNull();
      (await api.acquireLock(path, { timeout: 8_000 })).releaseSync();
    },
  );
});

for (const first of TESTED) {
  for (const second of TESTED) {
    testRequiring(
      [isBuilt(), hasBackend(first), hasBackend(second)],
      `two worker threads exclude each other (${first}, ${second})`,
      async () => {
        const task = { path: newPath(), rounds: 20, counter: new Int32Array(new SharedArrayBuffer(4)) };
        const workers = [startWorker(first, task), startWorker(second, task)];
        expect(await Promise.all(workers.map(message))).toEqual([0, 0]);
        expect(readdirSync(dirname(task.path))).toEqual([]);
      },
    );
  }
}
