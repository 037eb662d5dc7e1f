import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Lock } from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { DEAD_OWNER, editOwner, NOBODY, ownerFile, readOwner, writeLock } from '../helpers/crafted.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

const LOST = { code: 'ERR_LOCK_LOST' };

afterEach(() => {
  vi.restoreAllMocks();
});

/** How another program takes a lock away from its owner. */
const WAYS: Record<string, (path: string) => void> = {
  'owner.json deleted': (path) => rmSync(ownerFile(path)),
  'the directory deleted': (path) => rmSync(path, { recursive: true }),
  'the directory deleted and made anew by an old program': (path) => {
    rmSync(path, { recursive: true });
    writeLock(path, DEAD_OWNER);
  },
  'the directory moved aside and made anew by an old program': (path) => {
    renameSync(path, `${path}.aside`);
    rmSync(`${path}.aside`, { recursive: true });
    writeLock(path, DEAD_OWNER);
  },
  'the directory moved aside': (path) => renameSync(path, `${path}.aside`),
  'the directory moved aside and a file put there': (path) => {
    renameSync(path, `${path}.aside`);
    writeFileSync(path, 'precious');
  },
  'the directory moved aside and another lock put there': (path) => {
    renameSync(path, `${path}.aside`);
    writeLock(path, DEAD_OWNER);
  },
  'owner.json overwritten by an old program': (path) => {
    writeLock(path, DEAD_OWNER);
  },
  'owner.json emptied': (path) => writeFileSync(ownerFile(path), ''),
  'owner.json replaced by a rename': (path) => {
    writeFileSync(`${path}.json`, JSON.stringify(DEAD_OWNER));
    renameSync(`${path}.json`, ownerFile(path));
  },
  'owner.json replaced by a directory': (path) => {
    rmSync(ownerFile(path));
    mkdirSync(ownerFile(path));
  },
  'its descriptors closed by other code in the process': (path) => closeDescriptorsOf(path),
};

/** How another program changes the record of a lock, and leaves its nonce as it was. */
const CHANGES: Record<string, (path: string) => void> = {
  'owner.json names another process': (path) =>
    editOwner(path, (owner) => ({ ...owner, pid: NOBODY, identity: { ...owner.identity, pid: NOBODY } })),
  'owner.json names no witness': (path) =>
    editOwner(path, (owner) => ({ ...owner, witness: null, lease: { durationMs: 77_000 } })),
  'owner.json has grown by megabytes': (path) => truncateSync(ownerFile(path), 5_000_000),
};

/**
 * Other code closes a descriptor of the lock, and the kernel gives its number to another file of that code,
 * which could be mistaken for the lock's. Each of these makes that file at `stranger` and returns the number.
 */
const STRANGERS: Record<string, (path: string, stranger: string) => number> = {
  'its directory': (path, stranger) => {
    mkdirSync(stranger);
    linkSync(ownerFile(path), ownerFile(stranger));
    return giveNumberOf(path, stranger);
  },
  'its owner.json': (path, stranger) => {
    copyFileSync(ownerFile(path), stranger);
    return giveNumberOf(ownerFile(path), stranger);
  },
};

/** Closes the descriptor that is open on `target`, and opens `other` under the same number. */
function giveNumberOf(target: string, other: string): number {
  const number = descriptorsOn(target).find((open) => open.target === target)?.fd as number;
  closeSync(number);
  const opened: number[] = [];
  // Another thread of this process may take the number first, and keep it.
  while (opened.at(-1) !== number && opened.length < 100) opened.push(openSync(other, 'r'));
  const isGiven = opened.at(-1) === number;
  for (const fd of isGiven ? opened.slice(0, -1) : opened) closeSync(fd);
  if (!isGiven) throw new Error(`another thread has taken descriptor ${number}`);
  return number;
}

describeForEveryBackend('a lock lost', (api, backend) => {
  function held(): { lock: Lock; path: string } {
    const path = join(tempDir(), 'install.lock');
    return { lock: api.acquireLockSync(path), path };
  }

  for (const [way, lose] of Object.entries(WAYS)) {
    test(`${way}: verify says so and aborts the signal, release throws once`, async () => {
      const { lock, path } = held();
      lose(path);
      const before = snapshot(dirname(path));
      expect(lock.signal.aborted).toBe(false);
      expect(lock.verify()).toBe(false);
      expect(lock.signal.reason).toMatchObject({ ...LOST, path });
      await expect(lock.release()).rejects.toBe(lock.signal.reason);
      await lock.release();
      lock.releaseSync();
      expect(snapshot(dirname(path))).toEqual(before);
    });

    test(`${way}: release notices by itself, and deletes nothing of the other's`, () => {
      const { lock, path } = held();
      lose(path);
      const before = snapshot(dirname(path));
      expect(() => lock.releaseSync()).toThrow(expect.objectContaining(LOST));
      expect(lock.signal.reason).toMatchObject(LOST);
      expect(lock.verify()).toBe(false);
      lock.releaseSync();
      expect(snapshot(dirname(path))).toEqual(before);
    });
  }

  for (const [change, make] of Object.entries(CHANGES)) {
    test(`${change}: verify and release notice it, and the release leaves the path free`, () => {
      const { lock, path } = held();
      make(path);
      expect(() => lock.releaseSync()).toThrow(
        expect.objectContaining({
          ...LOST,
          message: expect.stringContaining('was changed by another program'),
        }),
      );
      expect(existsSync(path)).toBe(false);
      const verified = held();
      make(verified.path);
      expect(verified.lock.verify()).toBe(false);
    });
  }

  test('is not what an editor does that lays the record out anew', () => {
    const { lock, path } = held();
    writeFileSync(ownerFile(path), `${JSON.stringify(readOwner(path))}\n\n`);
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  });

  testRequiring([isBuilt()], 'to a live successor is reported, and the successor keeps it', async () => {
    const { lock, path } = held();
    rmSync(path, { recursive: true });
    const successor = await startAgent({ backend });
    await successor.acquire(path, { timeout: 0 });
    expect(() => lock.releaseSync()).toThrow(expect.objectContaining(LOST));
    expect(await successor.verify(path)).toBe(true);
    expect(api.inspectLockSync(path)).toMatchObject({
      state: backend === 'portable' ? 'unknown' : 'held',
      owner: { pid: successor.pid },
    });
  });

  test('during withLock is reported, unless what ran there has an error of its own', async () => {
    const path = join(tempDir(), 'install.lock');
    const lose = () => rmSync(path, { recursive: true });
    await expect(api.withLock(path, lose)).rejects.toMatchObject(LOST);
    expect(() => api.withLockSync(path, lose)).toThrow(expect.objectContaining(LOST));
    const mistake = new Error('halfway');
    const loseAndThrow = () => {
      lose();
      throw mistake;
    };
    await expect(api.withLock(path, loseAndThrow)).rejects.toBe(mistake);
    expect(() => api.withLockSync(path, loseAndThrow)).toThrow(mistake);
  });

  test('and bound by `using` throws at the end of the block', () => {
    expect(() => {
      using lock = api.acquireLockSync(join(tempDir(), 'install.lock'));
      rmSync(lock.path, { recursive: true });
    }).toThrow(expect.objectContaining(LOST));
  });

  test('leaves no descriptor open', () => {
    const { lock, path } = held();
    rmSync(path, { recursive: true });
    expect(descriptorsOn(path)).not.toEqual([]);
    lock.verify();
    expect(descriptorsOn(path)).toEqual([]);
  });

  test('is reported to listeners when it is found', () => {
    const { lock, path } = held();
    let told = 0;
    lock.signal.addEventListener('abort', () => {
      told += 1;
    });
    rmSync(path, { recursive: true });
    lock.verify();
    expect(told).toBe(1);
  });

  test('by a fork is not the lock of the child', () => {
    const { lock, path } = held();
    const before = snapshot(dirname(path));
    const own = Object.getOwnPropertyDescriptor(process, 'pid') as PropertyDescriptor;
    Object.defineProperty(process, 'pid', { ...own, value: process.pid + 1 });
    try {
      expect(() => lock.releaseSync()).toThrow(expect.objectContaining(LOST));
    } finally {
      Object.defineProperty(process, 'pid', own);
    }
    expect(snapshot(dirname(path))).toEqual(before);
  });

  // The portable backend uses a descriptor only to keep the inode number from recurring.
  if (backend === 'portable') return;

  for (const [what, take, type] of Object.entries(STRANGERS).flatMap(([what, take]) => [
    [what, take, null] as const,
    // On FUSE inode numbers by name are not trusted, but that of an open directory is.
    [what, take, 'fuse'] as const,
  ])) {
    const where = type === null ? '' : ` on ${type}`;
    test(`whose descriptor of ${what} means something else by now${where} leaves that alone`, () => {
      if (type !== null) pretendFilesystem(api.backend, type);
      const { lock, path } = held();
      const stranger = join(tempDir(), 'stranger');
      const fd = take(path, stranger);
      const before = [snapshot(dirname(path)), snapshot(dirname(stranger))];
      expect(() => lock.releaseSync()).toThrow(expect.objectContaining(LOST));
      expect([snapshot(dirname(path)), snapshot(dirname(stranger))]).toEqual(before);
      // fstat throws unless the descriptor is still open.
      fstatSync(fd);
      closeSync(fd);
    });
  }

  test('by an unlocked witness is dead to itself as well', () => {
    const { lock, path } = held();
    expect(api.inspectLockSync(path).verdict?.reason).toBe('held-by-this-process');
    for (const test of ['test', 'testAt'] as const) {
      vi.spyOn(api.backend.witness, test).mockReturnValue('free');
    }
    const reason = lock.owner.witness === null ? 'held-by-this-process' : 'witness-free';
    expect(api.inspectLockSync(path).verdict?.reason).toBe(reason);
    lock.releaseSync();
  });

  testRequiring([isBuilt()], 'by a stray close of its witness is dead to others and to itself', async () => {
    const { lock, path } = held();
    const observer = await startAgent();
    const reasonOf = async () => (await observer.inspect(path)).verdict?.reason;
    const hasWitness = backend === 'native';
    expect(await reasonOf()).toBe(hasWitness ? 'witness-held' : 'process-running');
    expect(api.inspectLockSync(path).verdict?.reason).toBe('held-by-this-process');
    closeDescriptorsOf(path);
    // If no witness was taken, no other process can notice.
    expect(await reasonOf()).toBe(hasWitness ? 'witness-free' : 'process-running');
    expect(api.inspectLockSync(path).state).toBe(hasWitness ? 'stale' : 'unknown');
    expect(lock.verify()).toBe(false);
  });
});

function closeDescriptorsOf(path: string): void {
  for (const { fd } of descriptorsOn(path)) closeSync(fd);
}
