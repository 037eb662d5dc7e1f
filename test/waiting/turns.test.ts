import { join } from 'node:path';
import { setImmediate as nextRound, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { monotonicMs } from '../../src/backend/monotonic-clock.js';
import { setMonotonicClock } from '../helpers/clock.js';
import { describeForEachBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// After a release by this thread the task that has waited longest has its turn.

afterEach(() => {
  vi.restoreAllMocks();
});

/** From now on no turn runs out, however slow the machine is. */
function stopClock(): void {
  const now = monotonicMs();
  setMonotonicClock(() => now);
}

describeForEachBackend('a turn', (api) => {
  const newPath = () => join(tempDir(), 'install.lock');

  async function wait(path: string, options: Parameters<typeof api.acquireLock>[1] = {}) {
    const told: string[] = [];
    const lock = api.acquireLock(path, {
      ...options,
      onWait: ({ description }) => void told.push(description),
    });
    lock.catch(() => {});
    await until('it waits', () => told.length > 0);
    return { lock, told };
  }

  /** Another task that comes first in line, and that does nothing with its turn. */
  async function idleHead(path: string, legacy?: 'unknown') {
    const { QueuedWaiter } = await import('../../src/lock/waiting/queue.js');
    const { LockPath } = await import('../../src/lock/protocol/lock-path.js');
    const lockPath = LockPath.open(path);
    const waiter = new QueuedWaiter(lockPath, legacy === undefined ? {} : { legacy }, false);
    return {
      share: (seen: Parameters<typeof waiter.share>[0]) => waiter.share(seen),
      leave: () => {
        waiter.leave();
        lockPath.close();
      },
    };
  }

  for (const [what, pause] of [
    ['in the next round of the event loop', nextRound],
    ['at once', () => Promise.resolve()],
    ['after a millisecond of work', () => sleep(1)],
  ] as const) {
    test(`comes to a task in line, though another takes and releases the lock ${what}, again and again`, async () => {
      const path = newPath();
      const held = await api.acquireLock(path);
      const { lock: waiting } = await wait(path, { timeout: 10_000 });
      stopClock();
      let isServed = false;
      const served = waiting.then(async (lock) => {
        isServed = true;
        await lock.release();
      });
      await held.release();
      let turns = 0;
      while (!isServed && turns < 50) {
        const lock = await api.acquireLock(path);
        turns += 1;
        await pause();
        await lock.release();
      }
      await served;
      expect(turns).toBeLessThanOrEqual(1);
    });
  }

  test('is alternate between two tasks that both want the lock again and again', async () => {
    const path = newPath();
    stopClock();
    const order: string[] = [];
    const task = async (name: string) => {
      for (let turn = 0; turn < 20; turn += 1) {
        await api.withLock(path, async () => {
          order.push(name);
          await nextRound();
        });
      }
    };
    await Promise.all([task('a'), task('b')]);
    const repeated = order.filter((name, index) => name === order[index - 1]);
    expect(repeated.length).toBeLessThanOrEqual(2);
  });

  test('is not for synchronous callers or a single try: they take what is free', async () => {
    const path = newPath();
    const held = await api.acquireLock(path);
    const { lock: waiting } = await wait(path);
    await held.release();
    // The task in line cannot run before this thread is done, so a turn that bound this call would be a deadlock.
    const sync = api.acquireLockSync(path);
    sync.releaseSync();
    const tried = await api.tryAcquireLock(path);
    expect(tried).not.toBeNull();
    await tried?.release();
    await (await waiting).release();
  });

  test('lasts for 50 ms, if the task whose turn it is does nothing', async () => {
    for (const legacy of [undefined, 'unknown'] as const) {
      const path = newPath();
      const held = await api.acquireLock(path);
      const idle = await idleHead(path, legacy);
      let now = monotonicMs();
      const clock = setMonotonicClock(() => now);
      await held.release();
      let isServed = false;
      const newcomer = api.acquireLock(path).then((lock) => {
        isServed = true;
        return lock;
      });
      now += 49;
      await sleep(120);
      expect(isServed).toBe(false);
      now += 2;
      await until('it has the lock', () => isServed);
      clock.mockRestore();
      await (await newcomer).release();
      idle.leave();
    }
  });

  test('is passed on at once by a task that gives up', async () => {
    for (const legacy of [undefined, 'unknown'] as const) {
      const path = newPath();
      const held = await api.acquireLock(path);
      const idle = await idleHead(path, legacy);
      stopClock();
      await held.release();
      let isServed = false;
      const newcomer = api.acquireLock(path).then((lock) => {
        isServed = true;
        return lock;
      });
      await nextRound();
      expect(isServed).toBe(false);
      idle.leave();
      // No timer has to run.
      await nextRound();
      expect(isServed).toBe(true);
      await (await newcomer).release();
    }
  });

  test('of another task is what a report names as the reason', async () => {
    const path = newPath();
    const held = await api.acquireLock(path);
    const idle = await idleHead(path);
    stopClock();
    await held.release();
    const { lock, told } = await wait(path, { timeout: 20 });
    expect(told).toEqual([expect.stringContaining('turn')]);
    idle.leave();
    await (await lock).release();
  });

  test('is over for a newcomer who finds the lock gone, though the first in line has not noticed', async () => {
    const path = newPath();
    const idle = await idleHead(path);
    idle.share({ owner: null, verdict: null, description: 'it was held', moving: false });
    const lock = await api.acquireLock(path, { timeout: 1000 });
    const last = api.acquireLock(path, { timeout: 1000 });
    await nextRound();
    idle.leave();
    await lock.release();
    await (await last).release();
  });

  test('binds nobody who wants another lock', async () => {
    const path = newPath();
    const held = await api.acquireLock(path);
    const idle = await idleHead(path);
    await held.release();
    for (const other of [`${path}.other`, newPath()]) {
      let isServed = false;
      const newcomer = api.acquireLock(other).then((lock) => {
        isServed = true;
        return lock;
      });
      await nextRound();
      expect(isServed).toBe(true);
      await (await newcomer).release();
    }
    idle.leave();
  });
});
