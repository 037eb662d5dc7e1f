import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadPortableBackend } from '../../src/backend/portable/index.js';
import type { Lock } from '../../src/index.js';
import { DEAD_OWNER, ownerFile, writeLock } from '../helpers/crafted.js';
import { openDirectory } from '../helpers/open-directory.js';
import { describeForBackends } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';
import { codeOf } from '../helpers/thrown.js';

// Between the check of a directory and the call that goes there by path, another one can take its place. The
// hooks of test/helpers run between two calls of the backend; these run inside one.

type Call = 'openSync' | 'mkdirSync' | 'renameSync' | 'opendirSync' | 'unlinkSync';

type When = (path: string) => boolean;

/**
 * Runs `action` once inside the backend: just before the first call of Node's own function for which `when`
 * holds.
 */
function justBefore(call: Call, when: When, action: () => void): { happened: boolean } {
  return once(call, when, (original) => {
    action();
    return original();
  });
}

/** Does the same just after that call. */
function justAfter(call: Call, when: When, action: () => void): { happened: boolean } {
  return once(call, when, (original) => {
    const result = original();
    action();
    return result;
  });
}

function once(call: Call, when: When, act: (original: () => unknown) => unknown): { happened: boolean } {
  const original = fs[call] as (...parameters: unknown[]) => unknown;
  const state = { happened: false };
  const restore = () => {
    Object.assign(fs, { [call]: original });
    syncBuiltinESMExports();
  };
  onTestFinished(restore);
  const hooked = (...parameters: unknown[]) => {
    if (state.happened || !when(String(parameters[0]))) return original(...parameters);
    state.happened = true;
    restore();
    return act(() => original(...parameters));
  };
  Object.assign(fs, { [call]: hooked });
  syncBuiltinESMExports();
  return state;
}

const isNamed =
  (name: string): When =>
  (path) =>
    basename(path) === name;
const isOwner = isNamed('owner.json');

/** Windows keeps a directory from being renamed while a file in it is open, as the others have it. */
const PLATFORMS = process.platform === 'win32' ? (['win32'] as const) : (['linux', 'win32'] as const);

for (const platform of PLATFORMS) {
  describe(`a call of the portable backend that hits another directory (as on ${platform})`, () => {
    /** Opens a directory, and returns ways to put another one in its place. */
    function scene() {
      const path = tempDir();
      const { files } = loadPortableBackend(platform);
      const parent = files.openParent(path);
      mkdirSync(join(path, 'lock'));
      writeFileSync(join(path, 'lock', 'owner.json'), 'judged');
      const judged = openDirectory(files, parent, 'lock');
      const replace = () => {
        renameSync(join(path, 'lock'), join(path, 'moved'));
        mkdirSync(join(path, 'lock'));
        writeFileSync(join(path, 'lock', 'owner.json'), 'successor');
      };
      return { lock: join(path, 'lock'), files, parent, judged, replace };
    }

    test('gives back what it renamed there', () => {
      const { lock, files, judged, replace } = scene();
      const window = justBefore('renameSync', isOwner, replace);
      expect(codeOf(() => files.renameAt(judged, 'owner.json', judged, 'claimed'))).toBe('ENOENT');
      expect(window.happened).toBe(true);
      expect(readdirSync(lock)).toEqual(['owner.json']);
      expect(readFileSync(join(lock, 'owner.json'), 'utf8')).toBe('successor');
    });

    test('removes what it made there', () => {
      const { lock, files, judged, replace } = scene();
      justBefore('openSync', isNamed('new'), replace);
      expect(codeOf(() => files.createAt(judged, 'new'))).toBe('ENOENT');
      expect(readdirSync(lock)).toEqual(['owner.json']);
    });

    test('removes the directory it made there', () => {
      const { lock, files, judged, replace } = scene();
      justBefore('mkdirSync', isNamed('made'), replace);
      expect(codeOf(() => files.mkdirAt(judged, 'made'))).toBe('ENOENT');
      expect(readdirSync(lock)).toEqual(['owner.json']);
    });

    test('reports nothing of what it saw there', () => {
      const { files, judged, replace } = scene();
      justBefore('opendirSync', () => true, replace);
      expect(files.list(judged, 10)).toEqual([]);
    });

    test('deletes neither what stands there nor the directory, with its last file', () => {
      const { lock, files, judged, replace, parent } = scene();
      writeFileSync(join(lock, 'retired'), '');
      // A name that no other lock has.
      const window = justBefore('unlinkSync', isNamed('retired'), replace);
      expect(codeOf(() => files.unlinkLastAt?.(parent, 'lock', judged, 'retired'))).toBe('ENOENT');
      expect(window.happened).toBe(true);
      expect(readdirSync(lock)).toEqual(['owner.json']);
      // Not even a file of the same name.
      renameSync(join(lock, 'owner.json'), join(lock, 'retired'));
      expect(codeOf(() => files.unlinkLastAt?.(parent, 'lock', judged, 'retired'))).toBe('ENOENT');
      expect(readdirSync(lock)).toEqual(['retired']);
    });

    test('is an ordinary one when the directory was only removed', () => {
      const { lock, files, judged } = scene();
      justBefore('renameSync', isOwner, () => rmSync(lock, { recursive: true }));
      expect(codeOf(() => files.renameAt(judged, 'owner.json', judged, 'claimed'))).toBe('ENOENT');
      expect(existsSync(lock)).toBe(false);
    });
  });
}

test('the last file is deleted with its directory, unless something else is in it', () => {
  const path = tempDir();
  const { files } = loadPortableBackend('linux');
  const parent = files.openParent(path);
  mkdirSync(join(path, 'lock'));
  const directory = openDirectory(files, parent, 'lock');
  for (const name of ['last', 'other']) writeFileSync(join(path, 'lock', name), '');
  expect(files.unlinkLastAt?.(parent, 'lock', directory, 'last')).toBe(false);
  expect(readdirSync(join(path, 'lock'))).toEqual(['other']);
  expect(codeOf(() => files.unlinkLastAt?.(parent, 'lock', directory, 'last'))).toBe('ENOENT');
  expect(files.unlinkLastAt?.(parent, 'lock', directory, 'other')).toBe(true);
  expect(existsSync(join(path, 'lock'))).toBe(false);
});

describeForBackends(['portable'], 'a record that another process reads while its lock is released', (api) => {
  test('keeps its name on Windows until that process closes it, and the release waits', () => {
    const path = join(tempDir(), 'install.lock');
    const lock = api.acquireLockSync(path);
    const { rmdirSync, unlinkSync } = fs;
    onTestFinished(() => {
      Object.assign(fs, { rmdirSync, unlinkSync });
      syncBuiltinESMExports();
    });
    let tries = 0;
    Object.assign(fs, {
      unlinkSync: () => {},
      rmdirSync: (directory: string) => {
        tries += 1;
        if (tries === 5) for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
        rmdirSync(directory);
      },
    });
    syncBuiltinESMExports();
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  });
});

describeForBackends(['portable'], 'a lock that is taken anew at the worst moment', (api) => {
  const works: Record<string, (path: string) => () => unknown> = {
    'a reclaim': (path) => {
      writeLock(path, DEAD_OWNER);
      return () => api.reclaimLockSync(path);
    },
    'an acquisition': (path) => {
      writeLock(path, DEAD_OWNER);
      return () => api.tryAcquireLockSync(path);
    },
    'a release': (path) => {
      const lock = api.acquireLockSync(path);
      return () => expect(() => lock.releaseSync()).toThrow('was lost');
    },
  };
  for (const [what, start] of Object.entries(works)) {
    test(`is not taken away by ${what}, and never looks released`, () => {
      const path = join(tempDir(), 'install.lock');
      const work = start(path);
      let successor: Lock | undefined;
      let undo = { happened: false };
      justBefore('renameSync', isOwner, () => {
        rmSync(path, { recursive: true });
        successor = api.acquireLockSync(path, { timeout: 0, label: 'successor' });
        // Others find this state until the rename is taken back.
        undo = justBefore(
          'renameSync',
          (from) => from.startsWith(path),
          () => {
            expect(existsSync(ownerFile(path))).toBe(false);
            expect(api.inspectLockSync(path).state).toBe('unknown');
            expect(api.tryAcquireLockSync(path)).toBeNull();
          },
        );
      });
      work();
      expect(undo.happened).toBe(true);
      expect(successor?.verify()).toBe(true);
      expect(api.inspectLockSync(path)).toMatchObject({ state: 'held', owner: { label: 'successor' } });
      expect(readdirSync(dirname(path))).toEqual(['install.lock']);
      successor?.releaseSync();
      expect(readdirSync(dirname(path))).toEqual([]);
    });
  }

  test('is released without complaint when another removes what is left before the release has looked', () => {
    const path = join(tempDir(), 'install.lock');
    const lock = api.acquireLockSync(path);
    const window = justAfter(
      'renameSync',
      (from) => from.includes('claimed.'),
      () => expect(api.tryAcquireLockSync(path, { label: 'successor' })).not.toBeNull(),
    );
    lock.releaseSync();
    expect(window.happened).toBe(true);
    expect(api.inspectLockSync(path)).toMatchObject({ state: 'held', owner: { label: 'successor' } });
  });
});
