// What a program that was written for proper-lockfile sees.
import nodeFs, {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { thrown } from '../helpers/thrown.js';
import { describeForEachEntry, foreignFs, loadEntry } from './entries.js';

function newFile(directory = tempDir()): string {
  const file = join(directory, 'data');
  writeFileSync(file, '');
  return file;
}

/** A directory as proper-lockfile leaves it, whose time was set that many milliseconds ago. */
function makeBareLock(file: string, ageMs: number): string {
  const path = `${file}.lock`;
  mkdirSync(path);
  const time = new Date(Date.now() - ageMs);
  utimesSync(path, time, time);
  return path;
}

describeForEachEntry('a lock', (entry) => {
  const { options } = entry;
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error) => error.code,
    );

  test('is an empty directory beside the file, and excludes', async () => {
    const file = newFile();
    const release = await entry.api.lock(file, options);
    expect(readdirSync(`${file}.lock`)).toEqual([]);
    expect(entry.api.getLocks()).toEqual({ [file]: `${file}.lock` });
    expect(await codeOf(entry.api.lock(file, options))).toBe('ELOCKED');
    expect(thrown(() => entry.api.lockSync(file, options))).toMatchObject({ code: 'ELOCKED', file });
    expect([await entry.api.check(file, options), entry.api.checkSync(file, options)]).toEqual([true, true]);
    await release();
    expect(readdirSync(join(file, '..'))).toEqual(['data']);
    expect(await codeOf(release())).toBe('ERELEASED');
    expect([await entry.api.check(file, options), entry.api.checkSync(file, options)]).toEqual([
      false,
      false,
    ]);
  });

  test('is taken and released synchronously', () => {
    const file = newFile();
    const release = entry.api.lockSync(file, options);
    expect(entry.api.checkSync(file, options)).toBe(true);
    release();
    expect(thrown(release).code).toBe('ERELEASED');
    entry.api.lockSync(file, options);
    entry.api.unlockSync(file, options);
    expect(thrown(() => entry.api.unlockSync(file, options)).code).toBe('ENOTACQUIRED');
    for (const retries of [1, { retries: 1 }, { forever: true }, [10]]) {
      expect(thrown(() => entry.api.lockSync(file, { ...options, retries })).code).toBe('ESYNC');
    }
  });

  test('is released by the name of the file, in whatever way the lock was named', async () => {
    const file = newFile();
    const lockfilePath = join(file, '..', 'elsewhere');
    await entry.api.lock(file, { ...options, lockfilePath });
    expect(existsSync(lockfilePath)).toBe(true);
    expect(await entry.api.check(file, options)).toBe(false);
    expect(await entry.api.check(file, { ...options, lockfilePath })).toBe(true);
    // Two locks of one file: each is released by its own path, and none by another.
    await entry.api.lock(file, options);
    expect(await codeOf(entry.api.unlock(file, { ...options, lockfilePath: `${file}.other` }))).toBe(
      'ENOTACQUIRED',
    );
    await entry.api.unlock(file, options);
    expect(existsSync(lockfilePath)).toBe(true);
    await entry.api.unlock(file, options);
    expect(existsSync(lockfilePath)).toBe(false);
    expect(await codeOf(entry.api.unlock(file, options))).toBe('ENOTACQUIRED');
  });

  test('follows symbolic links to the file, unless it is told not to', async () => {
    const file = newFile();
    const link = join(file, '..', 'link');
    symlinkSync(file, link);
    const release = await entry.api.lock(link, options);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['data', 'data.lock', 'link']);
    await entry.api.unlock(file, options);
    expect(await codeOf(release())).toBe('ERELEASED');
    await entry.api.lock(link, { ...options, realpath: false });
    expect(existsSync(`${link}.lock`)).toBe(true);
    await entry.api.unlock(link, { ...options, realpath: false });
  });

  test('needs the file, unless its path is not resolved', async () => {
    const file = join(tempDir(), 'missing');
    for (const call of [entry.api.lock, entry.api.unlock, entry.api.check]) {
      expect(await codeOf(call(file, options))).toBe('ENOENT');
    }
    await (await entry.api.lock(file, { ...options, realpath: false }))();
    expect(await codeOf(entry.api.lock(join(file, 'deeper'), { ...options, realpath: false }))).toBe(
      'ENOENT',
    );
    expect(await codeOf(entry.api.lock(7 as never, options))).toBe('ERR_INVALID_ARG_TYPE');
  });

  test('is waited for, as long as the retries would last', async () => {
    const file = newFile();
    const release = await entry.api.lock(file, options);
    const started = performance.now();
    const pauses = { retries: 2, minTimeout: 60, factor: 1 };
    expect(await codeOf(entry.api.lock(file, { ...options, retries: pauses }))).toBe('ELOCKED');
    expect(performance.now() - started).toBeGreaterThan(110);
    const next = entry.api.lock(file, { ...options, retries: { forever: true, minTimeout: 20, factor: 1 } });
    await release();
    await (await next)();
  });

  test('of an unknown owner is left alone until its time is old, and then taken', async () => {
    const file = newFile();
    const path = makeBareLock(file, 3_000);
    expect([await entry.api.check(file, options), await codeOf(entry.api.lock(file, options))]).toEqual([
      true,
      'ELOCKED',
    ]);
    const seen: unknown[] = [];
    // Less than the least counts as the least.
    const stale = { ...options, stale: 0, onReclaimed: (reclaimed: unknown) => seen.push(reclaimed) };
    expect(await entry.api.check(file, stale)).toBe(false);
    const release = await entry.api.lock(file, stale);
    expect(seen).toEqual([{ holder: null, ageMs: expect.any(Number) }]);
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(2_000);
    await release();
    makeBareLock(file, 1_000);
    expect(await codeOf(entry.api.lock(file, stale))).toBe('ELOCKED');
  });

  test('in whose place another one stands is left to its owner', async () => {
    const file = newFile();
    const release = await entry.api.lock(file, options);
    renameSync(`${file}.lock`, `${file}.moved`);
    makeBareLock(file, 60_000);
    expect(await codeOf(release())).toBe('ECOMPROMISED');
    expect(existsSync(`${file}.lock`)).toBe(true);
    expect(await codeOf(entry.api.unlock(file, options))).toBe('ENOTACQUIRED');
  });

  test('is not made where something else stands, which is left as it is', async () => {
    const file = newFile();
    const path = `${file}.lock`;
    writeFileSync(path, 'data');
    utimesSync(path, new Date(0), new Date(0));
    expect([await entry.api.check(file, options), await codeOf(entry.api.lock(file, options))]).toEqual([
      true,
      'ELOCKED',
    ]);
    nodeFs.rmSync(path);
    makeBareLock(file, 60_000);
    writeFileSync(join(path, 'data'), '');
    utimesSync(path, new Date(0), new Date(0));
    // The foreign module passes on what its rmdir says, as proper-lockfile does.
    expect(['ELOCKED', 'ENOTEMPTY']).toContain(await codeOf(entry.api.lock(file, options)));
    expect(readdirSync(join(file, '..')).sort()).toEqual(['data', 'data.lock']);
    expect(readdirSync(path)).toEqual(['data']);
  });
});

describe('a foreign module', () => {
  testRequiring(
    [hasBackend('native')],
    'is any but node:fs and graceful-fs, also with one method of its own',
    async () => {
      const { lockSync, checkSync, check } = await loadEntry('native');
      const load = createRequire(createRequire(import.meta.url).resolve('proper-lockfile'));
      const gracefulFs = load('graceful-fs');
      const file = newFile();
      const release = lockSync(file);
      utimesSync(`${file}.lock`, new Date(0), new Date(0));
      // The kernel knows that its owner lives, and the time does not.
      for (const fs of [undefined, nodeFs, { ...nodeFs }, gracefulFs, { ...gracefulFs }]) {
        expect(checkSync(file, fs === undefined ? {} : { fs })).toBe(true);
      }
      for (const fs of [nodeFs, gracefulFs]) {
        const stat = (path: string, done: () => void) => nodeFs.stat(path, done);
        expect(await check(file, { fs: { ...fs, stat } })).toBe(false);
        const statSync = (path: string) => nodeFs.statSync(path);
        expect(checkSync(file, { fs: { ...fs, statSync } })).toBe(false);
      }
      release();
    },
  );

  test('is asked for everything, and its errors come through', async () => {
    const { lock, check, unlock } = await import('../../src/proper-lockfile/index.js');
    const file = newFile();
    const failing = (method: string) =>
      foreignFs({
        [method]: (...args: unknown[]) =>
          (args.at(-1) as (error: Error) => void)(Object.assign(new Error('no'), { code: 'EIO' })),
      });
    for (const method of ['mkdir', 'realpath']) {
      await expect(lock(file, { fs: failing(method) })).rejects.toMatchObject({ code: 'EIO' });
    }
    makeBareLock(file, 60_000);
    await expect(lock(file, { fs: failing('stat') })).rejects.toMatchObject({ code: 'EIO' });
    const failsOnLock = {
      rmdir: (path: string, done: (error: Error | null) => void) =>
        path.endsWith('.lock')
          ? done(Object.assign(new Error('no'), { code: 'EIO' }))
          : nodeFs.rmdir(path, done),
    };
    await expect(lock(file, { fs: foreignFs(failsOnLock) })).rejects.toMatchObject({ code: 'EIO' });
    await expect(check(file, { fs: failing('stat') })).rejects.toMatchObject({ code: 'EIO' });
    expect(readdirSync(join(file, '..')).sort()).toEqual(['data', 'data.lock']);
    const fs = foreignFs();
    await lock(file, { fs });
    Object.assign(fs, failing('rmdir'));
    await expect(unlock(file, { fs })).rejects.toMatchObject({ code: 'EIO' });
  });
});

test('the calls of the types of proper-lockfile are calls of these', async () => {
  const api = await import('../../src/proper-lockfile/index.js');
  const compatible: typeof import('proper-lockfile') = api;
  expect(compatible.lock).toBe(api.default);
  expect(api.default.checkSync).toBe(api.checkSync);
});
