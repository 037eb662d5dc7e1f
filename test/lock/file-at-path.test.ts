import {
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { NOBODY } from '../helpers/crafted.js';
import { meanwhile } from '../helpers/meanwhile.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { hasProgram, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// An older version of a program locks by a file, and the new version by a directory at the same path.

function fileAt(name: string, content: string, ageMs = 5_000): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  makeOlder(path, ageMs);
  return path;
}

function makeOlder(path: string, ageMs: number): void {
  const time = (Date.now() - ageMs) / 1000;
  utimesSync(path, time, time);
}

describeForEachBackend("an older program's file at the path of a lock", (api) => {
  test('of a dead owner: the lock is taken, and the report names what was there', () => {
    for (const content of [`${NOBODY}\n`, JSON.stringify({ pid: NOBODY, createdAt: Date.now() - 9_000 })]) {
      const path = fileAt('server.pid', content);
      using lock = api.acquireLockSync(path, { timeout: 0 });
      expect(lock.verify()).toBe(true);
      expect(lock.reclaimed).toMatchObject({ owner: { pid: NOBODY }, verdict: { state: 'dead' } });
      expect(readdirSync(dirname(path))).toEqual(['server.pid']);
    }
  });

  test('of a dead owner: each way to acquire takes the lock', async () => {
    const path = () => fileAt('a.lock', String(NOBODY));
    (await api.acquireLock(path())).releaseSync();
    (await api.tryAcquireLock(path()))?.releaseSync();
    api.tryAcquireLockSync(path())?.releaseSync();
    expect(api.withLockSync(path(), () => 'done')).toBe('done');
  });

  test('that is a symbolic link of a dead owner: the lock is taken', () => {
    const path = join(tempDir(), 'SingletonLock');
    symlinkSync(`${hostname()}-${NOBODY}`, path);
    using lock = api.acquireLockSync(path, { timeout: 0 });
    expect(lock.verify()).toBe(true);
  });

  test('of a live owner: waited for, and taken when the owner is killed and when it deletes its file', async () => {
    for (const end of ['kill', 'delete'] as const) {
      const owner = await startProcess(['cat']);
      const path = fileAt('server.pid', `${owner.pid}\n`, 0);
      expect(api.tryAcquireLockSync(path)).toBeNull();
      expect(await api.tryAcquireLock(path)).toBeNull();
      expect(() => api.acquireLockSync(path, { timeout: 30 })).toThrow(
        expect.objectContaining({
          code: 'ERR_LOCK_TIMEOUT',
          owner: expect.objectContaining({ pid: owner.pid }),
        }),
      );
      const reports: unknown[] = [];
      const acquiring = api.acquireLock(path, { timeout: 20_000, onWait: (report) => reports.push(report) });
      await until('a report', () => reports.length > 0);
      expect(reports[0]).toMatchObject({ owner: { pid: owner.pid }, verdict: { state: 'alive' } });
      expect(readFileSync(path, 'utf8')).toBe(`${owner.pid}\n`);
      if (end === 'delete') unlinkSync(path);
      await owner.kill();
      await using lock = await acquiring;
      expect(lock.verify()).toBe(true);
      expect(lock.reclaimed?.owner?.pid).toBe(end === 'kill' ? owner.pid : undefined);
    }
  });

  test('that is no lock, or has the name of none: refused at once and untouched', async () => {
    for (const [name, content] of [
      ['notes.lock', 'some text\n'],
      ['results.json', JSON.stringify({ pid: NOBODY, points: 3 })],
      ['spider-count', String(NOBODY)],
      ['a.lock', JSON.stringify({ name: 'no pid' })],
    ] as const) {
      const path = fileAt(name, content);
      const before = snapshot(dirname(path));
      const refused = expect.objectContaining({ code: 'ERR_NOT_A_LOCK', path });
      expect(() => api.acquireLockSync(path, { timeout: 9_000 }), name).toThrow(refused);
      expect(() => api.tryAcquireLockSync(path), name).toThrow(refused);
      await expect(api.acquireLock(path, { emptyFile: 'take', ownerlessGrace: 0 })).rejects.toEqual(refused);
      expect(snapshot(dirname(path)), name).toEqual(before);
    }
  });

  const replacements: Record<string, (path: string) => void> = {
    'a renamed file': (path) => {
      writeFileSync(`${path}.new`, `${process.pid}\n`);
      renameSync(`${path}.new`, path);
    },
    'a file made with O_EXCL': (path) => {
      unlinkSync(path);
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
    },
    'a linked file': (path) => {
      unlinkSync(path);
      writeFileSync(`${path}.new`, `${process.pid}\n`);
      linkSync(`${path}.new`, path);
    },
    'other content': (path) => writeFileSync(path, `${process.pid}\n`),
    'other content of the same time': (path) => {
      const { atime, mtime } = lstatSync(path);
      writeFileSync(path, `${String(process.pid).padStart(String(NOBODY).length)}\n`);
      utimesSync(path, atime, mtime);
    },
  };
  for (const [what, replace] of Object.entries(replacements)) {
    test(`that gets ${what} of a live owner once it was judged dead: left to that owner`, () => {
      const path = fileAt('a.lock', `${NOBODY}\n`, 0);
      expect(
        api.tryAcquireLockSync(
          path,
          meanwhile(() => replace(path)),
        ),
      ).toBeNull();
      expect(readFileSync(path, 'utf8').trim()).toBe(String(process.pid));
    });
  }

  test('that a directory of another lock replaces: that one is judged', () => {
    const path = fileAt('a.lock', `${NOBODY}\n`, 0);
    let other: { releaseSync(): void } | undefined;
    const replace = () => {
      unlinkSync(path);
      other = api.acquireLockSync(path);
    };
    expect(api.tryAcquireLockSync(path, meanwhile(replace))).toBeNull();
    other?.releaseSync();
    expect(existsSync(path)).toBe(false);
  });

  test('that names nobody: waited for a moment, and then refused with the option that takes it', async () => {
    for (const content of ['', '\n', '\0\0\0\0', '{"pid": 12']) {
      const path = fileAt('a.lock', content, 0);
      expect(api.tryAcquireLockSync(path), content).toBeNull();
      makeOlder(path, 3_600_000);
      expect(() => api.acquireLockSync(path), content).toThrow(
        expect.objectContaining({
          code: 'ERR_NOT_A_LOCK',
          message: expect.stringContaining(`reclaim --empty-file take ${path}`),
        }),
      );
      expect(() => api.reclaimLockSync(path), content).toThrow('--empty-file take');
      // The grace is the caller's as well.
      expect(api.tryAcquireLockSync(path, { emptyFile: 'take', ownerlessGrace: 7_200_000 })).toBeNull();
      expect(api.reclaimLockSync(path, { emptyFile: 'take', ownerlessGrace: 7_200_000 }).reclaimed).toBe(
        false,
      );
      expect(readFileSync(path, 'utf8')).toBe(content);
      using lock = api.acquireLockSync(path, { emptyFile: 'take', timeout: 0 });
      expect(lock.verify()).toBe(true);
    }
  });

  test('with the pid of nobody: unknown, and taken after the grace if the caller says so', () => {
    for (const content of ['0\n', '{"pid":0}', '{"pid":-1}']) {
      const path = fileAt('a.lock', content, 3_600_000);
      expect(api.inspectLockSync(path)).toMatchObject({
        state: 'unknown',
        verdict: { reason: 'malformed-record' },
      });
      expect(api.reclaimLockSync(path).reclaimed).toBe(false);
      expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(`reclaim --empty-file take ${path}`);
      expect(api.tryAcquireLockSync(path, { emptyFile: 'take', ownerlessGrace: 7_200_000 })).toBeNull();
      using lock = api.acquireLockSync(path, { emptyFile: 'take', timeout: 0 });
      expect(lock.verify()).toBe(true);
    }
    // It may be the number of a process group.
    const path = fileAt('a.lock', `-${NOBODY}\n`, 3_600_000);
    expect(() => api.acquireLockSync(path, { emptyFile: 'take' })).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }),
    );
  });

  test('that names nobody and is no lock by its name: never taken', () => {
    const path = fileAt('data', '', 3_600_000);
    const options = { emptyFile: 'take', ownerlessGrace: 0 } as const;
    expect(() => api.acquireLockSync(path, options)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }),
    );
    expect(() => api.reclaimLockSync(path, options)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }),
    );
    expect(existsSync(path)).toBe(true);
  });

  test('that names nobody is stale for inspect and is reclaimed, if the caller takes it for a lock', () => {
    const path = fileAt('a.lock', '', 3_600_000);
    expect(api.inspectLockSync(path)).toMatchObject({ state: 'unknown' });
    expect(api.inspectLockSync(path, { emptyFile: 'take' })).toMatchObject({ state: 'stale', owner: null });
    expect(api.reclaimLockSync(path, { emptyFile: 'take' })).toMatchObject({
      state: 'free',
      reclaimed: true,
    });
    expect(existsSync(path)).toBe(false);
  });

  testRequiring(
    [hasProgram('flock')],
    'that names nobody, and on which a process has a file lock: held',
    async () => {
      const path = fileAt('a.lock', '', 3_600_000);
      const options = { emptyFile: 'take', ownerlessGrace: 0 } as const;
      const holder = await startProcess(['flock', '-F', path, 'sh', '-c', 'echo locked; exec cat']);
      await holder.line();
      expect(api.inspectLockSync(path, options)).toMatchObject({ state: 'held' });
      expect(api.tryAcquireLockSync(path, options)).toBeNull();
      expect(api.reclaimLockSync(path, options).reclaimed).toBe(false);
      await holder.kill();
      expect(api.reclaimLockSync(path, options).reclaimed).toBe(true);
    },
  );
});
