import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { monotonicMs } from '../../src/backend/monotonic-clock.js';
import {
  acquireLock,
  acquireLockSync,
  CHANNELS,
  type LockEvents,
  reclaimLockSync,
  type WaitReport,
} from '../../src/index.js';
import { LockEvent } from '../../src/lock/events.js';
import { cli } from '../helpers/cli.js';
import { setMonotonicClock } from '../helpers/clock.js';
import { DEAD_OWNER, ownerFile, writeOldLock } from '../helpers/crafted.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

/** Collects what is published on a channel from now until the test is over. */
function listen<Name extends keyof LockEvents>(name: Name): LockEvents[Name][] {
  const heard: LockEvents[Name][] = [];
  const hear = (payload: unknown) => void heard.push(payload as LockEvents[Name]);
  subscribe(name, hear);
  onTestFinished(() => void unsubscribe(name, hear));
  return heard;
}

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describe('events', () => {
  test('have these names, which subscribers rely on', () => {
    expect(Object.values(CHANNELS).sort()).toEqual([
      'kernel-identity:acquire',
      'kernel-identity:lost',
      'kernel-identity:moved',
      'kernel-identity:reclaim',
      'kernel-identity:release',
      'kernel-identity:slow-owner',
      'kernel-identity:wait',
    ]);
  });

  test('report a lock acquired and released, by whom, and for how long', () => {
    const path = newPath();
    const acquired = listen(CHANNELS.acquire);
    const released = listen(CHANNELS.release);
    const lock = acquireLockSync(path, { label: 'work' });
    expect(acquired).toEqual([{ path, owner: lock.owner, waited: expect.any(Number), reclaimed: null }]);
    expect(acquired[0]?.owner).toMatchObject({ pid: process.pid, label: 'work' });
    expect(released).toEqual([]);
    lock.releaseSync();
    lock.releaseSync();
    expect(released).toEqual([{ path, owner: lock.owner, ownerAge: expect.any(Number) }]);
    expect(acquired).toHaveLength(1);
  });

  test('report how long an acquisition waited', async () => {
    const path = newPath();
    const holder = acquireLockSync(path);
    const acquired = listen(CHANNELS.acquire);
    const waiter = acquireLock(path);
    setTimeout(() => holder.releaseSync(), 200);
    (await waiter).releaseSync();
    expect(acquired).toHaveLength(1);
    expect(acquired[0]?.waited).toBeGreaterThanOrEqual(190);
  });

  test('report a dead owner whose lock was reclaimed, and why, before its successor has it', () => {
    const path = newPath();
    const order: string[] = [];
    const reclaimed = listen(CHANNELS.reclaim);
    for (const name of [CHANNELS.reclaim, CHANNELS.acquire] as const) {
      const note = () => void order.push(name);
      subscribe(name, note);
      onTestFinished(() => void unsubscribe(name, note));
    }
    writeOldLock(path, DEAD_OWNER, DEAD_OWNER.createdAtMs);
    acquireLockSync(path).releaseSync();
    expect(order).toEqual(['kernel-identity:reclaim', 'kernel-identity:acquire']);
    expect(reclaimed).toEqual([
      {
        path,
        owner: expect.objectContaining({ pid: DEAD_OWNER.pid }),
        ownerAge: expect.any(Number),
        verdict: expect.objectContaining({ state: 'dead', reason: 'legacy-no-such-process' }),
        description: 'owner dead: legacy-no-such-process',
      },
    ]);
  });

  test('report a lock that reclaimLock removed, and none that it left alone', () => {
    const path = newPath();
    const reclaimed = listen(CHANNELS.reclaim);
    const lock = acquireLockSync(path);
    expect(reclaimLockSync(path).reclaimed).toBe(false);
    lock.releaseSync();
    expect(reclaimed).toEqual([]);
    writeOldLock(path, DEAD_OWNER, DEAD_OWNER.createdAtMs);
    expect(reclaimLockSync(path).reclaimed).toBe(true);
    expect(reclaimed.map(({ verdict }) => verdict?.reason)).toEqual(['legacy-no-such-process']);
  });

  test('report a directory without an owner that was removed, and not the rest of a release', () => {
    const path = newPath();
    const reclaimed = listen(CHANNELS.reclaim);
    mkdirSync(path);
    writeFileSync(join(path, `retired.${'0'.repeat(32)}`), '');
    expect(reclaimLockSync(path).state).toBe('free');
    expect(reclaimed).toEqual([]);

    mkdirSync(path);
    utimesSync(path, 1_000_000, 1_000_000);
    expect(reclaimLockSync(path).reclaimed).toBe(true);
    expect(reclaimed).toEqual([
      {
        path,
        owner: null,
        ownerAge: null,
        verdict: null,
        description: expect.stringContaining('without owner'),
      },
    ]);
  });

  test('report what a waiter waits for, as onWait does, also where there is no onWait', async () => {
    const path = newPath();
    const holder = acquireLockSync(path);
    const heard = listen(CHANNELS.wait);
    const told: WaitReport[] = [];
    const onWait = (report: WaitReport) => void told.push(report);
    await expect(acquireLock(path, { timeout: 60, onWait })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    expect(told.length).toBeGreaterThan(0);
    expect(heard).toEqual(told);
    heard.length = 0;
    await expect(acquireLock(path, { timeout: 60 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    expect(heard.length).toBeGreaterThan(0);
    expect(heard[0]).toMatchObject({ path, owner: holder.owner, overdue: false });
    holder.releaseSync();
  });

  test('warn once of an owner that is slow, in time, though nothing else happens', async () => {
    const path = newPath();
    const holder = acquireLockSync(path);
    const slow = listen(CHANNELS.slowOwner);
    const waiter = acquireLock(path, { expectedHold: 300, timeout: 20_000 });
    const since = performance.now();
    await until('the warning', () => slow.length > 0);
    expect(performance.now() - since).toBeLessThan(2_000);
    expect(slow[0]).toMatchObject({ path, owner: holder.owner, overdue: true });
    expect(slow[0]?.ownerAge).toBeGreaterThan(300);
    // The same is reported again ten seconds later; a change in the directory makes the waiter look.
    const reports = listen(CHANNELS.wait);
    const now = monotonicMs() - performance.now();
    setMonotonicClock(() => now + performance.now() + 11_000);
    onTestFinished(() => void vi.restoreAllMocks());
    writeFileSync(join(path, 'noise'), '');
    rmSync(join(path, 'noise'));
    await until('the next report', () => reports.length > 0);
    expect(reports[0]).toMatchObject({ owner: holder.owner, overdue: true });
    holder.releaseSync();
    (await waiter).releaseSync();
    expect(slow).toHaveLength(1);
  });

  test('report a lock that was lost, and not that it was released', () => {
    const path = newPath();
    const lost = listen(CHANNELS.lost);
    const released = listen(CHANNELS.release);
    const lock = acquireLockSync(path);
    rmSync(ownerFile(path));
    expect(lock.verify()).toBe(false);
    expect(lost).toEqual([
      { path, owner: lock.owner, ownerAge: expect.any(Number), error: lock.signal.reason },
    ]);
    expect(() => lock.releaseSync()).toThrow(lock.signal.reason);
    expect(lost).toHaveLength(1);
    expect(released).toEqual([]);
  });

  test('are not even built while nothing listens', async () => {
    const publish = vi.spyOn(LockEvent.prototype, 'publish');
    onTestFinished(() => publish.mockRestore());
    const path = newPath();
    writeOldLock(path, DEAD_OWNER, DEAD_OWNER.createdAtMs);
    const lock = acquireLockSync(path, { expectedHold: 0 });
    await expect(acquireLock(path, { timeout: 60, expectedHold: 0 })).rejects.toThrow();
    rmSync(ownerFile(path));
    expect(lock.verify()).toBe(false);
    rmSync(path, { recursive: true });
    acquireLockSync(path).releaseSync();
    expect(publish).not.toHaveBeenCalled();

    listen(CHANNELS.release);
    acquireLockSync(path).releaseSync();
    expect(publish).toHaveBeenCalledTimes(1);
  });
});

const LISTENER_THAT_THROWS = `
  import { subscribe } from 'node:diagnostics_channel';
  import { existsSync } from 'node:fs';
  import { CHANNELS, withLockSync } from 'kernel-identity';
  const errors = [];
  process.on('uncaughtException', ({ message }) => errors.push(message));
  for (const name of Object.values(CHANNELS)) subscribe(name, () => { throw new Error(name); });
  const result = withLockSync(process.env.LOCK, () => 'done');
  setImmediate(() => console.log(JSON.stringify({ result, errors, left: existsSync(process.env.LOCK) })));
`;

testRequiring([isBuilt()], 'a listener that throws does not disturb the lock', () => {
  const path = newPath();
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', LISTENER_THAT_THROWS],
    { encoding: 'utf8', env: { ...process.env, LOCK: path } },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    result: 'done',
    errors: ['kernel-identity:acquire', 'kernel-identity:release'],
    left: false,
  });
});

testRequiring([isBuilt()], 'NODE_DEBUG=kernel-identity writes them to stderr, else nothing is', async () => {
  const path = newPath();
  writeOldLock(path, DEAD_OWNER, DEAD_OWNER.createdAtMs);
  const quiet = await cli(['reclaim', path]);
  expect(quiet).toMatchObject({ code: 0, stderr: '' });

  writeOldLock(path, DEAD_OWNER, DEAD_OWNER.createdAtMs);
  const { code, stdout, stderr } = await cli(['run', path, '--', 'echo', 'hello'], {
    env: { NODE_DEBUG: 'kernel-identity' },
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' });
  const events = [...stderr.matchAll(/^KERNEL-IDENTITY \d+: (\S+) "(.*?)" (.*)$/gm)];
  expect(events.map(([, name]) => name)).toEqual(['reclaim', 'acquire', 'release']);
  expect(events.every(([, , where]) => where === path)).toBe(true);
  expect(events[0]?.[3]).toMatch(/^of pid 4194304, for \S.*: owner dead: legacy-no-such-process$/);
});
