// With the kernel: another contender at any moment of an acquisition, and locks of strangers on the directory.
import { existsSync, mkdirSync, renameSync, rmdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import {
  type DirectoryRecord,
  formatDirectoryRecord,
  parseDirectoryRecord,
} from '../../src/proper-lockfile/directory-record.js';
import { KernelPlace } from '../../src/proper-lockfile/kernel-place.js';
import type { Seen } from '../../src/proper-lockfile/place.js';
import { driveSync } from '../../src/proper-lockfile/steps.js';
import { hasBackend } from '../helpers/backends.js';
import { lockFile } from '../helpers/file-locks.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { loadEntry, type ProperLockfile } from './entries.js';

type Release = () => void;

const STALE = { stale: 2_000 };

let api: ProperLockfile;
let backend: Backend;

function newFile(): string {
  const file = join(tempDir(), 'data');
  writeFileSync(file, '');
  return file;
}

function makeOld(path: string): void {
  utimesSync(path, new Date(0), new Date(0));
}

/** To put other functions in the place of these. */
function witness(): Record<string, (...args: unknown[]) => unknown> {
  return backend.directoryWitness as unknown as ReturnType<typeof witness>;
}

/** A directory as a killed owner leaves it, or a bare one. */
function makeAbandoned(path: string, more: { offset?: string } | null = {}): void {
  mkdirSync(path);
  const { ino, dev } = statSync(path, { bigint: true });
  if (more === null) {
    makeOld(path);
    return;
  }
  const { files, directoryWitness } = backend;
  const parent = files.openParent(join(path, '..'));
  const directory = files.openAt(parent, 'data.lock');
  const record = {
    pid: 7,
    acquiredAtMs: 1,
    offset: '5',
    device: `${dev}`,
    inode: `${ino}`,
    pidNamespace: null,
  };
  directoryWitness?.writeRecord(directory, formatDirectoryRecord({ ...record, ...more }));
  files.close(directory);
  files.close(parent);
}

/** The function that releases it, or the code of the error. */
function tryLock(file: string): Release | string {
  try {
    return api.lockSync(file, STALE);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describeRequiring([hasBackend('native')], 'with the kernel', () => {
  beforeAll(async () => {
    api = await loadEntry('native');
    backend = (await import('../../src/backend/select.js')).currentBackend();
  });

  test.each([
    { what: 'a free lock', abandon: () => {} },
    { what: 'the lock of a killed owner', abandon: (path: string) => makeAbandoned(path) },
    { what: 'a bare lock that is old', abandon: (path: string) => makeAbandoned(path, null) },
  ])('$what goes to one of two, whenever the second comes', ({ abandon }) => {
    let at = 0;
    for (let isReached = true; isReached; at += 1) {
      const file = newFile();
      abandon(`${file}.lock`);
      let step = 0;
      let other: Release | string | null = null;
      const come = () => {
        if (step++ === at) other = tryLock(file);
      };
      const calls = spyOnCalls(come);
      const own = tryLock(file);
      calls.stop();
      isReached = other !== null;
      const holders = [own, other].filter((one) => typeof one === 'function');
      expect(holders.length, `at call ${at}`).toBe(1);
      for (const release of holders) (release as unknown as Release)();
      expect(api.checkSync(file)).toBe(false);
    }
    expect(at).toBeGreaterThan(5);
  });

  /** Calls `come` before each call of the backend, until it is stopped. */
  function spyOnCalls(come: () => void): { stop(): void } {
    let isOver = false;
    const before = () => {
      if (!isOver) come();
    };
    hookFiles(backend, { before });
    for (const name of Object.keys(witness())) {
      const original = witness()[name] as (...args: unknown[]) => unknown;
      vi.spyOn(witness(), name).mockImplementation((...args) => {
        before();
        return original(...args);
      });
    }
    return {
      stop() {
        isOver = true;
        vi.restoreAllMocks();
      },
    };
  }

  test('a lock of anybody on an old directory keeps it, with the addon and without', async () => {
    const plain = await loadEntry('procfs');
    for (const kind of ['flock:read', 'posix:read', 'ofd:read']) {
      for (const record of [null, {}]) {
        const file = newFile();
        makeAbandoned(`${file}.lock`, record);
        makeOld(`${file}.lock`);
        const stranger = await lockFile(`${file}.lock`, `${kind}:0:0`);
        // Only a lock over the owner's byte hides that it is free.
        const isDead = record !== null && kind.startsWith('flock');
        expect(api.checkSync(file, STALE), kind).toBe(!isDead);
        expect(plain.checkSync(file, STALE), kind).toBe(true);
        await stranger.kill();
        expect([api.checkSync(file, STALE), plain.checkSync(file, STALE)]).toEqual([false, false]);
      }
    }
  });

  test('a record is read only where it was written, and only in its form', () => {
    const file = newFile();
    const path = `${file}.lock`;
    makeAbandoned(path);
    expect(api.checkSync(file)).toBe(false);
    const { files, directoryWitness } = backend;
    const parent = files.openParent(join(path, '..'));
    const directory = files.openAt(parent, 'data.lock');
    const text = directoryWitness?.readRecord(directory) ?? '';
    const record = parseDirectoryRecord(text) as DirectoryRecord;
    for (const wrong of [`2${text.slice(1)}`, '', '{}', formatDirectoryRecord({ ...record, inode: '1' })]) {
      // A record is written once, so each has a directory of its own.
      rmdirSync(path);
      mkdirSync(path);
      const anew = files.openAt(parent, 'data.lock');
      directoryWitness?.writeRecord(anew, wrong);
      expect(api.checkSync(file), wrong).toBe(true);
      files.close(anew);
    }
    for (const fd of [directory, parent]) files.close(fd);
  });

  test('a place where no attribute is kept is a lock all the same', () => {
    const file = newFile();
    const refuse = () => {
      throw Object.assign(new Error('no'), { errno: -95, code: 'EOPNOTSUPP', syscall: 'fsetxattr' });
    };
    const spy = vi.spyOn(witness(), 'writeRecord').mockImplementation(refuse);
    const release = api.lockSync(file);
    makeOld(`${file}.lock`);
    expect([api.checkSync(file, STALE), tryLock(file)]).toEqual([true, 'ELOCKED']);
    release();
    spy.mockRestore();
  });

  test('an acquisition that runs out of room for its lock leaves nothing behind', () => {
    const file = newFile();
    const refuse = () => {
      throw Object.assign(new Error('no'), { errno: -37, code: 'ENOLCK', syscall: 'fcntl' });
    };
    const spy = vi.spyOn(witness(), 'take').mockImplementation(refuse);
    expect(tryLock(file)).toBe('ENOLCK');
    spy.mockRestore();
    expect(api.checkSync(file)).toBe(false);
    (tryLock(file) as Release)();
  });

  test('what is gone, or has another in its place, was not taken over', () => {
    const file = newFile();
    const path = `${file}.lock`;
    for (const isReplaced of [false, true]) {
      makeAbandoned(path);
      const place = KernelPlace.open(path);
      const seen = driveSync(place.look(0));
      expect(seen?.state).toBe('dead');
      renameSync(path, `${path}.before`);
      if (isReplaced) mkdirSync(path);
      expect(driveSync(place.remove(seen as Seen))).toBe(false);
      expect(existsSync(path)).toBe(isReplaced);
      seen?.close();
      place.close();
      rmdirSync(`${path}.before`);
    }
  });

  test('whoever freed the lock of a dead owner hears of that, also when another comes first', async () => {
    const file = newFile();
    makeAbandoned(`${file}.lock`);
    let other: Release | null = null;
    const rename = backend.files.renameNoReplaceAt.bind(backend.files);
    vi.spyOn(backend.files, 'renameNoReplaceAt').mockImplementation((...args) => {
      if (args[3] === 'data.lock' && other === null) {
        other = () => {};
        other = api.lockSync(file);
        setTimeout(() => other?.(), 50);
      }
      rename(...args);
    });
    const heard: unknown[] = [];
    const release = await api.lock(file, { retries: 5, onReclaimed: (lock) => heard.push(lock) });
    expect(heard).toEqual([expect.objectContaining({ holder: { pid: 7, acquiredAtMs: 1 } })]);
    await release();
    vi.restoreAllMocks();
  });

  test('whoever waits gets the lock of the directory that stands there in the end', async () => {
    const directory = join(tempDir(), 'data');
    const file = join(directory, 'file');
    const make = () => {
      mkdirSync(directory);
      writeFileSync(file, '');
    };
    make();
    const first = api.lockSync(file);
    const waiting = api.lock(file, { retries: 5 });
    await sleep(50);
    renameSync(directory, `${directory}.before`);
    make();
    first();
    const release = await waiting;
    expect(tryLock(file)).toBe('ELOCKED');
    await release();
  });

  test('nobody has a lock in a directory that does not exist', async () => {
    const lockfilePath = join(tempDir(), 'none', 'lock');
    const options = { lockfilePath, realpath: false };
    expect([api.checkSync('x', options), await api.check('x', options)]).toEqual([false, false]);
  });
});
