import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DEAD_OWNER, writeLock } from '../helpers/crafted.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeForEachBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';

// FUSE and NFS treat deleted files in their own way. While one is open on some machine, a hidden file takes
// its place; and nothing can be learned any more through a descriptor whose file is gone.

describeForEachBackend('where deleted files cast shadows', (api) => {
  function newPath(): string {
    return join(tempDir(), 'install.lock');
  }

  function systemError(code: string): Error {
    return Object.assign(new Error(`${code}: as FUSE says it, fstat`), { errno: -1, code, syscall: 'fstat' });
  }

  for (const code of ['ENOENT', 'ESTALE', 'EIO']) {
    test(`a lock is released though its deleted directory answers ${code}`, () => {
      const { files } = api.backend;
      const stat = files.statDescriptor;
      files.statDescriptor = (fd) => {
        const status = stat.call(files, fd);
        if (status.links === 0) throw systemError(code);
        return status;
      };
      onTestFinished(() => {
        files.statDescriptor = stat;
      });
      const path = newPath();
      for (let turn = 0; turn < 3; turn += 1) api.acquireLockSync(path, { timeout: 0 }).releaseSync();
      expect(descriptorsOn(dirname(path))).toEqual([]);
      expect(readdirSync(dirname(path))).toEqual([]);
    });
  }

  test('no file is deleted while it is open here: that would make one', () => {
    const path = newPath();
    const deleted: string[] = [];
    hookFiles(api.backend, {
      before: (operation, [, name]) => {
        if (operation !== 'unlinkAt') return;
        deleted.push(String(name));
        expect(descriptorsOn(join(path, String(name)))).toEqual([]);
      },
    });
    api.acquireLockSync(path).releaseSync();
    writeLock(path, DEAD_OWNER);
    expect(api.reclaimLockSync(path).reclaimed).toBe(true);
    expect(deleted).toHaveLength(2);
  });

  test('a directory is removed as soon as the shadow in it is gone', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    const shadow = join(path, '.fuse_hidden0000000100000001');
    let refused = 0;
    hookFiles(api.backend, {
      after: (operation) => {
        if (operation === 'unlinkAt') writeFileSync(shadow, '');
      },
      before: (operation) => {
        if (operation !== 'rmdirIfAt') return;
        if (refused === 5) rmSync(shadow);
        refused += 1;
      },
    });
    lock.releaseSync();
    expect(refused).toBe(6);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('a shadow that stays does not hold up the release', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    hookFiles(api.backend, {
      after: (operation) => {
        if (operation === 'unlinkAt') writeFileSync(join(path, '.nfs000000000000000100000001'), '');
      },
    });
    const started = performance.now();
    lock.releaseSync();
    expect(performance.now() - started).toBeLessThan(2000);
    expect(readdirSync(path)).toEqual(['.nfs000000000000000100000001']);
  });

  test('another program’s file is not waited for', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    writeFileSync(join(path, 'data'), '');
    let tries = 0;
    hookFiles(api.backend, {
      before: (operation) => {
        if (operation === 'rmdirIfAt') tries += 1;
      },
    });
    lock.releaseSync();
    expect(tries).toBe(1);
    expect(readdirSync(path)).toEqual(['data']);
  });

  test('a lock that is gone before it could be looked at is no error', async () => {
    const path = newPath();
    const { files } = api.backend;
    const holder = api.acquireLockSync(path);
    const read = files.read;
    let gone = false;
    files.read = (fd, limit) => {
      if (gone) return read.call(files, fd, limit);
      gone = true;
      throw systemError('ESTALE');
    };
    onTestFinished(() => {
      files.read = read;
    });
    expect(api.tryAcquireLockSync(path)).toBeNull();
    holder.releaseSync();
  });
});
