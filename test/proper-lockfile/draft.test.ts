// With the kernel a lock is made under a private name: what others see of it at each moment, and what killed processes
// leave there.
import { existsSync, mkdirSync, readdirSync, rmdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { hasBackend } from '../helpers/backends.js';
import { setMonotonicClock } from '../helpers/clock.js';
import { lockFile } from '../helpers/file-locks.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { loadEntry, type ProperLockfile } from './entries.js';

const STALE = { stale: 2_000 };
const NONCE = '0123456789abcdef'.repeat(2);
/** Milliseconds. A draft that has stood for so long is of a process that was killed. */
const OLD = 120_000;

let api: ProperLockfile;
let backend: Backend;
let file = '';

function names(): string[] {
  return readdirSync(dirname(file)).sort();
}

function leave(name: string, ageMs: number): string {
  const path = join(dirname(file), name);
  mkdirSync(path);
  const time = new Date(Date.now() - ageMs);
  utimesSync(path, time, time);
  return path;
}

/** The record at the lock's path, and what stands there without one. */
function recordAtPath(): string | null {
  const { files, directoryWitness } = backend;
  const parent = files.openParent(dirname(file));
  const directory = files.findDirectoryAt(parent, `${basename(file)}.lock`);
  files.close(parent);
  if (directory === null) return null;
  try {
    return directoryWitness?.readRecord(directory) ?? 'bare';
  } finally {
    files.close(directory);
  }
}

describeRequiring([hasBackend('native')], 'the draft of a lock', () => {
  beforeAll(async () => {
    api = await loadEntry('native');
    backend = (await import('../../src/backend/select.js')).currentBackend();
  });
  beforeEach(() => {
    // Each directory is swept by the first acquisition in it.
    file = join(tempDir(), 'data');
    writeFileSync(file, '');
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('gets the name of the lock when the record is there and the byte is locked', () => {
    const seen = new Set<string | null>();
    let isActive = true;
    hookFiles(backend, {
      before: () => isActive && seen.add(recordAtPath()),
      after: () => isActive && seen.add(recordAtPath()),
    });
    const release = api.lockSync(file, STALE);
    isActive = false;
    expect([...seen]).toEqual([null, recordAtPath()]);
    expect(recordAtPath()).toMatch(/^1 /);
    expect(names()).toEqual(['data', 'data.lock']);
    release();
    expect(names()).toEqual(['data']);
  });

  test('is gone after an acquisition that did not get the lock', () => {
    const original = backend.files.renameNoReplaceAt.bind(backend.files);
    vi.spyOn(backend.files, 'renameNoReplaceAt').mockImplementation((...args) => {
      if (!existsSync(`${file}.lock`)) mkdirSync(`${file}.lock`);
      original(...args);
    });
    expect(() => api.lockSync(file, STALE)).toThrow(expect.objectContaining({ code: 'ELOCKED' }));
    expect(names()).toEqual(['data', 'data.lock']);
  });

  test('that another process swept is made anew', () => {
    const original = backend.files.renameNoReplaceAt.bind(backend.files);
    vi.spyOn(backend.files, 'renameNoReplaceAt').mockImplementationOnce((...args) => {
      rmdirSync(join(dirname(file), args[1]));
      original(...args);
    });
    api.lockSync(file, STALE)();
    expect(names()).toEqual(['data']);
  });

  test('of a process that was killed is swept, and nothing else', async () => {
    for (const name of [`.data.lock.${NONCE}`, `.data.lock.reclaim.${NONCE}`]) leave(name, OLD);
    const locked = leave(`.data.lock.${NONCE.replace(/0/g, 'a')}`, OLD);
    const stranger = await lockFile(locked, 'ofd:read:5:1');
    const full = leave(`.data.lock.${NONCE.replace(/0/g, 'b')}`, OLD);
    mkdirSync(join(full, 'something'));
    const kept = [
      locked,
      full,
      leave(`.data.lock.${NONCE.replace(/0/g, 'c')}`, 0),
      leave(`.other.lock.${NONCE}`, OLD),
      leave(`.data.lock.${NONCE.slice(1)}`, OLD),
    ];
    writeFileSync(join(dirname(file), `.data.lock.${NONCE.replace(/0/g, 'd')}`), '');
    utimesSync(full, new Date(0), new Date(0));
    // While the clock stands still no part of the sweep ends early.
    setMonotonicClock(() => 0);
    api.lockSync(file, STALE)();
    const left = ['data', `.data.lock.${NONCE.replace(/0/g, 'd')}`, ...kept.map((path) => basename(path))];
    expect(names()).toEqual(left.sort());
    await stranger.kill();
  });

  test.each([150, 215, 250])(
    'of a lock whose name has %i bytes has a name that is short enough',
    (length) => {
      const path = join(dirname(file), `${'x'.repeat(length - 5)}.lock`);
      leave(`.lock.${NONCE}`, OLD);
      api.lockSync(file, { ...STALE, lockfilePath: path })();
      expect(names()).toEqual(['data']);
    },
  );

  test('is none where the file system cannot rename without replacing: the time alone counts', () => {
    hookFiles(backend, {
      before: (operation) => {
        if (operation !== 'renameNoReplaceAt') return;
        throw Object.assign(new Error('no'), { errno: -22, code: 'EINVAL', syscall: 'renameat2' });
      },
    });
    const release = api.lockSync(file, STALE);
    expect(recordAtPath()).toBe('bare');
    expect(names()).toEqual(['data', 'data.lock']);
    expect(() => api.lockSync(file, STALE)).toThrow(expect.objectContaining({ code: 'ELOCKED' }));
    release();
    expect(names()).toEqual(['data']);
  });
});
