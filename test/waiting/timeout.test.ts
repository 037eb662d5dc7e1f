import { setMaxListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { writeLock } from '../helpers/crafted.js';
import { describeForEachBackend, type Package } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { type ProcessState, stateOf } from './process-state.js';

/** Makes a lock that a live older program holds. */
async function heldLock(): Promise<string> {
  const path = join(tempDir(), 'install.lock');
  const { pid } = await startProcess(['cat']);
  writeLock(path, { pid, createdAtMs: Date.now() });
  return path;
}

/**
 * Returns the least delay among several waits, in ms, because on a busy machine some are late for other reasons: then it
 * waits more often.
 */
async function leastDelay(timeout: number, wait: () => Promise<unknown> | unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < FEWEST_WAITS || (i < MOST_WAITS && least >= LATE); i += 1) {
    const started = performance.now();
    await expect((async () => wait())()).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    const took = performance.now() - started;
    expect(took).toBeGreaterThanOrEqual(timeout);
    least = Math.min(least, took - timeout);
  }
  return least;
}

const TIMEOUTS = [1, 7.5, 40, 130, 260];
/** ms. The delay on an idle machine is one or two; a waiter that only polls is up to 120 late. */
const LATE = 20;
const FEWEST_WAITS = 4;
const MOST_WAITS = 40;

describeForEachBackend('a timeout', (api) => {
  for (const timeout of TIMEOUTS) {
    test(`of ${timeout} ms is kept to a few milliseconds, waiting asynchronously`, async () => {
      const path = await heldLock();
      expect(await leastDelay(timeout, () => api.acquireLock(path, { timeout }))).toBeLessThan(LATE);
    });

    test(`of ${timeout} ms is kept to a few milliseconds, waiting synchronously`, async () => {
      const path = await heldLock();
      expect(await leastDelay(timeout, () => api.acquireLockSync(path, { timeout }))).toBeLessThan(LATE);
    });
  }
});

describeForEachBackend('cancelled waits', (api, backend) => {
  const many = backend === 'native' ? 10_000 : 2000;

  async function expectNothingLeft(path: string, before: ProcessState): Promise<void> {
    // The descriptor of a directory that was replaced meanwhile is closed in the background.
    await until('nothing is left', () => JSON.stringify(stateOf('self')) === JSON.stringify(before));
    expect(readdirSync(dirname(path))).toEqual(['install.lock']);
  }

  test(`of which there were ${many} leave no descriptor, watch, thread or directory`, async () => {
    const path = await heldLock();
    await cancelled(api, path, 10);
    const before = stateOf('self');
    const reason = new Error('never mind');
    for (let done = 0; done < many; done += 100) {
      const controller = new AbortController();
      const { signal } = controller;
      setMaxListeners(0, signal);
      const waits = Array.from({ length: 100 }, () => api.acquireLock(path, { signal }));
      setImmediate(() => controller.abort(reason));
      for (const result of await Promise.allSettled(waits)) {
        expect(result).toEqual({ status: 'rejected', reason });
      }
    }
    await expectNothingLeft(path, before);
  }, 60_000);

  test('leave nothing when they end one by one while others go on', async () => {
    const path = await heldLock();
    await cancelled(api, path, 1);
    const before = stateOf('self');
    const controllers = Array.from({ length: 50 }, () => new AbortController());
    const waits = controllers.map(({ signal }) => api.acquireLock(path, { signal }).catch(() => 'gone'));
    for (const controller of controllers) {
      await sleep(1);
      controller.abort();
    }
    expect(new Set(await Promise.all(waits))).toEqual(new Set(['gone']));
    await expectNothingLeft(path, before);
  });

  test('by timeout, synchronous ones too, leave nothing', async () => {
    const path = await heldLock();
    await cancelled(api, path, 1);
    const before = stateOf('self');
    for (let i = 0; i < 30; i += 1) {
      expect(() => api.acquireLockSync(path, { timeout: 1 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' }),
      );
      await cancelled(api, path, 1);
    }
    await expectNothingLeft(path, before);
  });

  test('whose holder changed while they waited leave nothing', async () => {
    const path = await heldLock();
    await cancelled(api, path, 1);
    const lock = await api.acquireLock(`${path}.other`);
    await cancelled(api, lock.path, 1);
    const before = stateOf('self');
    const controller = new AbortController();
    const waiting = api.acquireLock(lock.path, { signal: controller.signal });
    waiting.catch(() => {});
    let current = lock;
    for (let i = 0; i < 10; i += 1) {
      current.releaseSync();
      current = api.acquireLockSync(lock.path, { timeout: 0 });
      await sleep(5);
    }
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await until('nothing is left', () => JSON.stringify(stateOf('self')) === JSON.stringify(before));
    current.releaseSync();
    expect(readdirSync(dirname(path))).toEqual(['install.lock']);
  });
});

describeForEachBackend('an asynchronous wait', (api) => {
  test('leaves the event loop free', async () => {
    const path = await heldLock();
    let longest = 0;
    let turns = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      turns += 1;
    }, 5);
    await cancelled(api, path, 20, 600);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(30);
    expect(longest).toBeLessThan(250);
  });

  test('takes next to no time while it lasts', async () => {
    const path = await heldLock();
    await cancelled(api, path, 1);
    const before = process.cpuUsage();
    const idle = cpuOf(before);
    await cancelled(api, path, 1, 1000);
    expect(cpuOf(before) - idle).toBeLessThan(300);
  });
});

function cpuOf(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Starts waits that end in a timeout of `ms`, all at once. */
async function cancelled(api: Package, path: string, count: number, ms = 5): Promise<void> {
  const waits = Array.from({ length: count }, () => api.acquireLock(path, { timeout: ms }));
  for (const { status } of await Promise.allSettled(waits)) expect(status).toBe('rejected');
}
