import { readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Lock } from '../../src/index.js';
import { readOwner, writeLockOf } from '../helpers/crafted.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeForBackends, describeForEachBackend, type Package } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { tempDir } from '../helpers/temp-dir.js';

// Publishing on a filesystem or in a sandbox that behaves unlike a local disk.

const NAME = 'install.lock';
const DEFAULT_LEASE = { durationMs: 30_000 };

function newPath(): string {
  return join(tempDir(), NAME);
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** The two calls that can move a lock into place. The second one is used when the first is not available. */
const RENAMES = ['renameNoReplaceAt', 'renameAt'] as const;
type Rename = (typeof RENAMES)[number];

/** Calls `action` once, right before or after the rename that moves a lock into place. */
function atPublishing(api: Package, when: 'before' | 'after', rename: Rename, action: () => void): void {
  if (rename === 'renameAt') {
    vi.spyOn(api.backend.files, 'renameNoReplaceAt').mockImplementation(() => {
      throw systemError('EINVAL', -22);
    });
  }
  let done = false;
  hookFiles(api.backend, {
    [when]: (operation: string, parameters: readonly unknown[]) => {
      if (operation !== rename || parameters[3] !== NAME || done) return;
      done = true;
      action();
    },
  });
}

function systemError(code: string, errno: number): Error {
  return Object.assign(new Error(`${code}: rename`), { errno, code, syscall: 'rename' });
}

describeForEachBackend('want of descriptors or memory in the midst of acquiring', (api, backend) => {
  function expectNoneLeft(path: string, code: string): void {
    expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(expect.objectContaining({ code }));
    expect(readdirSync(dirname(path))).toEqual([]);
    using lock = api.acquireLockSync(path, { timeout: 0 });
    expect(lock.owner.starttime).toBeTypeOf('number');
    expect(lock.owner.identity?.startTicks).toBeTypeOf('string');
    if (backend === 'native') expect(lock.owner).toMatchObject({ witness: { device: expect.any(String) } });
  }

  test('puts no missing start ticks into a record', () => {
    api.selfIdentity();
    vi.spyOn(api.backend.processes, 'stat').mockReturnValueOnce('ENFILE');
    expectNoneLeft(newPath(), 'ENFILE');
  });

  if (backend === 'native') {
    test('puts no missing witness into a record', () => {
      vi.spyOn(api.backend.witness, 'take').mockImplementationOnce(() => {
        throw systemError('ENOLCK', -37);
      });
      expectNoneLeft(newPath(), 'ENOLCK');
    });
  }
});

describeForEachBackend('the witness of a new lock', (api, backend) => {
  for (const answer of ['free', 'untestable'] as const) {
    test(`that a second description does not see (${answer}) is none: there is a lease in its place`, () => {
      vi.spyOn(api.backend.witness, 'testAt').mockReturnValue(answer);
      using lock = api.acquireLockSync(newPath());
      expect(lock.owner).toMatchObject({ witness: null, lease: DEFAULT_LEASE });
    });
  }

  for (const type of ['nfs', 'fuse', '9p', '0x12345678']) {
    test(`is not even tried on ${type}, where a lock call can hang`, () => {
      pretendFilesystem(api.backend, type);
      const take = vi.spyOn(api.backend.witness, 'take');
      const looks = (['test', 'testAt'] as const).map((test) => vi.spyOn(api.backend.witness, test));
      using lock = api.acquireLockSync(newPath());
      expect(lock.owner).toMatchObject({ filesystem: type, witness: null, lease: DEFAULT_LEASE });
      expect(take).not.toHaveBeenCalled();
      for (const look of looks) expect(look).not.toHaveBeenCalled();
    });
  }

  for (const type of ['overlay', 'btrfs']) {
    test(`comes with a lease on ${type}, where plain Node cannot test it`, () => {
      pretendFilesystem(api.backend, type);
      using lock = api.acquireLockSync(newPath());
      expect(lock.owner.witness === null).toBe(backend !== 'native');
      expect(lock.owner.lease).toEqual(DEFAULT_LEASE);
    });
  }

  test('comes without a lease where an heir shows that it lives and no other kernel looks', () => {
    for (const type of ['overlay', 'btrfs', 'ramfs']) {
      pretendFilesystem(api.backend, type);
      using lock = api.acquireLockSync(newPath(), { handOver: true });
      expect(lock.owner.lease, type).toEqual(backend === 'native' ? null : DEFAULT_LEASE);
    }
    for (const type of ['nfs', '9p', 'fuse']) {
      pretendFilesystem(api.backend, type);
      using lock = api.acquireLockSync(newPath(), { handOver: true });
      expect(lock.owner.lease, type).toEqual(DEFAULT_LEASE);
    }
  });
});

describeForBackends(['native'], "a lock's own lifeline", (api) => {
  const isHeld = (lifeline: string | null) => api.backend.lifeline.test(lifeline ?? '') === 'held';

  for (const type of ['nfs', '9p', 'ramfs', 'fuse.bindfs']) {
    test(`is taken on ${type}, for this lock alone, and dropped with it`, () => {
      pretendFilesystem(api.backend, type);
      const [first, second] = [newPath(), newPath()].map((path) => api.acquireLockSync(path)) as [Lock, Lock];
      const [own, other] = [first.owner.lifeline, second.owner.lifeline];
      expect(own).toMatch(/^(time|user):\d+$/);
      expect(new Set([own, other, api.selfIdentity().lifeline]).size).toBe(3);
      expect([own, other].map(isHeld)).toEqual([true, true]);
      first.releaseSync();
      expect([own, other].map(isHeld)).toEqual([false, true]);
      second.releaseSync();
      expect(isHeld(other)).toBe(false);
    });
  }

  test('is taken where the witness is not seen by others', () => {
    vi.spyOn(api.backend.witness, 'testAt').mockReturnValue('free');
    using lock = api.acquireLockSync(newPath());
    expect(isHeld(lock.owner.lifeline)).toBe(true);
  });

  test('is not taken where the witness shows the holder', () => {
    using lock = api.acquireLockSync(newPath());
    expect(lock.owner.witness).not.toBeNull();
    expect(lock.owner.lifeline).toBeNull();
  });

  test('is taken for every lock that may be handed over, also where the witness shows the holder', () => {
    const lock = api.acquireLockSync(newPath(), { handOver: true });
    expect(lock.owner.witness).not.toBeNull();
    expect(isHeld(lock.owner.lifeline)).toBe(true);
    lock.releaseSync();
    expect(isHeld(lock.owner.lifeline)).toBe(false);
  });

  test('is dropped when the lock is lost', () => {
    pretendFilesystem(api.backend, 'nfs');
    const path = newPath();
    const lock = api.acquireLockSync(path);
    renameSync(join(path, 'owner.json'), join(path, 'elsewhere'));
    expect(lock.verify()).toBe(false);
    expect(isHeld(lock.owner.lifeline)).toBe(false);
  });

  test('is dropped when the lock was not published', () => {
    pretendFilesystem(api.backend, 'nfs');
    const drop = vi.spyOn(api.backend.lifeline, 'drop');
    const take = vi.spyOn(api.backend.lifeline, 'take');
    vi.spyOn(api.backend.files, 'renameNoReplaceAt').mockImplementation(() => {
      throw systemError('EIO', -5);
    });
    expect(() => api.acquireLockSync(newPath())).toThrow('EIO');
    const [taken] = take.mock.results;
    expect(drop).toHaveBeenCalledWith(taken?.value);
  });
});

describeForEachBackend('a lock that appears at its place', (api, backend) => {
  // Plain Node has no RENAME_NOREPLACE.
  const renames = backend === 'native' ? RENAMES : (['renameAt'] as const);

  for (const rename of renames) {
    for (const type of ['ext', 'nfs']) {
      test(`by ${rename}, and is replaced before it is looked at, is not the own one (${type})`, () => {
        const path = newPath();
        const nonce = 'f'.repeat(32);
        pretendFilesystem(api.backend, type);
        atPublishing(api, 'after', rename, () => {
          renameSync(path, `${path}.moved`);
          writeLockOf(path, api.selfIdentity(), { nonce });
        });
        expect(api.tryAcquireLockSync(path)).toBeNull();
        expect(readOwner(path).nonce).toBe(nonce);
        expect(readdirSync(`${path}.moved`)).toEqual([]);
      });
    }

    test(`by ${rename}, which then says that it has failed, is held`, () => {
      const path = newPath();
      atPublishing(api, 'after', rename, () => {
        throw systemError('EIO', -5);
      });
      const lock = api.acquireLockSync(path);
      expect(readOwner(path).nonce).toBe(lock.owner.nonce);
      lock.releaseSync();
      expect(readdirSync(dirname(path))).toEqual([]);
    });

    test(`by ${rename}, and cannot, leaves nothing there and nothing beside it`, () => {
      const path = newPath();
      atPublishing(api, 'before', rename, () => {
        throw systemError('EIO', -5);
      });
      expect(() => api.acquireLockSync(path)).toThrow(expect.objectContaining({ code: 'EIO', path }));
      expect(readdirSync(dirname(path))).toEqual([]);
    });
  }
});

describeForEachBackend('a lock whose private directory is swept before it is open', (api) => {
  test('is made anew under another name', () => {
    const { files } = api.backend;
    const createDirectoryAt = files.createDirectoryAt.bind(files);
    const names: string[] = [];
    vi.spyOn(files, 'createDirectoryAt').mockImplementation((parent, name) => {
      names.push(name);
      return names.length < 3 ? null : createDirectoryAt(parent, name);
    });
    const path = newPath();
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
    expect(new Set(names).size).toBe(3);
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});

describeForEachBackend('a lock whose lease cannot be kept', (api) => {
  test('because no thread can be started is not taken, and leaves nothing', () => {
    const path = newPath();
    pretendFilesystem(api.backend, 'nfs');
    const refused = Object.assign(new Error('EAGAIN: no thread'), {
      code: 'EAGAIN',
      errno: -11,
      syscall: 'pthread_create',
    });
    const start = vi.spyOn(api.backend.lease, 'start').mockImplementation(() => {
      throw refused;
    });
    const before = readdirSync('/proc/self/fd').length;
    expect(() => api.acquireLockSync(path)).toThrow(refused);
    expect(readdirSync(dirname(path))).toEqual([]);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    start.mockRestore();
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
  });
});
