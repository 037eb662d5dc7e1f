import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type AcquireEvent,
  type AcquireOptions,
  acquireLock,
  acquireLockSync,
  CHANNELS,
  type Lock,
  reclaimLockSync,
  tryAcquireLock,
  tryAcquireLockSync,
  withLock,
  withLockSync,
} from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { DEAD_OWNER, writeLock } from '../helpers/crafted.js';
import { tempDir } from '../helpers/temp-dir.js';

const CALLS: Readonly<Record<string, (path: string, options?: AcquireOptions) => Promise<Lock>>> = {
  acquireLock,
  acquireLockSync: async (path, options) => acquireLockSync(path, options),
  tryAcquireLock: async (path, options) => acquired(await tryAcquireLock(path, options)),
  tryAcquireLockSync: async (path, options) => acquired(tryAcquireLockSync(path, options)),
  withLock: (path, options = {}) => withLock(path, options, (lock) => lock),
  withLockSync: async (path, options = {}) => withLockSync(path, options, (lock) => lock),
};

function acquired(lock: Lock | null): Lock {
  if (lock === null) throw new Error('the lock was not acquired');
  return lock;
}

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describe.each(Object.entries(CALLS))('%s: lock.reclaimed', (_, call) => {
  test('is null for a lock that was free', async () => {
    const path = newPath();
    const lock = await call(path);
    expect(lock.reclaimed).toBeNull();
    lock.releaseSync();
    expect((await call(path)).reclaimed).toBeNull();
  });

  test('names the dead owner whose lock was taken over, and how its death is known', async () => {
    const path = newPath();
    const owner = await startAgent();
    const { value: record } = await owner.acquire(path, { label: 'install' });
    await owner.kill();
    const lock = await call(path);
    expect(lock.reclaimed).toEqual({
      owner: expect.objectContaining({ nonce: record.nonce, pid: owner.pid, label: 'install' }),
      ownerAge: expect.any(Number),
      verdict: expect.objectContaining({ state: 'dead' }),
      description: expect.stringContaining('owner dead'),
    });
    lock.releaseSync();
  });
});

describe('lock.reclaimed', () => {
  test('has no owner where a directory without one was taken', () => {
    const path = newPath();
    mkdirSync(path);
    utimesSync(path, 1_000_000, 1_000_000);
    const lock = acquireLockSync(path, { ownerlessGrace: 0 });
    expect(lock.reclaimed).toMatchObject({ owner: null, ownerAge: null, verdict: null });
    lock.releaseSync();
  });

  test('is null where the release of another process was only tidied up', () => {
    const path = newPath();
    mkdirSync(path);
    writeFileSync(join(path, `retired.${'0'.repeat(32)}`), '');
    const lock = acquireLockSync(path);
    expect(lock.reclaimed).toBeNull();
    lock.releaseSync();
  });

  test('is null where the lock was reclaimed before it was acquired', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    expect(reclaimLockSync(path).reclaimed).toBe(true);
    const lock = acquireLockSync(path);
    expect(lock.reclaimed).toBeNull();
    lock.releaseSync();
  });

  test('stands in the event of the acquisition too', () => {
    const path = newPath();
    const heard: AcquireEvent[] = [];
    const hear = (event: unknown) => void heard.push(event as AcquireEvent);
    subscribe(CHANNELS.acquire, hear);
    onTestFinished(() => void unsubscribe(CHANNELS.acquire, hear));
    writeLock(path, DEAD_OWNER);
    const lock = acquireLockSync(path);
    lock.releaseSync();
    acquireLockSync(path).releaseSync();
    expect(heard.map(({ reclaimed }) => reclaimed)).toEqual([lock.reclaimed, null]);
    expect(lock.reclaimed?.owner?.pid).toBe(DEAD_OWNER.pid);
  });
});
