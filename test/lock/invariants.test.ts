import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Descriptor } from '../../src/backend/descriptor.js';
import type { Lock } from '../../src/index.js';
import { DEAD_OWNER, ownerFile, readOwner, writeLock, writeLockOf } from '../helpers/crafted.js';
import { type FileOperation, hookFiles, interfereAtEachStep, interfereOnce } from '../helpers/hooks.js';
import { describeForEveryBackend, type Package } from '../helpers/package.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

const NONCE = '0123456789abcdef0123456789abcdef';

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

/** Acquires and releases, reclaims from a dead owner, times out on a live one, and sweeps. */
function workAt(api: Package, path: string): void {
  api.acquireLockSync(path).releaseSync();
  writeLock(path, DEAD_OWNER);
  const lock = api.acquireLockSync(path);
  expect(api.tryAcquireLockSync(path)).toBeNull();
  lock.releaseSync();
  writeLock(path, DEAD_OWNER);
  api.reclaimLockSync(path);
  mkdirSync(join(path, '..', `.install.lock.${NONCE}`));
  api.acquireLockSync(path).releaseSync();
}

describeForEveryBackend('(I1) held if and only if the path is a directory with owner.json', (api) => {
  test('(I1) after every step of every operation, what the path shows is what an observer is told', () => {
    const path = newPath();
    const states = new Set<string>();
    hookFiles(api.backend, {
      after: () => {
        // While a record is compared with the one that was judged, it has another name.
        const names = existsSync(path) ? readdirSync(path) : [];
        const hasOwner = names.some((name) => /^(owner\.json|claimed\.[0-9a-f]{32})$/.test(name));
        const { state, owner, description } = api.inspectLockSync(path);
        states.add(`${hasOwner} ${state}`);
        // An owner that has retired its record still has a flock(2) on the directory, until that is removed.
        const isBeingRemoved = !hasOwner && description.includes('a file lock on the directory');
        expect(isBeingRemoved || state === 'held' || owner !== null).toBe(hasOwner || isBeingRemoved);
      },
    });
    workAt(api, path);
    // The states seen are: nothing or a directory being removed, a lock, a dead owner's lock, and a retired
    // one.
    expect([...states]).toEqual(
      expect.arrayContaining(['false free', 'true held', 'true stale', 'false stale']),
    );
  });

  test('(I1) an owner.json elsewhere in the directory, or a file in its place, is no lock', () => {
    const path = newPath();
    mkdirSync(join(path, 'deeper'), { recursive: true });
    writeFileSync(join(path, 'deeper', 'owner.json'), JSON.stringify({ ...DEAD_OWNER, pid: 1 }));
    expect(api.inspectLockSync(path)).toMatchObject({ format: 'none', owner: null });
  });
});

describeForEveryBackend(
  '(I2) one owner.json for a directory, complete before it is published',
  (api, backend) => {
    test('(I2) whenever owner.json can be seen under the lock path, it is whole and its witness is taken', () => {
      const path = newPath();
      let seen = 0;
      hookFiles(api.backend, {
        after: () => {
          if (!existsSync(ownerFile(path))) return;
          const owner = readOwner(path);
          if (owner.pid === DEAD_OWNER.pid) return;
          seen += 1;
          expect(owner).toMatchObject({ pid: process.pid, version: 1, identity: api.selfIdentity() });
          // The backends of plain Node take no witness.
          if (backend === 'native') expect(witnessState(api, path)).toBe('held');
        },
      });
      workAt(api, path);
      expect(seen).toBeGreaterThan(10);
    });

    test('(I2) no directory inode is filled a second time', () => {
      const path = newPath();
      let inode: number | null = null;
      let nonce: string | null = null;
      let emptied = false;
      hookFiles(api.backend, {
        after: () => {
          const now = inodeOf(path);
          // This is another directory: the path was empty, or was replaced, between two steps.
          if (now !== inode) [inode, nonce, emptied] = [now, null, false];
          if (inode === null) return;
          if (!existsSync(ownerFile(path))) {
            emptied = true;
            return;
          }
          nonce ??= readOwner(path).nonce;
          expect(readOwner(path).nonce).toBe(nonce);
          // Without RENAME_NOREPLACE an empty directory is made at the path first, which is then replaced,
          // not filled.
          expect(emptied).toBe(false);
        },
      });
      for (let round = 0; round < 5; round += 1) api.acquireLockSync(path).releaseSync();
      const lock = api.acquireLockSync(path);
      expect(api.tryAcquireLockSync(path)).toBeNull();
      lock.releaseSync();
    });

    test('(I2) an empty directory that another program made is not filled, but replaced', () => {
      const path = newPath();
      mkdirSync(path);
      const before = inodeOf(path);
      // While the directory is open, the kernel gives its number to no other directory.
      const keep = openSync(path, 'r');
      const lock = api.acquireLockSync(path, { ownerlessGrace: 0, timeout: 500 });
      expect(inodeOf(path)).not.toBe(before);
      lock.releaseSync();
      closeSync(keep);
    });

    test('(I2) a directory that another puts there at the last moment is not overwritten', () => {
      for (const [what, makeOther] of [
        ['a lock', (path: string) => writeLock(path, { pid: 1, createdAtMs: Date.now() })],
        ['an empty directory', (path: string) => mkdirSync(path)],
        ['a file', (path: string) => writeFileSync(path, 'precious')],
      ] as const) {
        const path = newPath();
        let before = {};
        const publishes = (operation: FileOperation, parameters: readonly unknown[]) =>
          (operation === 'renameNoReplaceAt' && backend === 'native') ||
          (operation === 'mkdirAt' && parameters[1] === 'install.lock');
        const other = interfereOnce(api.backend, publishes, () => {
          makeOther(path);
          before = { 'install.lock': expect.anything(), ...only(snapshot(dirname(path)), 'install.lock') };
        });
        expect(() => api.acquireLockSync(path, { timeout: 0 }), what).toThrow();
        expect(other.happened).toBe(true);
        expect(snapshot(dirname(path)), what).toEqual(before);
      }
    });
  },
);

describeForEveryBackend('(I3) reclaimed only on a dead verdict', (api) => {
  /** Locks whose owner lives, or cannot be judged. */
  const keptOwners: Record<string, (path: string) => void> = {
    'this very process, without a witness': (path) => void writeLockOf(path, api.selfIdentity()),
    'an older program that lives': (path) => void writeLock(path, { pid: 1, createdAtMs: Date.now() }),
    'another boot, as something mounted says': (path) =>
      void writeLockOf(path, {
        ...api.selfIdentity(),
        bootId: '11111111-2222-4333-8444-555555555555',
        bootIdNative: false,
      }),
    'another platform': (path) => void writeLockOf(path, { ...api.selfIdentity(), platform: 'darwin' }),
    'a newer version': (path) => void writeLockOf(path, { ...api.selfIdentity(), version: 2 }),
    'another boot, on a filesystem of several kernels': (path) =>
      void writeLockOf(
        path,
        { ...api.selfIdentity(), bootId: '11111111-2222-4333-8444-555555555555' },
        { filesystem: 'nfs' },
      ),
    'the number of a process group': (path) => void writeLock(path, { pid: -7 }),
  };
  for (const [who, write] of Object.entries(keptOwners)) {
    test(`(I3) not from ${who}`, async () => {
      const path = newPath();
      write(path);
      const before = snapshot(dirname(path));
      const options = { ownerlessGrace: 0, clockSlack: 0 };
      expect(['held', 'unknown']).toContain(api.inspectLockSync(path, options).state);
      expect(api.reclaimLockSync(path, options).reclaimed).toBe(false);
      expect(await api.tryAcquireLock(path, options)).toBeNull();
      await expect(api.acquireLock(path, { ...options, timeout: 150 })).rejects.toMatchObject({
        code: 'ERR_LOCK_TIMEOUT',
      });
      expect(snapshot(dirname(path))).toEqual(before);
    });
  }
});

describeForEveryBackend('(I4) deleted only through the directory that was judged', (api) => {
  test('(I4) every file is deleted through the descriptor of a lock directory, every directory when empty', () => {
    const path = newPath();
    let deleted = 0;
    hookFiles(api.backend, {
      before: (operation, [descriptor, name]) => {
        if (operation === 'unlinkAt') {
          deleted += 1;
          const ino = Number(api.backend.files.statDescriptor(descriptor as Descriptor).inode);
          const ours = readdirSync(dirname(path)).map((entry) => inodeOf(join(dirname(path), entry)));
          expect(ours).toContain(ino);
          expect(name).toMatch(/^(owner\.json|owner\.json\.new|retired\.[0-9a-f]{32})$/);
        }
        if (operation === 'rmdirAt' || operation === 'rmdirIfAt') {
          const { inode } = api.backend.files.statDescriptor(descriptor as Descriptor);
          expect(Number(inode)).toBe(inodeOf(dirname(path)));
          expect(name).toMatch(/^(install\.lock|\.install\.lock\.[0-9a-f]{32})$/);
        }
      },
    });
    workAt(api, path);
    expect(deleted).toBeGreaterThan(3);
  });

  /** Each of these finds a lock, and works on it until the path is free or its own. */
  const works: Record<string, (path: string) => () => unknown> = {
    'a reclaim': (path) => {
      writeLock(path, DEAD_OWNER);
      return () => api.reclaimLockSync(path);
    },
    'an acquisition that reclaims': (path) => {
      writeLock(path, DEAD_OWNER);
      return () => api.tryAcquireLockSync(path)?.releaseSync();
    },
    'a release': (path) => {
      const lock = api.acquireLockSync(path);
      return () => lock.releaseSync();
    },
  };
  for (const [what, start] of Object.entries(works)) {
    test(`(I4) ${what}, overtaken at any step, never touches the lock that has come in its place`, () => {
      const steps = interfereAtEachStep(api.backend, () => {
        const path = newPath();
        const work = start(path);
        let successor: Lock | null = null;
        return {
          run: () => quietly(work),
          interfere: () => {
            rmSync(path, { recursive: true, force: true });
            successor = api.acquireLockSync(path, { timeout: 0, label: 'successor' });
          },
          check: (step) => {
            expect(successor?.verify(), `step ${step}`).toBe(true);
            expect(api.inspectLockSync(path), `step ${step}`).toMatchObject({
              state: 'held',
              owner: { label: 'successor' },
            });
            expect(readdirSync(dirname(path)), `step ${step}`).toEqual(['install.lock']);
            successor?.releaseSync();
          },
        };
      });
      expect(steps).toBeGreaterThan(5);
    });
  }

  test('(I4) the empty directory of an older program that comes in between is not removed', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    const removes = (operation: FileOperation, [, name]: readonly unknown[]) =>
      operation === 'unlinkAt' && String(name).startsWith('retired.');
    const other = interfereOnce(api.backend, removes, () => {
      renameSync(path, `${path}.moved`);
      mkdirSync(path);
    });
    api.reclaimLockSync(path);
    expect(other.happened).toBe(true);
    expect(existsSync(path)).toBe(true);
    expect(readdirSync(path)).toEqual([]);
  });
});

describeForEveryBackend('(I5) nothing but own files is ever deleted', (api) => {
  const FOREIGN: Record<string, (path: string) => void> = {
    'a file': (path) => writeFileSync(join(path, 'data.db'), 'precious'),
    'a hidden file': (path) => writeFileSync(join(path, '.env'), 'precious'),
    'a directory': (path) => mkdirSync(join(path, 'node_modules')),
    'a file with a name like ours': (path) => writeFileSync(join(path, 'owner.json.bak'), 'precious'),
  };
  for (const [what, add] of Object.entries(FOREIGN)) {
    test(`(I5) a dead owner's lock with ${what} in it is refused before anything is touched`, async () => {
      const path = newPath();
      writeLock(path, DEAD_OWNER);
      add(path);
      const before = snapshot(dirname(path));
      const refused = { code: 'ERR_LOCK_NOT_EMPTY', path };
      expect(() => api.reclaimLockSync(path)).toThrow(expect.objectContaining(refused));
      expect(() => api.acquireLockSync(path)).toThrow(expect.objectContaining(refused));
      await expect(api.acquireLock(path)).rejects.toMatchObject(refused);
      expect(api.inspectLockSync(path).state).toBe('unknown');
      expect(snapshot(dirname(path))).toEqual(before);
    });

    test(`(I5) ${what} that comes into a dead owner's lock at any step of the reclaim stays`, () => {
      interfereAtEachStep(api.backend, () => {
        const path = newPath();
        writeLock(path, DEAD_OWNER);
        let expected = {};
        return {
          run: () => quietly(() => api.reclaimLockSync(path)),
          interfere: () => {
            // An intruder that comes too late for the old directory makes one of its own.
            mkdirSync(path, { recursive: true });
            add(path);
            expected = without(snapshot(path), /^(owner\.json|(retired|claimed)\.[0-9a-f]{32})$/);
          },
          check: (step) => {
            expect(without(snapshot(path), /^owner\.json$/), `step ${step}`).toEqual(expected);
          },
        };
      });
    });

    test(`(I5) ${what} put into a lock that is held stays after the release`, () => {
      const path = newPath();
      const lock = api.acquireLockSync(path);
      add(path);
      const before = snapshot(path);
      lock.releaseSync();
      expect(snapshot(path)).toEqual(without(before, /^owner\.json$/));
      expect(() => api.acquireLockSync(path, { ownerlessGrace: 0, timeout: 500 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY', path }),
      );
    });
  }

  describe('shadows of our own deletions', () => {
    test('(I5) a shadow of a deletion on FUSE or NFS is neither foreign nor deleted', () => {
      const path = newPath();
      writeLock(path, DEAD_OWNER);
      writeFileSync(join(path, '.nfs000000000000000100000001'), '');
      writeFileSync(join(path, '.fuse_hidden0000000100000001'), '');
      // The owner is retired, but the path is free only once the shadows are gone.
      expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false, state: 'unknown' });
      expect(readdirSync(path).sort()).toEqual([
        '.fuse_hidden0000000100000001',
        '.nfs000000000000000100000001',
      ]);
    });
  });
});

/** Tests the witness on owner.json through another description of the file. */
function witnessState(api: Package, path: string): string {
  const { files, witness } = api.backend;
  const directory = files.openParent(path);
  const file = files.openAt(directory, 'owner.json');
  try {
    return witness.test(file, 'ext');
  } finally {
    files.close(file);
    files.close(directory);
  }
}

function without(found: Record<string, string>, names: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(found).filter(([name]) => !names.test(name)));
}

/** Runs work that may well fail, because only what it leaves behind matters. */
function quietly(work: () => unknown): void {
  try {
    work();
  } catch {}
}

function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}

/** Returns the entries of the snapshot at or below that name. */
function only(found: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found).filter(([path]) => path === name || path.startsWith(`${name}/`)),
  );
}
