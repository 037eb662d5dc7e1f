import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { stateOf } from './process-state.js';

const LOST = { code: 'ERR_LOCK_LOST' };

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describeForEachBackend('in one process', (api) => {
  test('a thousand locks are held at once, and let go', async () => {
    const directory = tempDir();
    const paths = Array.from({ length: 1000 }, (_, index) => join(directory, `${index}.lock`));
    api.acquireLockSync(paths[0] as string).releaseSync();
    const before = stateOf('self');
    const locks = await Promise.all(paths.map((path) => api.acquireLock(path)));
    expect(new Set(locks.map(({ owner }) => owner.nonce)).size).toBe(1000);
    for (const path of paths) expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(locks.every((lock) => lock.verify())).toBe(true);
    for (const lock of locks) await lock.release();
    expect(readdirSync(directory)).toEqual([]);
    // The thread that renewed the leases (procfs) may take some time to end.
    await until('all is given back', () => stateOf('self').descriptors <= before.descriptors);
    expect(stateOf('self').watches).toBe(before.watches);
  });

  test('the same lock a second time waits for the first, and says who holds it', async () => {
    const path = newPath();
    const first = await api.acquireLock(path);
    const reasons: (string | undefined)[] = [];
    let got = false;
    const second = api
      .acquireLock(path, { onWait: ({ verdict }) => void reasons.push(verdict?.reason) })
      .then((lock) => {
        got = true;
        return lock;
      });
    await sleep(300);
    expect(got).toBe(false);
    expect(reasons).toEqual(['held-by-this-process']);
    await first.release();
    await (await second).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('fifty that want it one after the other are all served', async () => {
    const path = newPath();
    let inside = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        api.withLock(path, async () => {
          inside += 1;
          expect(inside).toBe(1);
          order.push(index);
          await Promise.resolve();
          inside -= 1;
        }),
      ),
    );
    expect(order).toHaveLength(50);
    expect(readdirSync(dirname(path))).toEqual([]);
  }, 60_000);

  test('`await using` and `using` let go at the end of the block, also when it throws', async () => {
    const path = newPath();
    {
      await using lock = await api.acquireLock(path);
      expect(lock.verify()).toBe(true);
    }
    {
      using lock = api.acquireLockSync(path, { timeout: 0 });
      expect(lock.verify()).toBe(true);
    }
    const mistake = new Error('halfway');
    const run = async () => {
      await using _lock = await api.acquireLock(path, { timeout: 0 });
      throw mistake;
    };
    await expect(run()).rejects.toBe(mistake);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('released inside its block, a lock bound by `using` is not released again', async () => {
    const path = newPath();
    let successor: Awaited<ReturnType<typeof api.acquireLock>>;
    {
      await using lock = await api.acquireLock(path);
      await lock.release();
      successor = api.acquireLockSync(path, { timeout: 0 });
    }
    expect(successor.verify()).toBe(true);
    await successor.release();
  });

  test('a second release does nothing to the next holder', async () => {
    const path = newPath();
    const lock = await api.acquireLock(path);
    await lock.release();
    const next = await api.acquireLock(path, { timeout: 0 });
    await lock.release();
    lock.releaseSync();
    expect(lock.signal.aborted).toBe(false);
    expect(next.verify()).toBe(true);
    await next.release();
  });

  test('a release after the loss throws once, and leaves the next holder alone', async () => {
    const path = newPath();
    const lock = await api.acquireLock(path);
    rmSync(path, { recursive: true });
    const next = await api.acquireLock(path, { timeout: 0 });
    await expect(lock.release()).rejects.toMatchObject(LOST);
    await lock.release();
    expect(next.verify()).toBe(true);
    await next.release();
  });
});

const ENDINGS_SCRIPT = fileURLToPath(new URL('endings.mjs', import.meta.url));

for (const backend of TESTED) {
  describeRequiring([isBuilt(), hasBackend(backend)], `a process (${backend})`, () => {
    function run(path: string, how: string): Promise<TestProcess> {
      const command = [process.execPath, ENDINGS_SCRIPT, path, how];
      return startProcess(command, { env: { KERNEL_IDENTITY_BACKEND: backend } });
    }

    for (const [how, exit] of Object.entries({
      'returning with the lock held': { code: 0, signal: null },
      'process.exit': { code: 3, signal: null },
      'process.exit inside withLock': { code: 3, signal: null },
      'process.exit inside withLockSync': { code: 3, signal: null },
      'an uncaught exception': { code: 1, signal: null },
      'an unhandled rejection': { code: 1, signal: null },
      'process.abort': { code: null, signal: 'SIGABRT' },
    })) {
      testRequiring([], `that ends by ${how} leaves a lock that the next one takes at once`, async () => {
        const path = newPath();
        const agent = await startAgent({ backend });
        expect(await (await run(path, how)).exited).toEqual(exit);
        expect(readdirSync(dirname(path))).toEqual(['install.lock']);
        const { value, wallMs } = await agent.acquire(path, { timeout: 0 });
        expect(value.pid).toBe(agent.pid);
        expect(wallMs).toBeLessThan(1000);
      });
    }

    testRequiring([], 'that ends by an exception inside withLock has let go before', async () => {
      const path = newPath();
      expect((await (await run(path, 'an exception inside withLock')).exited).code).toBe(1);
      expect(readdirSync(dirname(path))).toEqual([]);
    });

    for (const [how, code] of [
      ['process.exit while it waits', 3],
      ['an uncaught exception while it waits', 1],
      ['an abort of the only thing it waited for', 0],
    ] as const) {
      testRequiring([], `that ends by ${how} ends, and leaves nothing`, async () => {
        const path = newPath();
        const holder = await startAgent({ backend });
        await holder.acquire(path);
        const started = performance.now();
        expect(await (await run(path, how)).exited).toEqual({ code, signal: null });
        expect(performance.now() - started).toBeLessThan(5000);
        expect(readdirSync(dirname(path))).toEqual(['install.lock']);
        expect(await holder.verify(path)).toBe(true);
      });
    }

    testRequiring([], 'with nothing to do but wait does not end before it had the lock', async () => {
      const path = newPath();
      const holder = await startAgent({ backend });
      await holder.acquire(path);
      const waiter = await run(path, 'nothing left to do but wait');
      await sleep(700);
      expect(waiter.running).toBe(true);
      await holder.release(path);
      expect(await waiter.message()).toBe('acquired');
      expect(await waiter.exited).toEqual({ code: 0, signal: null });
    });

    testRequiring([], 'hands no descriptor down to its children, and its lock dies with it', async () => {
      const path = newPath();
      const owner = await run(path, 'children that go on');
      const { children } = await owner.message<{ children: number[] }>();
      for (const child of children) onCleanup(() => void killGroup(child));
      // Until it runs its program, it is a fork of the owner, with everything that the owner has open.
      for (const child of children) {
        await until('the child runs its program', () => commandOf(child) !== commandOf(owner.pid));
      }
      for (const child of children) expect(descriptorsOn(path, child)).toEqual([]);
      expect(descriptorsOn(path, owner.pid)).not.toEqual([]);
      await owner.kill();
      const next = await startAgent({ backend });
      await next.acquire(path, { timeout: 0 });
      expect(children.every((child) => linkOf(`/proc/${child}/exe`) !== '')).toBe(true);
    });
  });
}

const WORKER_SCRIPT = fileURLToPath(new URL('thread.mjs', import.meta.url));

for (const backend of TESTED) {
  describeRequiring([isBuilt(), hasBackend(backend)], `worker threads (${backend})`, () => {
    const THREADS = 4;
    const TURNS = 15;

    async function startThread(path: string, task: string, ...more: unknown[]): Promise<Worker> {
      const worker = new Worker(WORKER_SCRIPT, {
        workerData: [path, task, ...more],
        env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend },
      });
      onCleanup(() => void worker.terminate());
      return worker;
    }

    for (const call of ['acquireLock', 'acquireLockSync']) {
      testRequiring([], `exclude each other (${call})`, async () => {
        const path = newPath();
        const shared = new Int32Array(new SharedArrayBuffer(8));
        const workers = await Promise.all(
          Array.from({ length: THREADS }, () => startThread(path, 'turns', call, TURNS, shared)),
        );
        await Promise.all(workers.map((worker) => messageOf(worker)));
        // The first number is a counter used without Atomics, the second one counts intruders.
        expect([...shared]).toEqual([THREADS * TURNS, 0]);
        expect(readdirSync(dirname(path))).toEqual([]);
      });

      testRequiring([], `that are terminated while they wait leave nothing (${call})`, async () => {
        const path = newPath();
        const holder = await startAgent({ backend });
        await holder.acquire(path);
        // The first worker may open things that belong to the whole process.
        const first = await startThread(path, 'wait', call);
        await messageOf(first);
        await first.terminate();
        const before = descriptorsOn(dirname(path));
        const workers = await Promise.all(Array.from({ length: 3 }, () => startThread(path, 'wait', call)));
        await Promise.all(workers.map((worker) => messageOf(worker)));
        await sleep(100);
        const started = performance.now();
        await Promise.all(workers.map((worker) => worker.terminate()));
        expect(performance.now() - started).toBeLessThan(3000);
        expect(descriptorsOn(dirname(path))).toEqual(before);
        expect(readdirSync(dirname(path))).toEqual(['install.lock']);
        await holder.release(path);
      });
    }

    testRequiring([], 'wait for a lock of another thread, which is not their own', async () => {
      const path = newPath();
      const owner = await startThread(path, 'hold');
      await messageOf(owner);
      const waiter = await startThread(path, 'wait', 'acquireLockSync');
      await messageOf(waiter);
      await sleep(150);
      const acquired = messageOf(waiter);
      owner.postMessage('release');
      expect(await acquired).toBe('acquired');
    });
  });
}

describeRequiring([isBuilt(), hasBackend('native')], 'a worker thread', () => {
  testRequiring([], 'that is terminated loses its lock to the next one at once', async () => {
    const path = newPath();
    const worker = new Worker(WORKER_SCRIPT, { workerData: [path, 'hold'] });
    await messageOf(worker);
    const agent = await startAgent({ backend: 'native' });
    expect((await agent.inspect(path)).state).toBe('held');
    await worker.terminate();
    const { value, wallMs } = await agent.acquire(path, { timeout: 0 });
    expect(value.pid).toBe(agent.pid);
    expect(wallMs).toBeLessThan(1000);
  });
});

describe('what a test of children looks at', () => {
  test('sees a descriptor that is inherited', async () => {
    const path = newPath();
    const child = await startProcess(['sh', '-c', 'exec 9>"$1"; echo opened; exec sleep 600', 'sh', path]);
    await child.line();
    expect(descriptorsOn(path, child.pid)).not.toEqual([]);
  });
});

function messageOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The processes are gone already.
  }
}
