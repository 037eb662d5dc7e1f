import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { PROGRAM } from '../helpers/cli.js';
import { NOBODY, ownerFile, writeLock } from '../helpers/crafted.js';
import { Image, run } from '../helpers/mounts.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { hasProgram, isRoot, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

// What belongs to a user is never deleted, however old it is and however much it looks like what a lock leaves.

const NOT_A_LOCK = { code: 'ERR_NOT_A_LOCK' };

/** Sets a time that is longer ago than any grace. */
function makeOld(path: string): void {
  const time = Date.now() / 1000 - 3600;
  utimesSync(path, time, time);
}

describeForEveryBackend('a directory of somebody else', (api, backend) => {
  /** Expects that neither an acquisition nor a reclaim touches the path, and that both say so at once. */
  function expectRefusal(path: string, code = 'ERR_NOT_A_LOCK'): void {
    const before = snapshot(dirname(path));
    const started = performance.now();
    const refused = expect.objectContaining({ code, path });
    expect(() => api.acquireLockSync(path, { timeout: 9_000 })).toThrow(refused);
    expect(() => api.acquireLockSync(path, { timeout: 9_000, ownerlessGrace: 0 })).toThrow(refused);
    expect(() => api.withLockSync(path, { timeout: 0 }, () => {})).toThrow(refused);
    expect(() => api.reclaimLockSync(path)).toThrow(refused);
    expect(performance.now() - started).toBeLessThan(900);
    expect(snapshot(dirname(path))).toEqual(before);
  }

  for (const name of ['userdata', 'spool', 'mutex', 'clock', 'rapid', 'spider', 'block-7', 'unlocked']) {
    test(`an old empty one called ${name}: refused at once, with the command that removes it`, () => {
      const path = join(tempDir(), name);
      mkdirSync(path);
      makeOld(path);
      expectRefusal(path);
      expect(() => api.acquireLockSync(path)).toThrow(`${PROGRAM} reclaim --ownerless 0s ${path}`);
      expect(api.inspectLockSync(path)).toMatchObject({
        state: 'unknown',
        description: expect.stringContaining('not named like a lock'),
      });
      // The caller can say that it is a lock's.
      expect(api.inspectLockSync(path, { ownerlessGrace: 0 }).state).toBe('stale');
      expect(api.reclaimLockSync(path, { ownerlessGrace: 7_200_000 })).toMatchObject({ reclaimed: false });
      expect(api.reclaimLockSync(path, { ownerlessGrace: 0 })).toMatchObject({ reclaimed: true });
      expect(existsSync(path)).toBe(false);
    });
  }

  test('an empty one made a moment ago is waited for, as for a release, and then refused', async () => {
    const path = join(tempDir(), 'userdata');
    mkdirSync(path);
    expect(api.tryAcquireLockSync(path)).toBeNull();
    await expect(api.acquireLock(path, { timeout: 9_000 })).rejects.toMatchObject(NOT_A_LOCK);
    expect(existsSync(path)).toBe(true);
  });

  test('an empty one that vanishes in time is not in the way', async () => {
    const path = join(tempDir(), 'mutex');
    mkdirSync(path);
    const acquiring = api.acquireLock(path, { timeout: 9_000 });
    setTimeout(() => rmSync(path, { recursive: true }), 100);
    await using lock = await acquiring;
    expect(lock.verify()).toBe(true);
  });

  test('one with a torn owner.json and another name: refused', () => {
    const path = join(tempDir(), '42');
    mkdirSync(path);
    writeFileSync(ownerFile(path), '{"name":"Al');
    makeOld(ownerFile(path));
    expectRefusal(path);
  });

  test('one whose owner.json is data with a pid: not ours, whether that process lives or not', () => {
    for (const pid of [NOBODY, process.pid]) {
      const path = join(tempDir(), '42');
      writeLock(path, { pid, name: 'Alice', email: 'alice@example.com', balance: 12.5 });
      expectRefusal(path);
      expect(() => api.inspectLockSync(path)).toThrow(expect.objectContaining(NOT_A_LOCK));
      expect(() => api.reclaimLockSync(path, { ownerlessGrace: 0 })).toThrow(
        expect.objectContaining(NOT_A_LOCK),
      );
    }
  });

  test('a lock of ours proves itself, whatever it is called', () => {
    const path = join(tempDir(), 'mutex');
    const lock = api.acquireLockSync(path);
    expect(api.tryAcquireLockSync(path)).toBeNull();
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  });

  test('a data directory that changes all the time: refused at once', () => {
    const path = join(tempDir(), 'x.lock');
    mkdirSync(path);
    writeFileSync(join(path, 'row-1'), '');
    expectRefusal(path, 'ERR_LOCK_NOT_EMPTY');
    expect(api.inspectLockSync(path)).toMatchObject({ state: 'unknown', foreignFiles: ['row-1'] });
  });

  test('one in which a program is about to write owner.json is waited for', () => {
    const path = join(tempDir(), 'x.lock');
    mkdirSync(path);
    writeFileSync(join(path, 'owner.json.4711.tmp'), '{');
    expect(api.tryAcquireLockSync(path)).toBeNull();
  });

  test('the directory in which another process stands', async () => {
    const path = join(tempDir(), 'cwdd');
    mkdirSync(path);
    const standing = await startProcess(['cat'], { cwd: path });
    makeOld(path);
    expectRefusal(path);
    await standing.kill();
  });

  testRequiring([isRoot()], 'a mount point: the error says so', () => {
    const path = join(tempDir(), 'x.lock');
    mkdirSync(path);
    expect(spawnSync('mount', ['-t', 'tmpfs', 'none', path]).status).toBe(0);
    onCleanup(() => void spawnSync('umount', [path]));
    makeOld(path);
    expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(/is a mount point/);
    expect(() => api.reclaimLockSync(path, { ownerlessGrace: 0 })).toThrow(/is a mount point/);
  });

  testRequiring(
    [isRoot()],
    'a bind mount of the same filesystem: the error says so, and nothing is gone',
    () => {
      const path = join(tempDir(), 'x.lock');
      const other = join(dirname(path), 'other');
      for (const directory of [path, other]) mkdirSync(directory);
      expect(spawnSync('mount', ['-o', 'bind', other, path]).status).toBe(0);
      onCleanup(() => void spawnSync('umount', [path]));
      makeOld(path);
      expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(expect.objectContaining(NOT_A_LOCK));
      expect(existsSync(path)).toBe(true);
    },
  );

  testRequiring(
    [isRoot(), hasProgram('mkfs.btrfs')],
    'an empty subvolume: the error says so, and it is not deleted',
    () => {
      const path = join(new Image('btrfs').attach(), 'x.lock');
      run('btrfs', 'subvolume', 'create', path);
      makeOld(path);
      expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(expect.objectContaining(NOT_A_LOCK));
      expect(() => api.reclaimLockSync(path, { ownerlessGrace: 0 })).toThrow(/root of a subvolume/);
      expect(run('btrfs', 'subvolume', 'list', dirname(path))).toMatch(/path x\.lock$/);
    },
  );

  if (backend !== 'portable') {
    test('an old empty x.lock on which a process has a file lock: held', async () => {
      const path = join(tempDir(), 'x.lock');
      mkdirSync(path);
      const holder = await startProcess(['flock', path, 'sh', '-c', 'echo locked; exec cat']);
      await holder.line();
      makeOld(path);
      expect(api.inspectLockSync(path)).toMatchObject({ state: 'held', owner: null });
      expect(api.tryAcquireLockSync(path)).toBeNull();
      expect(api.reclaimLockSync(path, { ownerlessGrace: 0 }).reclaimed).toBe(false);
      expect(existsSync(path)).toBe(true);
      await holder.kill();
    });
  }

  test('files whose names only contain the words: nothing is deleted', () => {
    const directory = tempDir();
    const files = {
      'rapid.txt': String(NOBODY),
      clock: String(NOBODY),
      'spider-count': String(NOBODY),
      'block-7.json': JSON.stringify({ pid: NOBODY, product: 'chair', price: 12 }),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    symlinkSync('rapid.txt', join(directory, 'link'));
    const before = snapshot(directory);
    for (const name of Object.keys(files)) {
      expect(() => api.reclaimLockSync(join(directory, name)), name).toThrow(
        expect.objectContaining(NOT_A_LOCK),
      );
    }
    expect(snapshot(directory)).toEqual(before);
    // The words alone are enough. Plain Node alone cannot tell on which filesystem the file stands.
    writeFileSync(join(directory, 'app.pid'), String(NOBODY));
    expect(api.reclaimLockSync(join(directory, 'app.pid'), { sameHost: true }).reclaimed).toBe(true);
  });
});
