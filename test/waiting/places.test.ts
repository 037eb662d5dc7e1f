import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextRound, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { AcquireOptions } from '../../src/lock/options.js';
import { startAgent } from '../helpers/agent.js';
import { describeForEachBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { isBuilt, isRoot, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// Tasks of one thread wait in one line if, and only if, they look at one lock, whatever their paths are called.

afterEach(() => {
  vi.restoreAllMocks();
});

describeForEachBackend('tasks that wait', (api) => {
  /** Makes two releases and a link that leads to the first of them. */
  function deployment(): string {
    const top = realpathSync(tempDir());
    for (const name of ['one', 'two']) mkdirSync(join(top, name));
    symlinkSync('one', join(top, 'current'));
    return top;
  }

  function switchTo(top: string, name: string): void {
    symlinkSync(name, join(top, 'next'));
    renameSync(join(top, 'next'), join(top, 'current'));
  }

  async function wait(path: string, options: AcquireOptions = {}) {
    let isWaiting = false;
    const lock = api.acquireLock(path, {
      ...options,
      onWait: () => {
        isWaiting = true;
      },
    });
    lock.catch(() => {});
    await until('it waits', () => isWaiting);
    return lock;
  }

  testRequiring(
    [isBuilt()],
    'by one text, but look into two directories since a link was switched',
    async () => {
      const top = deployment();
      const path = join(top, 'current/app.lock');
      const first = await api.acquireLock(join(top, 'one/app.lock'));
      const owner = await startAgent({ backend: 'native' });
      await owner.acquire(join(top, 'two/app.lock'));
      const controller = new AbortController();
      const before = wait(path, { signal: controller.signal });
      await sleep(20);
      switchTo(top, 'two');
      const after = wait(path, { timeout: 5000 });
      await sleep(20);
      await owner.process.kill();
      const lock = await after;
      expect(lock.verify()).toBe(true);
      expect(first.verify()).toBe(true);
      await lock.release();
      controller.abort(new Error('enough'));
      await expect(before).rejects.toThrow('enough');
      await first.release();
    },
  );

  test('by two spellings of one directory hear of a release at once, and have their turns in order', async () => {
    const top = deployment();
    const held = await api.acquireLock(join(top, 'one/app.lock'));
    const first = wait(join(top, 'current/app.lock'));
    const second = wait(`${top}/one/../one/app.lock`);
    const order: number[] = [];
    void first.then(() => order.push(1));
    void second.then(() => order.push(2));
    await sleep(20);
    await held.release();
    // No timer and no event of the kernel is needed.
    await nextRound();
    expect(order).toEqual([1]);
    const lock = await first;
    expect(lock.path).toBe(join(top, 'current/app.lock'));
    await lock.release();
    await nextRound();
    expect(order).toEqual([1, 2]);
    await (await second).release();
  });

  testRequiring([isRoot()], 'behind a bind mount are in the same line', async () => {
    const top = deployment();
    execFileSync('mount', ['--bind', join(top, 'one'), join(top, 'two')]);
    onTestFinished(() => void execFileSync('umount', [join(top, 'two')]));
    const { joinLine } = await internals();
    const places = ['one', 'two'].map((name) => joinLine(join(top, name, 'app.lock')));
    expect(places.map(({ isHead }) => isHead)).toEqual([true, false]);
    for (const place of places) place.end();
  });

  test('where the filesystem numbers a directory anew at each lookup look each for themselves', async () => {
    pretendFilesystem(api.backend, 'fuse');
    const directory = tempDir();
    const path = join(directory, 'app.lock');
    const { statDescriptor } = api.backend.files;
    let next = 10_000;
    vi.spyOn(api.backend.files, 'statDescriptor').mockImplementation((fd) => {
      const status = statDescriptor.call(api.backend.files, fd);
      return { ...status, inode: String(next++) };
    });
    const { joinLine } = await internals();
    const places = [path, path].map((each) => joinLine(each));
    expect(places.map(({ isHead }) => isHead)).toEqual([true, true]);
    for (const place of places) place.end();
  });

  test('on a filesystem that gives two directories one number are in two lines', async () => {
    pretendFilesystem(api.backend, '9p');
    const top = deployment();
    const { statDescriptor } = api.backend.files;
    vi.spyOn(api.backend.files, 'statDescriptor').mockImplementation((fd) => {
      const status = statDescriptor.call(api.backend.files, fd);
      return { ...status, inode: '7' };
    });
    const { joinLine } = await internals();
    const places = ['one', 'two', 'one'].map((name) => joinLine(join(top, name, 'app.lock')));
    expect(places.map(({ isHead }) => isHead)).toEqual([true, true, false]);
    for (const place of places) place.end();
  });

  async function internals() {
    const { QueuedWaiter } = await import('../../src/lock/waiting/queue.js');
    const { LockPath } = await import('../../src/lock/protocol/lock-path.js');
    return {
      joinLine: (path: string) => {
        const lockPath = LockPath.open(path);
        const waiter = new QueuedWaiter(lockPath, {}, false);
        return {
          isHead: waiter.isHead,
          end: () => {
            waiter.leave();
            lockPath.close();
          },
        };
      },
    };
  }
});
