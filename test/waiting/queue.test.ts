import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextRound, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { AcquireOptions } from '../../src/lock/options.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeForEachBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { startProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// When several waiters of one thread want the same lock, only the first one looks at it.

afterEach(() => {
  vi.restoreAllMocks();
});

describeForEachBackend('waiters in a queue', (api) => {
  const newPath = () => join(tempDir(), 'install.lock');

  /** Starts a waiter and resolves when it is known to wait. `told` collects what its onWait receives. */
  async function wait(path: string, options: AcquireOptions = {}) {
    const told: string[] = [];
    const lock = api.acquireLock(path, {
      ...options,
      onWait: ({ owner, description }) => void told.push(owner?.label ?? description),
    });
    lock.catch(() => {});
    await until('it waits', () => told.length > 0);
    return { lock, told };
  }

  /** Puts a waiter in line that does nothing with its turn. */
  async function queue(path: string, options: AcquireOptions = {}) {
    const { QueuedWaiter } = await import('../../src/lock/waiting/queue.js');
    const { LockPath } = await import('../../src/lock/protocol/lock-path.js');
    return new QueuedWaiter(LockPath.open(path), options, false);
  }

  test('look no more often than they take turns, and are served as they came', async () => {
    const path = newPath();
    const held = await api.acquireLock(path);
    const served: number[] = [];
    const count = 40;
    const all = Array.from({ length: count }, async (_, index) => {
      const lock = await api.acquireLock(path);
      served.push(index);
      await lock.release();
    });
    await sleep(50);
    let looks = 0;
    hookFiles(api.backend, {
      before: (operation) => {
        if (operation === 'findDirectoryAt') looks += 1;
      },
    });
    const released = performance.now();
    await held.release();
    await Promise.all(all);
    expect(performance.now() - released).toBeLessThan(2500);
    expect(served).toEqual(Array.from({ length: count }, (_, index) => index));
    // Each waiter that becomes the first looks, sets its watch, looks again, and once more when the lock is
    // free.
    expect(looks).toBeLessThan(count * 8);
  });

  test('go on when the first of them gives up', async () => {
    const path = newPath();
    const held = await api.acquireLock(path);
    const controller = new AbortController();
    const aborted = await wait(path, { signal: controller.signal });
    const late = await wait(path, { timeout: 300 });
    const last = await wait(path);
    controller.abort(new Error('enough'));
    await expect(aborted.lock).rejects.toThrow('enough');
    await expect(late.lock).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    await sleep(50);
    // Another program frees the lock, so no release in this thread reports it. If the last waiter were not
    // the first by now, it would sleep for 15 s.
    rmSync(path, { recursive: true });
    const lock = await last.lock;
    await expect(held.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
    await lock.release();
  }, 8000);

  test('are told of each new holder, wherever they stand, and fail with the present one', async () => {
    const path = newPath();
    const held = await api.acquireLock(path, { label: 'one' });
    const next = await wait(path, { label: 'two' });
    const between = await wait(path, { label: 'three' });
    const patient = await wait(path, { timeout: 1500 });
    const silent = api.acquireLock(path, { timeout: 1500 });
    silent.catch(() => {});
    await sleep(50);
    await held.release();
    const second = await next.lock;
    await until('it is told', () => patient.told.length > 1, 1000);
    expect(patient.told).toEqual(['one', 'two']);
    for (const waiter of [patient.lock, silent]) {
      await expect(waiter).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT', owner: { label: 'two' } });
    }
    await second.release();
    await (await between.lock).release();
  });

  test('look when they become the first while they are being told something', async () => {
    // The filesystem is one of several machines: no change event arrives, so the first waiter must poll.
    pretendFilesystem(api.backend, 'nfs');
    if (api.backend.watch !== null) vi.spyOn(api.backend.watch, 'onLockChange').mockReturnValue(0);
    // The others are woken to be told after this many turns of the microtask queue since the first began to
    // give up.
    for (let delay = 0; delay < 8; delay += 1) {
      const path = newPath();
      const held = await api.acquireLock(path);
      const controller = new AbortController();
      const first = await wait(path, { signal: controller.signal });
      const second = await wait(path);
      const teller = await queue(path);
      await sleep(5);
      controller.abort();
      for (let i = 0; i < delay; i += 1) await null;
      teller.share({ owner: null, verdict: null, description: 'something new', moving: false });
      await expect(first.lock).rejects.toThrow();
      teller.leave();
      await sleep(20);
      rmSync(path, { recursive: true });
      const lock = await second.lock;
      expect(held.verify()).toBe(false);
      await lock.release();
    }
  }, 8000);

  test('learn of a release in their own thread without the kernel, and without polling', async () => {
    const path = newPath();
    const held = await api.acquireLock(path);
    const next = await wait(path);
    let isServed = false;
    void next.lock.then(() => {
      isServed = true;
    });
    await sleep(20);
    await held.release();
    // In one round of the event loop no timer has run out.
    await nextRound();
    expect(isServed).toBe(true);
    await (await next.lock).release();
  });

  test('what one of them throws in onWait is its own affair', async () => {
    const path = newPath();
    const held = await api.acquireLock(path, { label: 'one' });
    const next = await wait(path, { label: 'two' });
    let told = 0;
    const thrower = api.acquireLock(path, {
      onWait: () => {
        told += 1;
        if (told === 2) throw new Error('from onWait');
      },
    });
    thrower.catch(() => {});
    const last = await wait(path);
    await held.release();
    const second = await next.lock;
    await expect(thrower).rejects.toThrow('from onWait');
    await second.release();
    await (await last.lock).release();
  });

  test('each option that decides a verdict makes a queue of its own', async () => {
    const path = newPath();
    const rules = [
      {},
      { legacy: 'unknown' },
      { clockSlack: 1 },
      { ownerlessGrace: 1 },
      { emptyFile: 'take' },
      { trustBootId: true },
      { sameHost: true },
    ] as const;
    const heads = await Promise.all(rules.map((options) => queue(path, options)));
    const seconds = await Promise.all(rules.map((options) => queue(path, options)));
    expect(heads.map(({ isHead }) => isHead)).toEqual(rules.map(() => true));
    expect(seconds.map(({ isHead }) => isHead)).toEqual(rules.map(() => false));
    for (const waiter of [...heads, ...seconds]) waiter.leave();
  });

  test('a waiter that judges by other rules is in another queue', async () => {
    const path = newPath();
    const owner = await startProcess(['sleep', '60']);
    mkdirSync(path);
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: owner.pid, createdAtMs: Date.now() }));
    const cautious = await wait(path, { legacy: 'unknown' });
    const usual = await wait(path);
    await owner.kill();
    await (await usual.lock).release();
    await (await cautious.lock).release();
    rmSync(path, { recursive: true, force: true });
  });
});
