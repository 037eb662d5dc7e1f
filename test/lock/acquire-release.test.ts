import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { AcquireOptions, InspectOptions, Lock } from '../../src/index.js';
import { ownerFile, readOwner, witnessOn } from '../helpers/crafted.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describeForEveryBackend('a lock', (api, backend) => {
  /** Every way to acquire and to release a lock, each as a promise so that they can be compared. */
  const acquires: Record<string, (path: string, options?: AcquireOptions) => Promise<Lock | null>> = {
    acquireLock: (path, options) => api.acquireLock(path, options),
    acquireLockSync: async (path, options) => api.acquireLockSync(path, options),
    tryAcquireLock: (path, options) => api.tryAcquireLock(path, options),
    tryAcquireLockSync: async (path, options) => api.tryAcquireLockSync(path, options),
  };
  const releases: Record<string, (lock: Lock) => Promise<void>> = {
    release: (lock) => lock.release(),
    releaseSync: async (lock) => lock.releaseSync(),
    [Symbol.asyncDispose.description as string]: (lock) => lock[Symbol.asyncDispose](),
    [Symbol.dispose.description as string]: async (lock) => lock[Symbol.dispose](),
  };

  for (const [acquireName, acquire] of Object.entries(acquires)) {
    for (const [releaseName, release] of Object.entries(releases)) {
      test(`${acquireName} takes it, ${releaseName} frees it and leaves nothing`, async () => {
        const path = newPath();
        // The lifeline has a descriptor that stays open.
        api.selfIdentity();
        const before = descriptors();
        const lock = (await acquire(path)) as Lock;
        expect(lock.path).toBe(path);
        expect(readdirSync(path)).toEqual(['owner.json']);
        expect(lock.verify()).toBe(true);
        expect(api.inspectLockSync(path)).toMatchObject({
          state: 'held',
          format: 'kernel-identity',
          verdict: { reason: 'held-by-this-process' },
        });
        await release(lock);
        expect(readdirSync(dirname(path))).toEqual([]);
        expect(lock.verify()).toBe(false);
        expect(lock.signal.aborted).toBe(false);
        if (backend === 'native') expect(descriptors()).toBe(before);
      });
    }
  }

  test('that this process holds is not given to it again', async () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(await api.tryAcquireLock(path)).toBeNull();
    await expect(api.acquireLock(path, { timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      reason: 'held-by-this-process',
    });
    expect(api.reclaimLockSync(path).reclaimed).toBe(false);
    expect((await api.reclaimLock(path)).reclaimed).toBe(false);
    expect((await api.inspectLock(path)).state).toBe('held');
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
    api.acquireLockSync(path).releaseSync();
  });

  test('released twice does nothing the second time, not even to a successor', async () => {
    const path = newPath();
    const first = api.acquireLockSync(path);
    await first.release();
    const second = api.acquireLockSync(path);
    await first.release();
    first.releaseSync();
    first[Symbol.dispose]();
    expect(second.verify()).toBe(true);
    second.releaseSync();
  });

  test('bound by `using` is released at the end of the block, also when that throws', async () => {
    const path = newPath();
    {
      await using lock = await api.acquireLock(path);
      expect(lock.verify()).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
    expect(() => {
      using lock = api.acquireLockSync(path);
      expect(lock.verify()).toBe(true);
      throw new Error('halfway');
    }).toThrow('halfway');
    expect(existsSync(path)).toBe(false);
  });

  test('is held while withLock runs, and the result is passed on', async () => {
    const path = newPath();
    const whileHeld = (lock: Lock) => {
      expect(lock.verify()).toBe(true);
      return readdirSync(path);
    };
    expect(await api.withLock(path, whileHeld)).toEqual(['owner.json']);
    expect(await api.withLock(path, { label: 'x' }, async (lock) => whileHeld(lock))).toEqual(['owner.json']);
    expect(api.withLockSync(path, whileHeld)).toEqual(['owner.json']);
    expect(api.withLockSync(path, { label: 'x' }, whileHeld)).toEqual(['owner.json']);
    expect(existsSync(path)).toBe(false);
  });

  test('is released when what runs in withLock throws, and that error is the one passed on', async () => {
    const path = newPath();
    const mistake = new Error('halfway');
    await expect(api.withLock(path, () => Promise.reject(mistake))).rejects.toBe(mistake);
    expect(() =>
      api.withLockSync(path, () => {
        throw mistake;
      }),
    ).toThrow(mistake);
    expect(existsSync(path)).toBe(false);
  });

  test('asked for with nothing to run is an error before anything is taken', async () => {
    const path = newPath();
    const code = 'ERR_INVALID_ARG_TYPE';
    await expect(api.withLock(path, undefined as never)).rejects.toMatchObject({ code });
    await expect(api.withLock(path, {}, 'run' as never)).rejects.toMatchObject({ code });
    expect(() => api.withLockSync(path, {} as never)).toThrow(expect.objectContaining({ code }));
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('can be named by a URL', () => {
    const path = newPath();
    const lock = api.acquireLockSync(pathToFileURL(path));
    expect(lock.path).toBe(path);
    expect(existsSync(ownerFile(path))).toBe(true);
    lock.releaseSync();
  });

  test('records its owner so that older programs understand it', () => {
    const path = newPath();
    const before = Date.now();
    const lock = api.acquireLockSync(path, { label: 'browser plugin' });
    const text = readFileSync(ownerFile(path), 'utf8');
    const owner = readOwner(path);
    expect(text).toBe(`${JSON.stringify(owner, null, 2)}\n`);
    expect(owner).toMatchObject({ pid: process.pid, version: 1, label: 'browser plugin' });
    const { startTicks } = api.selfIdentity();
    expect(owner.starttime).toBe(startTicks === null ? undefined : Number(startTicks));
    expect(startTicks === null).toBe(backend === 'portable');
    expect(owner.createdAtMs).toBeGreaterThanOrEqual(before);
    expect(owner.createdAtMs).toBeLessThanOrEqual(Date.now());
    expect(owner.nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(owner.identity).toEqual(api.selfIdentity());
    const { device, inode } = witnessOn(ownerFile(path));
    if (backend === 'native') expect(owner.witness).toMatchObject({ device, inode });
    else expect(owner.witness).toBeNull();
    expect(lock.owner).toMatchObject({ pid: process.pid, nonce: owner.nonce, label: 'browser plugin' });
    lock.releaseSync();
  });

  test('has a new nonce each time', () => {
    const path = newPath();
    const nonces = Array.from({ length: 20 }, () => api.withLockSync(path, (lock) => lock.owner.nonce));
    expect(new Set(nonces).size).toBe(20);
  });

  for (const [umask, directoryMode, fileMode] of [
    [0o000, 0o777, 0o664],
    [0o002, 0o775, 0o664],
    [0o022, 0o755, 0o644],
    [0o027, 0o750, 0o640],
    [0o077, 0o700, 0o600],
  ] as const) {
    test(`follows the umask ${umask.toString(8).padStart(3, '0')}, so that others can judge it or not`, () => {
      const path = newPath();
      const before = process.umask(umask);
      try {
        const lock = api.acquireLockSync(path);
        expect((statSync(path).mode & 0o7777).toString(8)).toBe(directoryMode.toString(8));
        expect((statSync(ownerFile(path)).mode & 0o7777).toString(8)).toBe(fileMode.toString(8));
        lock.releaseSync();
      } finally {
        process.umask(before);
      }
    });
  }

  test('taken and released many times leaks no descriptor', async () => {
    const path = newPath();
    const held = api.acquireLockSync(`${path}.held`);
    const round = async () => {
      api.withLockSync(path, () => {});
      await api.withLock(path, () => {});
      expect(api.tryAcquireLockSync(held.path)).toBeNull();
      api.inspectLockSync(path);
      api.inspectLockSync(held.path);
      api.reclaimLockSync(held.path);
    };
    await round();
    const before = descriptors();
    for (let i = 0; i < 100; i += 1) await round();
    // A thread that was terminated holds its descriptors for a moment.
    expect(descriptors()).toBeLessThan(before + 20);
    held.releaseSync();
  });

  describe('with an option that makes no sense', () => {
    const type = 'ERR_INVALID_ARG_TYPE';
    const range = 'ERR_OUT_OF_RANGE';
    test.each<[keyof AcquireOptions, unknown, string]>([
      ['timeout', '5', type],
      ['timeout', null, type],
      ['timeout', -1, range],
      ['timeout', Number.NaN, range],
      ['expectedHold', '5', type],
      ['expectedHold', -1, range],
      ['ownerlessGrace', -1, range],
      ['clockSlack', Number.NaN, range],
      ['legacy', 'guess', range],
      ['trustBootId', 'yes', type],
      ['label', 7, type],
      ['label', 'x'.repeat(257), range],
      ['onWait', 'call me', type],
      ['signal', {}, type],
    ])('%s: %o is refused and nothing is taken', async (name, value, code) => {
      const path = newPath();
      const options = { [name]: value } as AcquireOptions;
      await expect(api.acquireLock(path, options)).rejects.toMatchObject({ code });
      expect(() => api.acquireLockSync(path, options)).toThrow(expect.objectContaining({ code }));
      if (name !== 'timeout') {
        await expect(api.tryAcquireLock(path, options)).rejects.toMatchObject({ code });
      }
      expect(readdirSync(dirname(path))).toEqual([]);
    });

    // A misspelt `legacy` would otherwise assume what the caller meant to forbid.
    test.each<[keyof InspectOptions, unknown, string]>([
      ['ownerlessGrace', '0', type],
      ['ownerlessGrace', -1, range],
      ['clockSlack', '60000', type],
      ['clockSlack', Number.NaN, range],
      ['legacy', 'Unknown', range],
      ['trustBootId', 'false', type],
    ])('%s: %o is refused by everything that judges', async (name, value, code) => {
      const path = newPath();
      const options = { [name]: value } as InspectOptions;
      const error = expect.objectContaining({ code });
      await expect(api.inspectLock(path, options)).rejects.toMatchObject({ code });
      expect(() => api.inspectLockSync(path, options)).toThrow(error);
      await expect(api.reclaimLock(path, options)).rejects.toMatchObject({ code });
      expect(() => api.reclaimLockSync(path, options)).toThrow(error);
      if (name === 'ownerlessGrace') return;
      expect(() => api.judgeOwner(api.selfIdentity(), options)).toThrow(error);
      expect(() => api.watchOwner(api.selfIdentity(), options)).toThrow(error);
    });

    test.each([null, 7, 'x'])('%j in place of the options is refused', async (wrong) => {
      const path = newPath();
      const options = wrong as never;
      await expect(api.acquireLock(path, options)).rejects.toMatchObject({ code: type });
      await expect(api.inspectLock(path, options)).rejects.toMatchObject({ code: type });
      await expect(api.reclaimLock(path, options)).rejects.toMatchObject({ code: type });
      const error = expect.objectContaining({ code: type });
      expect(() => api.judgeOwner(api.selfIdentity(), options)).toThrow(error);
      expect(() => api.watchOwner(api.selfIdentity(), options)).toThrow(error);
      expect(readdirSync(dirname(path))).toEqual([]);
    });
  });

  test('beside another of a similar name does not concern that one', () => {
    const path = newPath();
    mkdirSync(join(dirname(path), `.${basename(path)}`));
    const [first, second] = [api.acquireLockSync(path), api.acquireLockSync(`${path}.lock`)];
    first.releaseSync();
    expect(second.verify()).toBe(true);
    second.releaseSync();
    expect(readdirSync(dirname(path))).toEqual([`.${basename(path)}`]);
  });
});
