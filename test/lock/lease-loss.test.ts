import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { descriptorsOn } from '../helpers/descriptors.js';
import { describeForEachBackend, describeForEveryBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// What a touch that fails, or hangs, means for the lock.

/** ms; the shortest lease that is allowed. */
const LEASE = 1000;

afterEach(() => {
  vi.restoreAllMocks();
});

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describeForEveryBackend('a lock that nothing but its lease protects', (api) => {
  test('is lost when a touch hangs until most of the lease is over, and not before', async () => {
    pretendFilesystem(api.backend, 'nfs');
    const lock = api.acquireLockSync(newPath(), { lease: LEASE });
    const { signal } = lock;
    const since = vi.spyOn(api.backend.lease, 'sinceTouch').mockReturnValue(0.8 * LEASE);
    await sleep(LEASE / 2);
    expect(signal.aborted).toBe(false);
    since.mockReturnValue(0.84 * LEASE);
    await until('the loss', () => signal.aborted, LEASE);
    expect(signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST' });
    expect(signal.reason.message).toContain('could not be touched for 840 ms of its lease of 1 s');
    expect(() => lock.releaseSync()).toThrow(signal.reason);
  });

  test('is not lost to a pause of its owner, if the touch that is overdue succeeds', async () => {
    pretendFilesystem(api.backend, 'nfs');
    const lock = api.acquireLockSync(newPath(), { lease: LEASE });
    const { signal } = lock;
    // Each check that finds the deadline passed is followed by one that finds a touch.
    let checks = 0;
    vi.spyOn(api.backend.lease, 'sinceTouch').mockImplementation(() => (checks++ % 2 === 0 ? 5 * LEASE : 0));
    await until('some checks', () => checks >= 6);
    expect(signal.aborted).toBe(false);
    lock.releaseSync();
  });

  test('lasts while no descriptor is left with which to make sure of its lifeline', async () => {
    const { lifeline } = api.backend;
    // Plain Node has no lifeline.
    if (api.backend.name !== 'native') return;
    pretendFilesystem(api.backend, 'nfs');
    const lock = api.acquireLockSync(newPath(), { lease: LEASE });
    const take = vi.spyOn(lifeline, 'takeOfProcess').mockImplementation(() => {
      throw Object.assign(new Error('EMFILE: open'), { code: 'EMFILE', errno: -24, syscall: 'open' });
    });
    // An error that a check lets through would end the process.
    const errors: unknown[] = [];
    const listener = (error: unknown) => errors.push(error);
    process.prependListener('uncaughtException', listener);
    await until('some checks', () => take.mock.calls.length >= 3);
    process.removeListener('uncaughtException', listener);
    expect([lock.verify(), errors]).toEqual([true, []]);
    lock.releaseSync();
  });

  test('keeps what a hanging server could hold up until it is released', async () => {
    pretendFilesystem(api.backend, 'nfs');
    const path = newPath();
    const stop = vi.spyOn(api.backend.lease, 'stop');
    const close = vi.spyOn(api.backend.files, 'closeIfStill');
    const lock = api.acquireLockSync(path, { lease: LEASE });
    vi.spyOn(api.backend.lease, 'sinceTouch').mockReturnValue(LEASE);
    await until('the loss', () => lock.signal.aborted);
    expect([stop.mock.calls.length, close.mock.calls.length]).toEqual([0, 0]);
    expect(lock.verify()).toBe(false);
    expect(api.inspectLockSync(path).verdict?.reason).not.toBe('held-by-this-process');
    await expect(lock.release()).rejects.toBe(lock.signal.reason);
    expect(stop).toHaveBeenCalledTimes(1);
    expect(descriptorsOn(path)).toEqual([]);
    await lock.release();
  });

  test('leaves its owner a sixth of the lease, once touches have failed for the rest', () => {
    pretendFilesystem(api.backend, 'nfs');
    const start = vi.spyOn(api.backend.lease, 'start');
    api.acquireLockSync(newPath(), { lease: 6 * LEASE }).releaseSync();
    expect(start.mock.calls[0]?.[1]).toBe(LEASE);
    expect(start.mock.calls[0]?.[3]).toBe(5 * LEASE);
  });
});

describeForEachBackend('a lock with a witness and a lease', (api, backend) => {
  test('is not lost by a touch, whatever comes of it', async () => {
    if (backend !== 'native') return;
    pretendFilesystem(api.backend, 'overlay');
    const start = vi.spyOn(api.backend.lease, 'start');
    const since = vi.spyOn(api.backend.lease, 'sinceTouch').mockReturnValue(100 * LEASE);
    const lock = api.acquireLockSync(newPath(), { lease: LEASE });
    expect(lock.owner).toMatchObject({ witness: {}, lease: {} });
    expect(start.mock.calls[0]?.[3]).toBe(Number.POSITIVE_INFINITY);
    await sleep(LEASE / 2);
    expect(since).not.toHaveBeenCalled();
    expect(lock.signal.aborted).toBe(false);
    lock.releaseSync();
  });

  test('is lost at the next beat when its owner.json has no name any more', async () => {
    pretendFilesystem(api.backend, 'overlay');
    const path = newPath();
    const lock = api.acquireLockSync(path, { lease: LEASE });
    rmSync(path, { recursive: true });
    await sleep(LEASE);
    // Nothing listens before, so that only the beats can have noticed.
    const { signal } = lock;
    expect(signal.aborted).toBe(true);
    expect(signal.reason.message).toContain('its owner.json is gone');
    expect(() => lock.releaseSync()).toThrow(signal.reason);
  });
});
