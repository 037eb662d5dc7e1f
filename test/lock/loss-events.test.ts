import diagnostics from 'node:diagnostics_channel';
import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import type { Lock } from '../../src/index.js';
import { LossWatch } from '../../src/lock/loss-watch.js';
import { onCleanup } from '../helpers/cleanup.js';
import { DEAD_OWNER, ownerFile, writeLock } from '../helpers/crafted.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// Another program takes a lock away, and its owner hears of it without asking.

const HOLD = fileURLToPath(new URL('fixtures/hold-with-signal.mjs', import.meta.url));
/** ms in which a loss is noticed at the latest, with those by which a busy machine may be late. */
const NOTICED = 1_000 + 1_000;

afterEach(() => {
  vi.restoreAllMocks();
});

const WAYS: Record<string, (path: string) => void> = {
  'its owner.json is deleted': (path) => unlinkSync(ownerFile(path)),
  'it is deleted': (path) => rmSync(path, { recursive: true }),
  'it is deleted, and an old program takes it': (path) => {
    rmSync(path, { recursive: true });
    writeLock(path, DEAD_OWNER);
  },
  'it is moved away': (path) => renameSync(path, `${path}.aside`),
  'its owner.json is replaced': (path) => {
    writeFileSync(`${path}.json`, JSON.stringify(DEAD_OWNER));
    renameSync(`${path}.json`, ownerFile(path));
  },
  'its owner.json is overwritten': (path) => writeFileSync(ownerFile(path), JSON.stringify(DEAD_OWNER)),
  'its owner.json is retired, as by one that reclaims it': (path) =>
    renameSync(ownerFile(path), join(path, `retired.${'0'.repeat(32)}`)),
};

/** The loss that an owner hears of; null while there is none. */
function listenTo(lock: Lock): { loss: { code: string; message: string } | null } {
  const heard: { loss: { code: string; message: string } | null } = { loss: null };
  lock.signal.addEventListener('abort', () => {
    heard.loss = lock.signal.reason;
  });
  return heard;
}

describeForEveryBackend('an owner that listens', (api, backend) => {
  function held(): { lock: Lock; path: string } {
    const path = join(tempDir(), 'install.lock');
    const lock = api.acquireLockSync(path);
    onCleanup(() => {
      try {
        lock.releaseSync();
      } catch {
        // It was lost.
      }
    });
    return { lock, path };
  }

  for (const [way, lose] of Object.entries(WAYS)) {
    test(`hears of the loss when ${way}`, async () => {
      const { lock, path } = held();
      const heard = listenTo(lock);
      const began = performance.now();
      lose(path);
      await until('the loss', () => heard.loss !== null);
      expect(performance.now() - began).toBeLessThan(NOTICED);
      expect(heard.loss).toMatchObject({ code: 'ERR_LOCK_LOST', path });
      expect(lock.verify()).toBe(false);
    });
  }

  test('to the channel of losses alone hears of one too', async () => {
    const losses: unknown[] = [];
    const listener = (event: unknown) => losses.push(event);
    diagnostics.subscribe(api.CHANNELS.lost, listener);
    onCleanup(() => void diagnostics.unsubscribe(api.CHANNELS.lost, listener));
    const { path } = held();
    rmSync(path, { recursive: true });
    await until('the loss', () => losses.length > 0);
    expect(losses).toMatchObject([{ path, error: { code: 'ERR_LOCK_LOST' } }]);
  });

  test('hears nothing of an owner.json that is back after a moment', async () => {
    const { lock, path } = held();
    const heard = listenTo(lock);
    const aside = join(path, `claimed.${'0'.repeat(32)}`);
    for (let round = 0; round < 5; round += 1) {
      renameSync(ownerFile(path), aside);
      await sleep(20);
      renameSync(aside, ownerFile(path));
      await sleep(30);
    }
    await sleep(300);
    expect(heard.loss).toBeNull();
    expect(lock.verify()).toBe(true);
  });

  test('hears nothing of what happens beside its owner.json', async () => {
    const { lock, path } = held();
    const heard = listenTo(lock);
    for (let round = 0; round < 5; round += 1) {
      writeFileSync(join(path, 'note'), 'foreign');
      unlinkSync(join(path, 'note'));
      mkdirSync(`${path}.beside`);
      rmSync(`${path}.beside`, { recursive: true });
    }
    await sleep(300);
    expect(heard.loss).toBeNull();
    expect(lock.verify()).toBe(true);
  });

  test('hears nothing of its own release', async () => {
    const { lock } = held();
    const heard = listenTo(lock);
    await sleep(20);
    lock.releaseSync();
    await sleep(200);
    expect(heard.loss).toBeNull();
    expect(lock.signal.aborted).toBe(false);
  });

  test('hears of the loss also while tasks of its process wait for the lock', async () => {
    const { lock, path } = held();
    const heard = listenTo(lock);
    const abort = new AbortController();
    const waiters = [1, 2].map(() => api.acquireLock(path, { signal: abort.signal }).catch(() => null));
    await sleep(50);
    abort.abort();
    await Promise.all(waiters);
    rmSync(path, { recursive: true });
    await until('the loss', () => heard.loss !== null);
  });

  test('looks once a second where the kernel reports nothing', async () => {
    const { watch } = api.backend;
    if (watch !== null) vi.spyOn(watch, 'onOwnLockChange').mockReturnValue('EMFILE');
    const { lock, path } = held();
    const heard = listenTo(lock);
    const began = performance.now();
    rmSync(path, { recursive: true });
    await until('the loss', () => heard.loss !== null);
    expect(performance.now() - began).toBeLessThan(NOTICED);
  });

  test('does not take a failing disk for a loss', async () => {
    const { lock, path } = held();
    const heard = listenTo(lock);
    const fails = () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5, syscall: 'fstatat' });
    };
    const broken = vi.spyOn(api.backend.files, 'isStillAt').mockImplementation(fails);
    writeFileSync(join(path, 'note'), 'foreign');
    unlinkSync(join(path, 'note'));
    await sleep(1_300);
    expect(heard.loss).toBeNull();
    broken.mockRestore();
    unlinkSync(ownerFile(path));
    await until('the loss', () => heard.loss !== null);
  });

  testRequiring([isBuilt()], 'does not keep its process from ending', async () => {
    const path = join(tempDir(), 'install.lock');
    const env = { env: { KERNEL_IDENTITY_BACKEND: backend } };
    const owner = await startProcess([process.execPath, HOLD, path], env);
    expect(await owner.message()).toBe('held');
    expect(await owner.exited).toEqual({ code: 0, signal: null });
  });
});

test('a lock is lost once the last of seven looks in 127 ms misses it, and not before', () => {
  vi.useFakeTimers();
  onCleanup(() => void vi.useRealTimers());
  let report: () => void = () => {};
  const operations = {
    onOwnLockChange: (_: unknown, changed: () => void) => {
      report = changed;
      return 1;
    },
    cancel: vi.fn(),
  };
  const looks: number[] = [];
  const lost = vi.fn();
  const began = Date.now();
  const watch = new LossWatch(
    { watch: operations } as never,
    0 as never,
    () => {
      looks.push(Date.now() - began);
      return 'it is gone';
    },
    lost,
  );
  report();
  vi.advanceTimersByTime(126);
  expect(lost).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(lost.mock.calls).toEqual([['it is gone']]);
  expect(looks).toEqual([0, 1, 3, 7, 15, 31, 63, 127]);
  expect(operations.cancel).toHaveBeenCalledWith(1);
  watch.close();
});
