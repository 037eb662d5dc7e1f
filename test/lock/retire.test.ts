import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { Lock } from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { onCleanup } from '../helpers/cleanup.js';
import { DEAD_OWNER, ownerFile, readOwner, writeLock, writeLockOf } from '../helpers/crafted.js';
import { type FileOperation, hookFiles, interfereOnce } from '../helpers/hooks.js';
import { describeForEachBackend, describeForEveryBackend } from '../helpers/package.js';
import { isBuilt, isRoot, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

// What is retired is the file that was judged, or nothing.

const NONCE = '0123456789abcdef0123456789abcdef';
const CLAIMED = `claimed.${NONCE}`;
/** The record of an older program that lives, as far as any observer can see. */
const LIVE_OWNER = { pid: 1, createdAtMs: Date.now() };

afterEach(() => {
  vi.restoreAllMocks();
});

function newPath(name = 'install.lock'): string {
  return join(tempDir(), name);
}

/** The rename that takes owner.json out of the directory. */
const claims = (operation: FileOperation, [, name]: readonly unknown[]) =>
  operation === 'renameAt' && name === 'owner.json';
/** The rename that frees the lock. */
const frees = (operation: FileOperation, [, , , target]: readonly unknown[]) =>
  operation === 'renameAt' && /^retired\./.test(String(target));

/** Puts another owner.json in place of the one there, as a program does that takes a stale lock over. */
function replaceOwner(path: string, record: object): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(record));
  renameSync(`${path}.tmp`, ownerFile(path));
}

describeForEveryBackend('an owner.json that is replaced between verdict and rename', (api) => {
  const ways: Record<string, (path: string) => void> = {
    'by a rename': (path) => replaceOwner(path, LIVE_OWNER),
    'in place': (path) => writeFileSync(ownerFile(path), JSON.stringify(LIVE_OWNER)),
    'in place, with the size and the time of before,': (path) => {
      const { size, atime, mtime } = statSync(ownerFile(path));
      writeFileSync(ownerFile(path), JSON.stringify(LIVE_OWNER).padEnd(size));
      utimesSync(ownerFile(path), atime, mtime);
    },
  };
  for (const [way, replace] of Object.entries(ways)) {
    test(`${way} by a live owner: survives a reclaim`, () => {
      const path = newPath();
      writeLock(path, DEAD_OWNER);
      // Node sets times by the microsecond, so the time of before can be given back only without nanoseconds.
      utimesSync(ownerFile(path), Math.floor(Date.now() / 1000), Math.floor(Date.now() / 1000));
      const other = interfereOnce(api.backend, claims, () => replace(path));
      expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false });
      expect(other.happened).toBe(true);
      expect(readdirSync(path)).toEqual(['owner.json']);
      expect(JSON.parse(readFileSync(ownerFile(path), 'utf8'))).toEqual(LIVE_OWNER);
    });

    test(`${way} by a live owner: survives an acquisition`, () => {
      const path = newPath();
      writeLock(path, DEAD_OWNER);
      interfereOnce(api.backend, claims, () => replace(path));
      expect(api.tryAcquireLockSync(path)).toBeNull();
      expect(JSON.parse(readFileSync(ownerFile(path), 'utf8'))).toEqual(LIVE_OWNER);
    });
  }

  test('by another dead owner: is judged anew and reclaimed', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    interfereOnce(api.backend, claims, () => replaceOwner(path, { ...DEAD_OWNER, pid: DEAD_OWNER.pid - 1 }));
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: true, owner: { pid: DEAD_OWNER.pid - 1 } });
    expect(existsSync(path)).toBe(false);
  });

  test('with the path judged by a third process in between: nobody finds it free', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    const states = new Set<string>();
    let replaced = false;
    hookFiles(api.backend, {
      before: (operation, parameters) => {
        if (!replaced && claims(operation, parameters)) {
          replaced = true;
          replaceOwner(path, LIVE_OWNER);
        }
        if (!replaced) return;
        states.add(api.inspectLockSync(path).state);
        expect(api.tryAcquireLockSync(path)).toBeNull();
      },
    });
    api.reclaimLockSync(path);
    expect(replaced).toBe(true);
    expect([...states]).toEqual([expect.stringMatching(/held|unknown/)]);
  });

  test('and by another while it is claimed: that one stays, and both are judged', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    interfereOnce(api.backend, claims, () => replaceOwner(path, LIVE_OWNER));
    interfereOnce(
      api.backend,
      (operation, [, name]) => operation === 'isAt' && /^claimed\./.test(String(name)),
      () => writeLock(path, DEAD_OWNER),
    );
    api.reclaimLockSync(path);
    const names = readdirSync(path);
    expect(names).toContain('owner.json');
    expect(names.some((name) => name.startsWith('claimed.'))).toBe(true);
    expect(api.inspectLockSync(path).state).not.toBe('stale');
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(readdirSync(path)).toEqual(names);
  });
});

describeForEachBackend('a record that another process frees between two renames', (api) => {
  test('was not reclaimed by this one, and is no event of it', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    const events: unknown[] = [];
    api.onLockEvent('reclaim', (event) => events.push(event));
    const other = interfereOnce(api.backend, frees, () => rmSync(path, { recursive: true }));
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false });
    expect(other.happened).toBe(true);
    expect(events).toEqual([]);
  });
});

describeForEveryBackend('a directory with a claimed record alone', (api, backend) => {
  test('of a live owner is held, and not free for anybody', () => {
    const path = newPath();
    writeLock(path, LIVE_OWNER);
    renameSync(ownerFile(path), join(path, CLAIMED));
    expect(['held', 'unknown']).toContain(api.inspectLockSync(path, { ownerlessGrace: 0 }).state);
    expect(readdirSync(path)).toEqual([CLAIMED]);
    expect(api.reclaimLockSync(path, { ownerlessGrace: 0 }).reclaimed).toBe(false);
    expect(api.tryAcquireLockSync(path)).toBeNull();
  });

  test('of a dead owner is reclaimed at once', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    renameSync(ownerFile(path), join(path, CLAIMED));
    expect(api.reclaimLockSync(path).reclaimed).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  test('gets its name back from whoever finds it left there', async () => {
    const path = newPath();
    writeLock(path, LIVE_OWNER);
    renameSync(ownerFile(path), join(path, CLAIMED));
    await expect(api.acquireLock(path, { timeout: 2_500 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    expect(readdirSync(path)).toEqual(['owner.json']);
  });

  test('keeps a claimed name where neither a rename nor a link can give it back', async () => {
    const path = newPath();
    writeLock(path, LIVE_OWNER);
    renameSync(ownerFile(path), join(path, CLAIMED));
    for (const call of ['renameNoReplaceAt', 'linkAt'] as const) {
      vi.spyOn(api.backend.files, call).mockImplementation(() => {
        throw Object.assign(new Error('EPERM'), { code: 'EPERM', errno: -1, syscall: 'link' });
      });
    }
    await expect(api.acquireLock(path, { timeout: 1_500 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    expect(readdirSync(path)).toEqual([expect.stringMatching(/^claimed\.[0-9a-f]{32}$/)]);
  });

  test('is still the lock of its owner, who releases it', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    renameSync(ownerFile(path), join(path, CLAIMED));
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  });

  test('is given back by a link while its owner releases it: the lock is free, and nothing is left', async () => {
    const path = newPath();
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const lock = api.acquireLockSync(path);
    renameSync(ownerFile(path), join(path, `claimed.${lock.owner.nonce}`));
    vi.spyOn(api.backend.files, 'renameNoReplaceAt').mockImplementation(() => {
      throw Object.assign(new Error('EINVAL'), { code: 'EINVAL', errno: -22, syscall: 'renameat2' });
    });
    await sleep(1_100);
    const linked = (operation: FileOperation, [, name]: readonly unknown[]) =>
      operation === 'unlinkAt' && /^claimed\./.test(String(name));
    const other = interfereOnce(api.backend, linked, () => lock.releaseSync());
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(other.happened).toBe(true);
    expect(readdirSync(dirname(path))).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
  });

  test('is given back in the middle of a release, which then begins anew', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    const other = interfereOnce(api.backend, frees, () => {
      const [name = ''] = readdirSync(path);
      renameSync(join(path, name), ownerFile(path));
    });
    lock.releaseSync();
    expect(other.happened).toBe(true);
    // By path nothing shows whether the rename was made, so that the lease has to end.
    if (backend !== 'portable') expect(existsSync(path)).toBe(false);
  });
});

describeForEveryBackend('a release', (api) => {
  /** Replaces owner.json as `sed -i` does: another file of the same content. */
  function edit(path: string): void {
    copyFileSync(ownerFile(path), `${path}.edited`);
    renameSync(`${path}.edited`, ownerFile(path));
  }

  test('goes by the nonce: an owner.json that sed -i has replaced is still ours', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    edit(path);
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  });

  test('of a lock whose owner.json has another nonce is a loss, and touches nothing', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    replaceOwner(path, { ...readOwner(path), nonce: NONCE });
    const before = snapshot(dirname(path));
    expect(() => lock.releaseSync()).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    expect(snapshot(dirname(path))).toEqual(before);
  });

  test('overtaken by a live owner at the last moment gives its record back', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    interfereOnce(api.backend, claims, () => replaceOwner(path, LIVE_OWNER));
    expect(() => lock.releaseSync()).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    expect(readdirSync(path)).toEqual(['owner.json']);
    expect(JSON.parse(readFileSync(ownerFile(path), 'utf8'))).toEqual(LIVE_OWNER);
  });

  test('that fails leaves a lock that is nobody’s: this process does not wait for itself', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    vi.spyOn(api.backend.files, 'renameAt').mockImplementation(() => {
      throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5, syscall: 'renameat' });
    });
    expect(() => lock.releaseSync()).toThrow(expect.objectContaining({ code: 'EIO' }));
    vi.restoreAllMocks();
    const reason = lock.owner.witness === null ? 'given-up-by-this-process' : 'witness-free';
    expect(api.inspectLockSync(path)).toMatchObject({ state: 'stale', verdict: { reason } });
    const again = api.acquireLockSync(path, { timeout: 0 });
    again.releaseSync();
  });

  test('of a lock that was lost, but stands there again, does not keep this process out', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    renameSync(path, `${path}.aside`);
    expect(lock.verify()).toBe(false);
    renameSync(`${path}.aside`, path);
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
    expect(existsSync(path)).toBe(false);
  });

  test('never shows its living owner as dead to a watch that the kernel reports nothing to', async () => {
    const path = newPath();
    const owner = await startAgent({ backend: api.backend.name });
    await owner.acquire(path);
    const { owner: record } = api.inspectLockSync(path);
    const { watch, witness } = api.backend;
    if (watch !== null) {
      // No descriptor is left, so each read judges anew.
      vi.spyOn(watch, 'onRelease').mockReturnValue('EMFILE');
      vi.spyOn(watch, 'onExit').mockReturnValue('EMFILE');
    }
    const watched = api.watchOwner(record as Lock['owner'], { lock: path });
    expect(watched.event).toBe(false);
    let released: Promise<unknown> | null = null;
    const { test: testWitness } = witness;
    vi.spyOn(witness, 'test').mockImplementation((...file) => {
      released ??= owner.release(path);
      const deadline = performance.now() + 5_000;
      while (existsSync(path) && performance.now() < deadline);
      return testWitness.apply(witness, file);
    });
    expect(watched.verdict.state).not.toBe('dead');
    vi.restoreAllMocks();
    await (released ?? owner.release(path));
  });

  test('never shows its living owner as dead, at any step', () => {
    const path = newPath();
    for (const look of [
      () => expect(api.inspectLockSync(path).verdict?.state).not.toBe('dead'),
      (owner: Lock['owner']) => expect(api.judgeOwner(owner, { lock: path }).state).not.toBe('dead'),
    ]) {
      let lock = api.acquireLockSync(path);
      const { owner } = lock;
      let step = 0;
      let at = -1;
      // The release happens at each step of a look in turn, as far as that look has steps.
      hookFiles(api.backend, {
        before: () => {
          if (step === at) lock.releaseSync();
          step += 1;
        },
      });
      for (at = 0; at < 20; at += 1) {
        step = 0;
        look(owner);
        step = Number.NEGATIVE_INFINITY;
        lock.releaseSync();
        lock = api.acquireLockSync(path);
      }
      at = -1;
      lock.releaseSync();
    }
  });

  test('says that a file of somebody else will keep the lock from being taken', () => {
    const path = newPath();
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const lock = api.acquireLockSync(path);
    writeFileSync(join(path, '.DS_Store'), 'finder');
    lock.releaseSync();
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('".DS_Store"'), {
      code: 'KERNEL_IDENTITY_LOCK_NOT_EMPTY',
    });
    const started = performance.now();
    expect(() => api.acquireLockSync(path)).toThrow(
      expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY', entries: ['.DS_Store'] }),
    );
    expect(performance.now() - started).toBeLessThan(500);
    expect(readdirSync(path)).toEqual(['.DS_Store']);
  });
});

describeForEachBackend('a stale lock that this user may not remove', (api) => {
  test('because the parent is sticky is refused before anything is gone', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    chmodSync(dirname(path), 0o1777);
    chmodSync(path, 0o777);
    onCleanup(() => chmodSync(dirname(path), 0o700));
    // Anybody but root and the user who runs this test.
    const stranger = process.getuid?.() === 65_534 ? 65_533 : 65_534;
    vi.spyOn(process as { geteuid(): number }, 'geteuid').mockReturnValue(stranger);
    const before = snapshot(dirname(path));
    const refused = { code: 'EPERM', path, message: expect.stringContaining('sticky') };
    expect(() => api.acquireLockSync(path)).toThrow(expect.objectContaining(refused));
    expect(() => api.reclaimLockSync(path)).toThrow(expect.objectContaining({ code: 'EPERM' }));
    expect(snapshot(dirname(path))).toEqual(before);
  });

  testRequiring(
    [isBuilt(), isRoot()],
    'because the parent or the lock is not writable is refused before anything is gone, and says what it takes',
    async () => {
      const path = newPath();
      writeLock(path, DEAD_OWNER);
      const user = await startAgent({ uid: 65_534 });
      for (const [mode, parentMode] of [
        [0o777, 0o755],
        [0o755, 0o777],
      ] as const) {
        chmodSync(path, mode);
        chmodSync(dirname(path), parentMode);
        const before = snapshot(dirname(path));
        const refusal = {
          code: 'EACCES',
          message: expect.stringContaining('takes the right to write to it'),
        };
        await expect(user.acquire(path)).rejects.toMatchObject({ ...refusal, path });
        await expect(user.reclaim(path)).rejects.toMatchObject(refusal);
        expect(snapshot(dirname(path))).toEqual(before);
      }
      // Nothing has to be deleted from an empty one, so the right to the parent is enough.
      rmSync(ownerFile(path));
      utimesSync(path, 0, 0);
      await user.reclaim(path);
      expect(existsSync(path)).toBe(false);
    },
  );
});

describeForEveryBackend('owner.json before it is complete', (api) => {
  test('can be opened by nobody else, whatever the umask', () => {
    const path = newPath();
    const modes: string[] = [];
    const umask = process.umask(0);
    onCleanup(() => void process.umask(umask));
    const { files } = api.backend;
    const write = files.write.bind(files);
    vi.spyOn(files, 'write').mockImplementation((fd, text) => {
      for (const name of readdirSync(dirname(path))) {
        const file = join(dirname(path), name, 'owner.json.new');
        modes.push((statMode(file) & 0o777).toString(8));
      }
      write(fd, text);
    });
    const lock = api.acquireLockSync(path);
    expect(modes).toEqual(['600']);
    expect((statMode(ownerFile(path)) & 0o777).toString(8)).toBe('664');
    lock.releaseSync();
  });

  test('gets no other mode where the filesystem has none: that is no error', () => {
    vi.spyOn(api.backend.files, 'takeModeOf').mockImplementation(() => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM', errno: -1, syscall: 'fchmod' });
    });
    api.acquireLockSync(newPath(), { timeout: 0 }).releaseSync();
  });
});

describeForEachBackend('a lock of a thread that was terminated', (api) => {
  test('and had no witness is free once its lease is silent, though its process lives', async () => {
    const path = newPath();
    writeLockOf(path, api.selfIdentity(), { lease: { durationMs: 1_000 } });
    expect(api.tryAcquireLockSync(path)).toBeNull();
    const lock = await api.acquireLock(path, { timeout: 8_000 });
    lock.releaseSync();
  });
});

function statMode(path: string): number {
  return statSync(path).mode;
}
