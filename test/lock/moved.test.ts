import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { writeLock } from '../helpers/crafted.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { describeForEachBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// A directory above a held lock is renamed, or a symbolic link in its path is switched: the owner keeps its
// lock, but the path leads elsewhere.

/** How the path of a lock comes to lead elsewhere. */
const WAYS: Record<string, (top: string) => void> = {
  'the parent is renamed': (top) => renameSync(join(top, 'one'), join(top, 'old')),
  'the parent is renamed, and another takes its place': (top) => {
    renameSync(join(top, 'one'), join(top, 'old'));
    mkdirSync(join(top, 'one'));
  },
  'the link is switched': (top) => {
    mkdirSync(join(top, 'two'));
    symlinkSync('two', join(top, 'next'));
    renameSync(join(top, 'next'), join(top, 'current'));
  },
  'the link is switched to a directory with another lock': (top) => {
    mkdirSync(join(top, 'two'));
    writeLock(join(top, 'two/app.lock'), { pid: process.pid, createdAtMs: Date.now() });
    rmSync(join(top, 'current'));
    symlinkSync('two', join(top, 'current'));
  },
  'the link is gone': (top) => rmSync(join(top, 'current')),
  'the link leads to itself': (top) => {
    rmSync(join(top, 'current'));
    symlinkSync('current', join(top, 'current'));
  },
  'a file takes the place of the link': (top) => {
    rmSync(join(top, 'current'));
    writeFileSync(join(top, 'current'), '');
  },
};

describeForEachBackend('a lock whose path leads elsewhere', (api) => {
  function tree(): string {
    const top = realpathSync(tempDir());
    mkdirSync(join(top, 'one'));
    symlinkSync('one', join(top, 'current'));
    return top;
  }

  function listen(): { path: string }[] {
    const heard: { path: string }[] = [];
    const hear = (event: unknown) => void heard.push(event as { path: string });
    subscribe(api.CHANNELS.moved, hear);
    onTestFinished(() => void unsubscribe(api.CHANNELS.moved, hear));
    return heard;
  }

  for (const type of [null, 'fuse'] as const) {
    for (const [what, move] of Object.entries(WAYS)) {
      test(`since ${what} is held and moved${type === null ? '' : `, on ${type} too`}`, () => {
        if (type !== null) pretendFilesystem(api.backend, type);
        const top = tree();
        const path = join(top, 'current/app.lock');
        const lock = api.acquireLockSync(path);
        expect(lock.verify()).toBe(true);
        expect(lock.moved).toBe(false);
        const before = descriptorsOn(top).length;
        move(top);
        expect(lock.verify()).toBe(true);
        expect(lock.moved).toBe(true);
        expect(lock.signal.aborted).toBe(false);
        expect(lock.path).toBe(path);
        expect(descriptorsOn(top)).toHaveLength(before);
        lock.releaseSync();
        expect(descriptorsOn(top)).toEqual([]);
      });
    }
  }

  test('is found within a second while somebody listens, once each time', async () => {
    const heard = listen();
    const top = tree();
    const path = join(top, 'current/app.lock');
    const lock = await api.acquireLock(path);
    await sleep(30);
    const moved = performance.now();
    renameSync(join(top, 'one'), join(top, 'old'));
    await until('it is heard', () => heard.length > 0, 5000);
    expect(performance.now() - moved).toBeLessThan(2000);
    expect(lock.moved).toBe(true);
    await sleep(1200);
    expect(heard).toEqual([{ path, owner: lock.owner, ownerAge: expect.any(Number) }]);
    renameSync(join(top, 'old'), join(top, 'one'));
    expect(lock.verify()).toBe(true);
    expect(lock.moved).toBe(false);
    renameSync(join(top, 'one'), join(top, 'old'));
    expect(lock.verify()).toBe(true);
    expect(heard).toHaveLength(2);
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
  });

  test('is no loss, and a loss is no move', async () => {
    const heard = listen();
    const locks = [
      (path: string) => rmSync(path, { recursive: true }),
      (path: string) => renameSync(path, `${path}.aside`),
    ].map((lose) => {
      const path = join(tree(), 'current/app.lock');
      const lock = api.acquireLockSync(path);
      lose(path);
      return lock;
    });
    // The path is checked meanwhile.
    await sleep(1500);
    for (const lock of locks) {
      expect(lock.moved).toBe(false);
      expect(lock.verify()).toBe(false);
      expect(lock.moved).toBe(false);
      expect(() => lock.releaseSync()).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    }
    expect(heard).toEqual([]);
  });

  test('leaves both of the locks that then have one path to their owners', () => {
    const top = tree();
    const path = join(top, 'one/app.lock');
    const first = api.acquireLockSync(path);
    renameSync(join(top, 'one'), join(top, 'old'));
    mkdirSync(join(top, 'one'));
    const second = api.acquireLockSync(path, { timeout: 0 });
    expect([first, second].map((lock) => [lock.verify(), lock.moved])).toEqual([
      [true, true],
      [true, false],
    ]);
    first.releaseSync();
    expect(second.verify()).toBe(true);
    second.releaseSync();
  });
});
