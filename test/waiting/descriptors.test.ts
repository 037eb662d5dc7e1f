import { readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { systemError } from '../../src/backend/system-error.js';
import { writeLock } from '../helpers/crafted.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// The numbers of "Descriptors" in docs/protocol.md.

/** MAX_PIDFDS in src/lock/waiting/change-watch.ts. */
const MAX_PIDFDS = 64;

describeForEachBackend('descriptors', (api, backend) => {
  const newPath = () => join(tempDir(), 'install.lock');

  test('of a held lock are three, and none is left', async () => {
    const path = newPath();
    const lock = await api.acquireLock(path);
    expect(
      descriptorsOn(dirname(path))
        .map(({ target }) => target)
        .sort(),
    ).toEqual([dirname(path), path, join(path, 'owner.json')]);
    await lock.release();
    expect(descriptorsOn(dirname(path))).toEqual([]);
  });

  test('of all waiters in one directory are one, however many tasks and locks there are', async () => {
    const directory = tempDir();
    const paths = Array.from({ length: 8 }, (_, index) => join(directory, `${index}.lock`));
    const held = paths.map((path) => api.acquireLockSync(path));
    const before = descriptorsOn(directory).length;
    const controller = new AbortController();
    const all = Array.from({ length: 40 }, (_, index) =>
      api.acquireLock(paths[index % paths.length] as string, { signal: controller.signal }),
    );
    // Each has looked and begun to wait before acquireLock returns.
    expect(descriptorsOn(directory)).toHaveLength(before + 1);
    controller.abort();
    await Promise.allSettled(all);
    expect(descriptorsOn(directory)).toHaveLength(before);
    for (const lock of held) lock.releaseSync();
    expect(descriptorsOn(directory)).toEqual([]);
  });

  test('stay one when the waiters take their turns, and the first of them is gone', async () => {
    const path = newPath();
    let current = await api.acquireLock(path);
    const waiting = Array.from({ length: 5 }, () => api.acquireLock(path));
    for (const next of waiting) {
      current.releaseSync();
      current = await next;
      expect(current.verify()).toBe(true);
      // The parent is that of the waiters. The lock has two of its own.
      expect(descriptorsOn(dirname(path))).toHaveLength(3);
    }
    current.releaseSync();
    expect(descriptorsOn(dirname(path))).toEqual([]);
  });

  test('of waiters for a hundred locks hold no more than 64 pidfds', async () => {
    const directory = tempDir();
    const paths = Array.from({ length: 100 }, (_, index) => join(directory, `${index}.lock`));
    const held = paths.map((path) => api.acquireLockSync(path));
    const before = pidfds();
    // The second round shows that they are given back.
    for (let round = 0; round < 2; round += 1) {
      const controller = new AbortController();
      const all = paths.map((path) => api.acquireLock(path, { signal: controller.signal }));
      expect(pidfds() - before).toBe(backend === 'native' ? MAX_PIDFDS : 0);
      controller.abort();
      await Promise.allSettled(all);
      expect(pidfds()).toBe(before);
    }
    for (const lock of held) lock.releaseSync();
  });

  test('that are all used end a call, and make a waiter look again', async () => {
    const path = newPath();
    const held = api.acquireLockSync(path);
    const descriptions: string[] = [];
    let isServed = false;
    const waiting = api
      .acquireLock(path, { onWait: ({ description }) => void descriptions.push(description) })
      .then((lock) => {
        isServed = true;
        return lock;
      });
    const find = vi.spyOn(api.backend.files, 'findDirectoryAt').mockImplementation(() => {
      throw systemError('EMFILE', 'open', { path });
    });
    held.releaseSync();
    await until('it says so', () => descriptions.some((words) => words.includes('descriptor')), 5000);
    await expect(api.acquireLock(join(tempDir(), 'other.lock'))).rejects.toMatchObject({ code: 'EMFILE' });
    await sleep(50);
    expect(isServed).toBe(false);
    find.mockRestore();
    (await waiting).releaseSync();
  });

  test('are given back by whoever looked before it came to wait behind another', async () => {
    const path = newPath();
    const owner = await startProcess(['sleep', '60']);
    writeLock(path, { pid: owner.pid, createdAtMs: Date.now() });
    const controller = new AbortController();
    const waiting = [api.acquireLock(path, { signal: controller.signal })];
    const before = descriptorsOn(dirname(path)).length;
    // The newcomer finds nothing there, and looks itself, because nobody else may have noticed. By then it is held anew.
    vi.spyOn(api.backend.files, 'statAt').mockImplementationOnce(() => {
      throw systemError('ENOENT', 'fstatat', { path });
    });
    const look = vi.spyOn(api.backend.files, 'findDirectoryAt');
    waiting.push(api.acquireLock(path, { signal: controller.signal }));
    expect(look).toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(descriptorsOn(dirname(path))).toHaveLength(before);
    controller.abort();
    await Promise.allSettled(waiting);
    expect(descriptorsOn(dirname(path))).toEqual([]);
  });

  test('of a waiter for the lock of an older program are two, because its record has no nonce', async () => {
    const path = newPath();
    const owner = await startProcess(['sleep', '60']);
    writeLock(path, { pid: owner.pid, createdAtMs: Date.now() });
    const controller = new AbortController();
    const all = Array.from({ length: 5 }, () => api.acquireLock(path, { signal: controller.signal }));
    await sleep(30);
    expect(
      descriptorsOn(dirname(path))
        .map(({ target }) => target)
        .sort(),
    ).toEqual([dirname(path), path]);
    controller.abort();
    await Promise.allSettled(all);
    expect(descriptorsOn(dirname(path))).toEqual([]);
  });
});

function pidfds(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[pidfd]';
    } catch {
      return false;
    }
  }).length;
}
