// What goes wrong beside the lock: paths and options of an unusual kind, and calls that fail at a bad moment.
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import original from 'proper-lockfile';
import { expect, test, vi } from 'vitest';
import { systemError } from '../../src/backend/system-error.js';
import { hasBackend } from '../helpers/backends.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { thrown } from '../helpers/thrown.js';
import { until } from '../helpers/until.js';
import { describeForEachEntry, loadEntry } from './entries.js';

function newFile(directory = tempDir(), name = 'data'): string {
  const file = join(directory, name);
  writeFileSync(file, '');
  return file;
}

function leaveOld(path: string): void {
  mkdirSync(path);
  utimesSync(path, new Date(0), new Date(0));
}

describeForEachEntry('beside the original, a lock', (entry) => {
  test('has the path that the kernel finds, also behind a link', () => {
    const file = newFile();
    const directory = dirname(file);
    mkdirSync(join(directory, 'a/b'), { recursive: true });
    symlinkSync(join(directory, 'a/b'), join(directory, 'link'));
    const lockfilePath = `${join(directory, 'link')}/../x`;
    const release = entry.api.lockSync(file, { ...entry.options, lockfilePath });
    expect(existsSync(join(directory, 'a/x'))).toBe(true);
    expect(thrown(() => original.lockSync(file, { lockfilePath })).code).toBe('ELOCKED');
    entry.api.unlockSync(file, { ...entry.options, lockfilePath });
    expect(thrown(release).code).toBe('ERELEASED');
  });

  test('has the options that a program gives without a value', () => {
    const file = newFile();
    const link = join(dirname(file), 'link');
    symlinkSync(file, link);
    const given = { ...entry.options, stale: undefined, realpath: undefined, update: undefined };
    leaveOld(`${link}.lock`);
    utimesSync(`${link}.lock`, new Date(Date.now() - 3_000), new Date(Date.now() - 3_000));
    expect(entry.api.checkSync(link, given)).toBe(original.checkSync(link, given));
    const release = entry.api.lockSync(link, given);
    // The one at the link was taken over.
    expect(readdirSync(dirname(file)).sort()).toEqual(['data', 'link', 'link.lock']);
    release();
    expect(existsSync(`${link}.lock`)).toBe(false);
    entry.api.lockSync(file, entry.options.fs === undefined ? (null as never) : entry.options)();
    for (const retries of [null, false, 0]) {
      entry.api.lockSync(file, { ...entry.options, retries: retries as never })();
    }
  });

  test('of a file with the longest name is taken when it is old', () => {
    const file = newFile(tempDir(), 'x'.repeat(250));
    leaveOld(`${file}.lock`);
    entry.api.lockSync(file, entry.options)();
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  test('is released when the program fails in onReclaimed', async () => {
    const file = newFile();
    const onReclaimed = () => {
      throw new Error('of the program');
    };
    leaveOld(`${file}.lock`);
    expect(thrown(() => entry.api.lockSync(file, { ...entry.options, onReclaimed })).message).toBe(
      'of the program',
    );
    leaveOld(`${file}.lock`);
    await expect(entry.api.lock(file, { ...entry.options, onReclaimed })).rejects.toThrow('of the program');
    expect(entry.api.getLocks()).toEqual({});
    entry.api.lockSync(file, entry.options)();
  });
});

testRequiring([hasBackend('native')], 'a lock whose thread cannot be started is released', async () => {
  const api = await loadEntry('native');
  const { lease } = (await import('../../src/backend/select.js')).currentBackend();
  const file = newFile();
  vi.spyOn(lease, 'start').mockImplementation(() => {
    throw systemError('EAGAIN', 'pthread_create');
  });
  expect(thrown(() => api.lockSync(file)).code).toBe('EAGAIN');
  await expect(api.lock(file)).rejects.toMatchObject({ code: 'EAGAIN' });
  vi.restoreAllMocks();
  expect(api.getLocks()).toEqual({});
  api.lockSync(file)();
});

testRequiring([hasBackend('native')], 'a lock that cannot be looked at for a while is not lost', async () => {
  const api = await loadEntry('native');
  const { files } = (await import('../../src/backend/select.js')).currentBackend();
  const file = newFile();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const lost: Error[] = [];
    const release = api.lockSync(file, { onCompromised: (error) => lost.push(error) });
    const look = vi.spyOn(files, 'isStillAt').mockImplementation(() => {
      throw systemError('EACCES', 'fstatat');
    });
    vi.advanceTimersByTime(12_000);
    expect(look).toHaveBeenCalledTimes(2);
    look.mockRestore();
    expect(lost).toEqual([]);
    release();
  } finally {
    vi.useRealTimers();
  }
});

testRequiring(
  [hasBackend('native')],
  'a lock whose time cannot be set is lost only where the time shows that its owner lives',
  async () => {
    const api = await loadEntry('native');
    const backend = (await import('../../src/backend/select.js')).currentBackend();
    for (const [type, patience] of [
      ['ext', Number.POSITIVE_INFINITY],
      ['nfs', 3_000],
    ] as const) {
      const file = newFile();
      pretendFilesystem(backend, type);
      const start = vi.spyOn(backend.lease, 'start');
      const lost: Error[] = [];
      api.lockSync(file, { stale: 3_000, onCompromised: (error) => lost.push(error) });
      const [, , report, patienceMs] = start.mock.calls[0] ?? [];
      expect(patienceMs).toBe(patience);
      report?.();
      await until('it is reported', () => lost.length > 0);
      expect(lost[0]?.message).toContain('could not be set within the stale threshold');
      vi.restoreAllMocks();
    }
  },
);

testRequiring([hasBackend('native')], 'a lock that this user may not open is kept all the same', async () => {
  const api = await loadEntry('native');
  const { files } = (await import('../../src/backend/select.js')).currentBackend();
  const file = newFile();
  const release = api.lockSync(file);
  utimesSync(`${file}.lock`, new Date(0), new Date(0));
  vi.spyOn(files, 'findDirectoryAt').mockImplementation(() => {
    throw systemError('EACCES', 'openat');
  });
  expect(api.checkSync(file)).toBe(true);
  expect(thrown(() => api.lockSync(file)).code).toBe('ELOCKED');
  vi.restoreAllMocks();
  release();
});
