import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { LockTimeoutError, WaitReport } from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { type AnyName, EVERY, TESTED } from '../helpers/backends.js';
import { PROGRAM } from '../helpers/cli.js';
import { DEAD_OWNER, writeLock, writeLockOf } from '../helpers/crafted.js';
import { describeForEveryBackend, type Package } from '../helpers/package.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/**
 * No kernel has this boot id. It is recorded as one that was mounted over the real one, so it proves nothing.
 */
const NO_BOOT = { bootId: '11111111-2222-4333-8444-555555555555', bootIdNative: false };

function newPath(name = 'install.lock'): string {
  return join(tempDir(), name);
}

/** Writes a lock whose owner cannot be judged. */
function writeUnknownLock(api: Package, path: string): void {
  const identity = { ...api.selfIdentity(), ...NO_BOOT, lifeline: null };
  const witness = { device: '1', fsid: null, inode: '1', directory: null };
  writeLockOf(path, identity, { witness, filesystem: 'overlay', createdAtMs: Date.now() - 60_000 });
}

function timeoutError(run: () => unknown): LockTimeoutError {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    return error as LockTimeoutError;
  }
  throw new Error('it did not time out');
}

describeForEveryBackend('a timeout', (api, backend) => {
  test('of 0 means one try', async () => {
    const path = newPath();
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
    const lock = await api.acquireLock(path, { timeout: 0 });
    const error = timeoutError(() => api.acquireLockSync(path, { timeout: 0 }));
    expect(error.waited).toBeLessThan(1000);
    await expect(api.acquireLock(path, { timeout: 0 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    lock.releaseSync();
  });

  test('is kept, neither much earlier nor much later', async () => {
    const path = newPath();
    writeUnknownLock(api, path);
    for (const acquire of [
      () => api.acquireLock(path, { timeout: 250 }),
      async () => api.acquireLockSync(path, { timeout: 250 }),
    ]) {
      const started = performance.now();
      const error: LockTimeoutError = await acquire().catch((thrown) => thrown);
      const took = performance.now() - started;
      expect(error.code).toBe('ERR_LOCK_TIMEOUT');
      expect(error.waited).toBeGreaterThanOrEqual(250);
      expect(took).toBeGreaterThanOrEqual(250);
      expect(took).toBeLessThan(2500);
    }
  });

  test('on a live owner says who, for how long, why, and how to look at it', () => {
    const path = newPath(`it's held.lock`);
    const lock = api.acquireLockSync(path, { label: 'browser plugin' });
    const error = timeoutError(() => api.acquireLockSync(path, { timeout: 0 }));
    expect(error).toMatchObject({
      name: 'LockTimeoutError',
      path,
      owner: { pid: process.pid, label: 'browser plugin', nonce: lock.owner.nonce },
      verdict: { state: 'alive', certainty: 'proven', reason: 'held-by-this-process' },
      reason: 'held-by-this-process',
      evidenceMissing: [],
    });
    expect(error.ownerAge).toBeGreaterThanOrEqual(0);
    expect(error.ownerAge).toBeLessThan(10_000);
    expect(error.command).toContain(`${PROGRAM} inspect `);
    expect(error.command).toContain(`'${path.replace("'", `'\\''`)}'`);
    for (const part of [
      path,
      `pid ${process.pid}`,
      'browser plugin',
      'held-by-this-process',
      error.command,
    ]) {
      expect(error.message).toContain(part);
    }
    lock.releaseSync();
  });

  test('on an owner that cannot be judged says what is missing, and how to clear it', () => {
    const path = newPath();
    writeUnknownLock(api, path);
    const error = timeoutError(() => api.acquireLockSync(path, { timeout: 0 }));
    const reason = backend === 'portable' ? 'not-enough-recorded' : 'other-boot';
    expect(error).toMatchObject({
      owner: { pid: process.pid },
      verdict: { state: 'unknown', reason },
      reason,
    });
    expect(error.evidenceMissing).toContain('witness');
    expect(error.ownerAge).toBeGreaterThanOrEqual(60_000);
    expect(error.command).toContain(`${PROGRAM} reclaim `);
    expect(error.message).toContain('witness');
  });

  test('on a directory without an owner says so', () => {
    const path = newPath();
    writeLock(path, '');
    const error = timeoutError(() => api.acquireLockSync(path, { timeout: 0 }));
    expect(error).toMatchObject({ owner: null, ownerAge: null, verdict: null, evidenceMissing: [] });
    expect(error.reason).toMatch(/owner\.json is empty or torn.*grace/);
  });

  test('leaves neither files nor descriptors', async () => {
    const path = newPath();
    writeUnknownLock(api, path);
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i += 1) {
      timeoutError(() => api.acquireLockSync(path, { timeout: 1 }));
      await expect(api.acquireLock(path, { timeout: 1 })).rejects.toMatchObject({
        code: 'ERR_LOCK_TIMEOUT',
      });
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 5);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
  });
});

describeForEveryBackend('an AbortSignal', (api) => {
  const reason = new Error('the user pressed Ctrl-C');

  test('that was aborted before keeps a free lock from being taken', async () => {
    const path = newPath();
    const signal = AbortSignal.abort(reason);
    await expect(api.acquireLock(path, { signal })).rejects.toBe(reason);
    await expect(api.tryAcquireLock(path, { signal })).rejects.toBe(reason);
    await expect(api.withLock(path, { signal }, () => {})).rejects.toBe(reason);
    expect(() => api.acquireLockSync(path, { signal })).toThrow(reason);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('that aborts while waiting rejects with its reason at once, and leaves nothing', async () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    const controller = new AbortController();
    const before = readdirSync('/proc/self/fd').length;
    const waiting = api.acquireLock(path, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 30);
    const started = performance.now();
    await expect(waiting).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 5);
    lock.releaseSync();
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
  });

  test('that never aborts changes nothing', async () => {
    const { signal } = new AbortController();
    const lock = await api.acquireLock(newPath(), { signal });
    await lock.release();
  });
});

describeForEveryBackend('onWait', (api) => {
  test('is not called for a lock that is free, nor for one that is reclaimed', async () => {
    const path = newPath();
    const reports: WaitReport[] = [];
    const onWait = (report: WaitReport) => void reports.push(report);
    api.acquireLockSync(path, { onWait }).releaseSync();
    writeLock(path, DEAD_OWNER);
    (await api.acquireLock(path, { onWait })).releaseSync();
    expect(reports).toEqual([]);
  });

  test('is called once with the holder of the lock, and again when the holder changes', async () => {
    const path = newPath();
    const reports: WaitReport[] = [];
    const first = api.acquireLockSync(path, { label: 'first' });
    const waiting = api.acquireLock(path, { timeout: 800, onWait: (report) => void reports.push(report) });
    await sleep(350);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      path,
      owner: { label: 'first' },
      verdict: { reason: 'held-by-this-process' },
      overdue: false,
    });
    first.releaseSync();
    const second = api.acquireLockSync(path, { label: 'second', timeout: 0 });
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    expect(reports.map(({ owner }) => owner?.label)).toEqual(['first', 'second']);
    second.releaseSync();
  });

  test('is called for a synchronous wait too', () => {
    const path = newPath();
    const reports: WaitReport[] = [];
    writeUnknownLock(api, path);
    timeoutError(() =>
      api.acquireLockSync(path, { timeout: 5, onWait: (report) => void reports.push(report) }),
    );
    expect(reports).toHaveLength(1);
  });

  test('gets to know that a holder is overdue', async () => {
    const path = newPath();
    writeUnknownLock(api, path);
    for (const [expectedHold, overdue] of [
      [59_000, true],
      [600_000, false],
    ] as const) {
      const reports: WaitReport[] = [];
      const options = {
        timeout: 5,
        expectedHold,
        onWait: (report: WaitReport) => void reports.push(report),
      };
      await expect(api.acquireLock(path, options)).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
      expect(reports.map((report) => report.overdue)).toEqual([overdue]);
    }
  });

  test('is called when a holder becomes overdue during the wait', async () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    const overdue: boolean[] = [];
    const onWait = (report: WaitReport) => void overdue.push(report.overdue);
    await expect(api.acquireLock(path, { timeout: 1200, expectedHold: 500, onWait })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    expect(overdue).toEqual([false, true]);
    lock.releaseSync();
  });

  test('that throws ends the waiting with what it threw', async () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    const mistake = new Error('enough');
    const onWait = () => {
      throw mistake;
    };
    await expect(api.acquireLock(path, { timeout: 5000, onWait })).rejects.toBe(mistake);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    lock.releaseSync();
  });
});

describeForEveryBackend('a synchronous wait for a lock of this very thread', (api) => {
  test('is a deadlock, and fails at once', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    for (const options of [{}, { timeout: 60_000 }]) {
      const started = performance.now();
      expect(() => api.acquireLockSync(path, options)).toThrow(
        expect.objectContaining({ code: 'EDEADLK', errno: -35, path }),
      );
      expect(performance.now() - started).toBeLessThan(1000);
    }
    expect(() => api.withLockSync(path, () => {})).toThrow(expect.objectContaining({ code: 'EDEADLK' }));
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
  });

  test('is an ordinary timeout where it waits not at all', () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    expect(timeoutError(() => api.acquireLockSync(path, { timeout: 0 })).reason).toBe('held-by-this-process');
    expect(api.tryAcquireLockSync(path)).toBeNull();
    lock.releaseSync();
  });

  test('awaited is none: the holder can still release', async () => {
    const path = newPath();
    const lock = api.acquireLockSync(path);
    const waiting = api.acquireLock(path);
    await sleep(20);
    lock.releaseSync();
    (await waiting).releaseSync();
  });
});

describeRequiring([isBuilt()], 'a waiter', () => {
  /** Starts a process that holds the lock, and another one that waits for it. */
  async function startWait(path: string, call: 'acquire' | 'acquireSync', owner: AnyName, waiter: AnyName) {
    const [holder, other] = await Promise.all([
      startAgent({ backend: owner }),
      startAgent({ backend: waiter }),
    ]);
    await holder.acquire(path);
    const waiting = other[call](path, { timeout: 8000 });
    await sleep(60);
    return { holder, other, waiting };
  }

  for (const owner of TESTED) {
    for (const waiter of TESTED) {
      for (const call of ['acquire', 'acquireSync'] as const) {
        const words = `${call}, ${owner} owner, ${waiter} waiter`;

        testRequiring([], `gets the lock of an owner that is killed with SIGKILL (${words})`, async () => {
          const path = newPath();
          const { holder, other, waiting } = await startWait(path, call, owner, waiter);
          await holder.kill();
          const killedAt = performance.now();
          expect((await waiting).value.pid).toBe(other.pid);
          // The waiter notices by its next poll at the latest; the bound is for a busy machine.
          expect(performance.now() - killedAt).toBeLessThan(2000);
          expect(await other.verify(path)).toBe(true);
        });
      }
    }
  }

  for (const owner of EVERY) {
    for (const waiter of EVERY) {
      for (const call of ['acquire', 'acquireSync'] as const) {
        const words = `${call}, ${owner} owner, ${waiter} waiter`;

        testRequiring([], `gets a lock that is released (${words})`, async () => {
          const path = newPath();
          const { holder, other, waiting } = await startWait(path, call, owner, waiter);
          await holder.release(path);
          expect((await waiting).value.pid).toBe(other.pid);
          expect(await other.verify(path)).toBe(true);
        });
      }
    }
  }
});

describe('many waiters in one process', () => {
  describeForEveryBackend('for one lock', (api) => {
    test('get it one after the other, never two at once', async () => {
      const path = newPath();
      let holders = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 12 }, () =>
          api.withLock(path, async () => {
            holders += 1;
            most = Math.max(most, holders);
            await sleep(1);
            holders -= 1;
          }),
        ),
      );
      expect(most).toBe(1);
      expect(readdirSync(dirname(path))).toEqual([]);
    });
  });
});
