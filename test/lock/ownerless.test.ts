import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { ownerFile } from '../helpers/crafted.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The default grace: what older programs allow themselves between their mkdir and their write. */
const GRACE_S = 30;

/** Lock directories in which no owner can be read. */
const OWNERLESS: Record<string, (path: string) => void> = {
  'a directory whose time was set': () => {},
  'an empty owner.json': (path) => writeFileSync(ownerFile(path), ''),
  'an owner.json cut off in the middle': (path) => writeFileSync(ownerFile(path), '{\n  "pid": 7,\n  "crea'),
  'an owner.json of NUL bytes, as after a power cut': (path) =>
    writeFileSync(ownerFile(path), '\0'.repeat(128)),
  'a half-made owner.json.new': (path) => writeFileSync(`${ownerFile(path)}.new`, '{'),
};

describeForEveryBackend('a lock directory without an owner', (api, backend) => {
  function make(fill: (path: string) => void): string {
    const path = join(tempDir(), 'install.lock');
    mkdirSync(path);
    fill(path);
    return path;
  }

  /** Sets the times of the directory and of everything in it, in seconds from now. */
  function age(path: string, seconds: number): void {
    const time = Date.now() / 1000 + seconds;
    for (const name of [...readdirSync(path), '.']) utimesSync(join(path, name), time, time);
  }

  for (const [what, fill] of Object.entries(OWNERLESS)) {
    test(`${what}: left alone within the grace`, () => {
      const path = make(fill);
      age(path, -GRACE_S + 5);
      const before = snapshot(dirname(path));
      expect(api.inspectLockSync(path)).toMatchObject({ state: 'unknown', owner: null, verdict: null });
      expect(api.reclaimLockSync(path).reclaimed).toBe(false);
      expect(() => api.acquireLockSync(path, { timeout: 20 })).toThrow(
        expect.objectContaining({
          code: 'ERR_LOCK_TIMEOUT',
          reason: expect.stringContaining('within the grace'),
        }),
      );
      expect(snapshot(dirname(path))).toEqual(before);
    });

    test(`${what}: free past the grace`, () => {
      for (const take of [
        (path: string) => api.acquireLockSync(path, { timeout: 0 }).releaseSync(),
        (path: string) => expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: true, state: 'free' }),
      ]) {
        const path = make(fill);
        age(path, -GRACE_S - 1);
        expect(api.inspectLockSync(path).state).toBe('stale');
        take(path);
        expect(existsSync(path)).toBe(false);
      }
    });

    test(`${what}: the grace can be that of older programs`, () => {
      const path = make(fill);
      age(path, -GRACE_S - 1);
      expect(api.tryAcquireLockSync(path, { ownerlessGrace: 60_000 })).toBeNull();
      expect(api.inspectLockSync(path, { ownerlessGrace: 60_000 }).state).toBe('unknown');
    });

    test(`${what}: with a time in the future, free after the grace by the waiter's own clock`, async () => {
      const path = make(fill);
      age(path, 3600);
      expect(api.tryAcquireLockSync(path, { ownerlessGrace: 0 })).toBeNull();
      const started = performance.now();
      const lock = await api.acquireLock(path, { ownerlessGrace: 200, timeout: 8000 });
      expect(performance.now() - started).toBeGreaterThanOrEqual(200);
      expect(lock.verify()).toBe(true);
      lock.releaseSync();
    });
  }

  for (const name of ['x.lock', 'lock', 'LCK..ttyS0', 'foo-lock', '.lock']) {
    test(`an empty directory called ${name}, as mkdir leaves it: not taken before 30 s of silence, and named as such`, () => {
      const path = join(tempDir(), name);
      mkdirSync(path);
      age(path, -GRACE_S + 5);
      expect(api.inspectLockSync(path)).toMatchObject({
        state: 'unknown',
        description: expect.stringContaining('that locks by a directory alone'),
      });
      expect(api.tryAcquireLockSync(path)).toBeNull();
      expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false, state: 'unknown' });
      age(path, -GRACE_S - 1);
      const lock = api.tryAcquireLockSync(path);
      expect(lock?.verify()).toBe(true);
      lock?.releaseSync();
    });
  }

  test('an empty directory that is refreshed, as proper-lockfile does: left alone between two of its beats', () => {
    const path = make(() => {});
    age(path, -GRACE_S / 2);
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(existsSync(path)).toBe(true);
  });

  test('a retired owner.json alone: free at once', () => {
    const retired = (path: string) => writeFileSync(join(path, `retired.${'0'.repeat(32)}`), '{}');
    const path = make(retired);
    expect(api.inspectLockSync(path).state).toBe('stale');
    const lock = api.acquireLockSync(path, { timeout: 0 });
    expect(readdirSync(path)).toEqual(['owner.json']);
    lock.releaseSync();
    const other = make(retired);
    expect(api.reclaimLockSync(other)).toMatchObject({ reclaimed: true, state: 'free' });
    expect(existsSync(other)).toBe(false);
  });

  test('several retired ones, and a half-made one: free at once', () => {
    const path = make((directory) => {
      for (const digit of '0af') writeFileSync(join(directory, `retired.${digit.repeat(32)}`), '{}');
      writeFileSync(join(directory, 'owner.json.new'), '');
    });
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('an empty directory that is removed during the check: nothing is there', () => {
    const path = make(() => {});
    hookFiles(api.backend, {
      after: (operation) => {
        if (operation === 'findDirectoryAt') rmdirSync(path);
      },
    });
    expect(api.inspectLockSync(path)).toMatchObject({ state: 'free', description: 'nothing is there' });
  });

  test('a name that only looks retired is not ours: nothing is deleted', () => {
    for (const name of [
      'retired.',
      'retired.txt',
      `retired.${'0'.repeat(31)}`,
      `retired.${'G'.repeat(32)}`,
    ]) {
      const path = make((directory) => {
        writeFileSync(join(directory, name), 'precious');
        writeFileSync(join(directory, `retired.${'0'.repeat(32)}`), '{}');
      });
      const before = snapshot(dirname(path));
      expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY', path, entries: [name] }),
      );
      expect(() => api.reclaimLockSync(path)).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY' }),
      );
      expect(snapshot(dirname(path))).toEqual(before);
    }
  });

  // The procfs backend sees a witness only while the list of this machine's locks is short.
  if (backend === 'native') {
    testRequiring(
      [isBuilt()],
      'a torn owner.json whose witness is held: never free, however old',
      async () => {
        const path = join(tempDir(), 'install.lock');
        const owner = await startAgent({ backend: 'native' });
        await owner.acquire(path);
        truncateSync(ownerFile(path));
        age(path, -3600);
        const before = snapshot(dirname(path));
        expect(api.inspectLockSync(path, { ownerlessGrace: 0 })).toMatchObject({
          state: 'held',
          owner: null,
          // The owner's lock on the directory would say so too, but not to another PID namespace.
          description: expect.stringContaining('still holds the file lock on it'),
        });
        expect(api.tryAcquireLockSync(path, { ownerlessGrace: 0 })).toBeNull();
        expect(api.reclaimLockSync(path, { ownerlessGrace: 0 }).reclaimed).toBe(false);
        expect(snapshot(dirname(path))).toEqual(before);
        await owner.kill();
        expect(api.inspectLockSync(path).state).toBe('stale');
        api.acquireLockSync(path, { timeout: 0 }).releaseSync();
      },
    );
  }
});
