import { existsSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { DEAD_OWNER, ownerFile, writeLock } from '../helpers/crafted.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { hookFiles, interfereOnce } from '../helpers/hooks.js';
import { describeForEachBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The two ways to free a lock: its owner releases it, or another process finds the owner dead. */
const WAYS = ['release', 'reclaim'] as const;

describeForEachBackend('a lock that is given back', (api) => {
  function readyFor(way: (typeof WAYS)[number]): { path: string; free: () => void } {
    const path = join(tempDir(), 'install.lock');
    if (way === 'reclaim') {
      writeLock(path, DEAD_OWNER);
      return { path, free: () => api.reclaimLockSync(path) };
    }
    const lock = api.acquireLockSync(path);
    return { path, free: () => lock.releaseSync() };
  }

  for (const way of WAYS) {
    test(`by ${way} is deleted only when it is closed, for NFS and FUSE keep what is open`, () => {
      const { path, free } = readyFor(way);
      const open: string[] = [];
      hookFiles(api.backend, {
        before: (operation) => {
          if (operation === 'unlinkAt') open.push(...descriptorsOn(`${path}/`).map(({ target }) => target));
        },
      });
      free();
      expect(open).toEqual([]);
      expect(readdirSync(dirname(path))).toEqual([]);
    });

    test(`by ${way}, its file deleted by a faster process, leaves the directory to that one`, () => {
      const { path, free } = readyFor(way);
      const other = interfereOnce(
        api.backend,
        (operation) => operation === 'unlinkAt',
        () => {
          for (const name of readdirSync(path)) unlinkSync(join(path, name));
        },
      );
      free();
      expect(other.happened).toBe(true);
      expect(readdirSync(path)).toEqual([]);
    });
  }

  test('when owner.json is gone at the last moment was lost', () => {
    const { path, free } = readyFor('release');
    interfereOnce(
      api.backend,
      (operation, [, name]) => operation === 'renameAt' && name === 'owner.json',
      () => rmSync(ownerFile(path)),
    );
    expect(free).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    expect(existsSync(path)).toBe(true);
  });

  test('and taken back by another process at the last moment was not reclaimed', () => {
    const { path } = readyFor('reclaim');
    interfereOnce(
      api.backend,
      (operation, [, name]) => operation === 'renameAt' && name === 'owner.json',
      () => rmSync(ownerFile(path)),
    );
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false });
  });
});
