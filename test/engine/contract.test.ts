import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Locks, NamedInspection, NamedLock, WaitReport } from '../../src/index.js';
import { openLocks } from '../../src/index.js';
import { usesBackend } from '../helpers/backends.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { EtcdServer, HAS_ETCD } from './etcd-server.js';

/**
 * What every engine keeps, whatever it is made of.
 * @param seen what a process says of an owner on the same machine that lives.
 */
function contract(open: () => Promise<Locks>, hasTokens: boolean, seen: 'alive' | 'unknown'): void {
  let locks: Locks;
  let other: Locks;

  beforeEach(async () => {
    locks = await open();
    other = await open();
  });
  afterEach(async () => {
    await locks.close();
    await other.close();
  });

  test('one holds the lock, another gets it after the release', async () => {
    const lock = await locks.acquire('a', { label: 'first' });
    expect(lock).toMatchObject({
      name: 'a',
      held: true,
      reclaimed: null,
      owner: { label: 'first', pid: process.pid },
    });
    expect(lock.path).toMatch(/a(\.lock)?$/);
    expect(await lock.verify()).toBe(true);
    expect(await other.tryAcquire('a')).toBeNull();
    await lock.release();
    await lock.release();
    expect(await lock.verify()).toBe(false);
    const next = (await other.tryAcquire('a')) as NamedLock;
    expect(next.held).toBe(true);
    await next.release();
  });

  test('locks of other names are others', async () => {
    await using one = await locks.acquire('a');
    await using two = await locks.acquire('ab');
    expect([one.held, two.held]).toEqual([true, true]);
  });

  test('a waiter is told of the owner, and gets the lock', async () => {
    const lock = await locks.acquire('w');
    const reports: WaitReport[] = [];
    const waiting = other.acquire('w', { onWait: (report) => reports.push(report) });
    await until('a report', () => reports.length > 0);
    expect(reports[0]).toMatchObject({
      path: lock.path,
      verdict: { state: seen },
      owner: { pid: process.pid },
    });
    await lock.release();
    await (await waiting).release();
  });

  test('a task that waits for another one of its process is told so, and of each next one', async () => {
    const lock = await locks.acquire('p');
    const reports: WaitReport[] = [];
    const onWait = (report: WaitReport) => reports.push(report);
    const late = locks.acquire('p', { timeout: 300, expectedHold: 50, onWait });
    await expect(late).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      owner: { nonce: lock.owner.nonce },
      reason: 'held-by-this-process',
    });
    const here = { path: lock.path, verdict: { state: 'alive', reason: 'held-by-this-process' } };
    expect(reports[0]).toMatchObject({ ...here, owner: { nonce: lock.owner.nonce } });
    expect(reports.at(-1)).toMatchObject({ ...here, overdue: true });
    const second = locks.acquire('p');
    const third = locks.acquire('p', { onWait });
    await lock.release();
    await using next = await second;
    await until('a report', () => reports.at(-1)?.owner?.nonce === next.owner.nonce, 5_000);
    await next.release();
    await (await third).release();
  });

  test('a signal that many acquisitions have gets one listener', async () => {
    await using _ = await locks.acquire('l');
    const { signal } = new AbortController();
    const waiting = Array.from({ length: 12 }, (_, index) =>
      (index % 2 ? locks : other).acquire('l', { signal, timeout: 1_000 }).catch(({ code }) => code),
    );
    await sleep(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ERR_LOCK_TIMEOUT']));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('waiting ends with the time, and with the signal', async () => {
    await using _ = await locks.acquire('t');
    await expect(other.acquire('t', { timeout: 1_000 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    const giveUp = new AbortController();
    const waiting = other.acquire('t', { signal: giveUp.signal });
    setTimeout(() => giveUp.abort(new Error('enough')), 30);
    await expect(waiting).rejects.toThrow('enough');
    await expect(other.acquire('t', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });

  test('who gave up is not in the way', async () => {
    const lock = await locks.acquire('g');
    await other.acquire('g', { timeout: 30 }).catch(() => {});
    await lock.release();
    await (await locks.acquire('g', { timeout: 5_000 })).release();
  });

  test('tasks of one process exclude each other, through one object too', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(5);
      inside -= 1;
    };
    await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? locks : other).withLock('x', work)));
    expect(most).toBe(1);
    await using _ = await locks.acquire('x');
    expect(await locks.tryAcquire('x')).toBeNull();
    await expect(locks.acquire('x', { timeout: 20 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
  });

  test('withLock passes the lock and the result on, and releases after an error', async () => {
    expect(await locks.withLock('r', async (lock) => lock.name)).toBe('r');
    await expect(
      locks.withLock('r', { timeout: 1_000 }, () => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    expect((await locks.inspect('r')).state).toBe('free');
  });

  test('fencing tokens rise, or there are none', async () => {
    const tokens: (string | null)[] = [];
    for (let round = 0; round < 3; round += 1) {
      await using lock = await (round % 2 ? locks : other).acquire('f');
      tokens.push(lock.fencingToken);
    }
    if (!hasTokens) expect(tokens).toEqual([null, null, null]);
    else
      expect(
        tokens
          .map((token) => BigInt(token as string))
          .every((t, i, all) => i === 0 || t > (all[i - 1] as bigint)),
      ).toBe(true);
  });

  test('inspect and reclaim leave a living owner alone', async () => {
    expect(await locks.inspect('i')).toMatchObject({ state: 'free', owner: null });
    await using lock = await locks.acquire('i');
    expect(await other.inspect('i')).toMatchObject({
      state: 'held',
      path: lock.path,
      format: 'kernel-identity',
      fencingToken: lock.fencingToken,
      verdict: { state: seen },
    });
    expect(await other.reclaim('i')).toMatchObject({ state: 'held', reclaimed: false });
    expect(await lock.verify()).toBe(true);
  });

  test('watch tells the state, and each change', async () => {
    const states: NamedInspection['state'][] = [];
    const watch = await other.watch('v', ({ state }) => states.push(state));
    const lock = await locks.acquire('v');
    await until('held', () => states.at(-1) === 'held');
    await lock.release();
    await until('free', () => states.length === 3);
    watch.close();
    expect(states).toEqual(['free', 'held', 'free']);
  });

  test('close ends what was held, and everything after it is refused', async () => {
    await locks.acquire('c');
    await locks.close();
    expect((await other.inspect('c')).state).toBe('free');
    await expect(locks.acquire('c')).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    await expect(locks.inspect('c')).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  });

  test('an acquisition that close() finds under way never holds the lock', async () => {
    const lock = await other.acquire('e');
    let isWaiting = false;
    const onWait = () => {
      isWaiting = true;
    };
    const waiting = locks.acquire('e', { onWait }).catch(({ code }) => code);
    await until('it waits', () => isWaiting);
    await locks.close();
    await lock.release();
    expect(await waiting).toBe('ERR_INVALID_STATE');
    expect((await other.inspect('e')).state).toBe('free');
  });

  test.each(['', '.', '..', 'a/b', 'a\\b', 'a\nb', '\ud800', 'n'.repeat(201)])(
    'no lock has the name %j',
    async (name) => {
      await expect(locks.acquire(name)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      await expect(locks.inspect(name)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    },
  );

  test('wrong options are refused', async () => {
    await expect(locks.acquire('o', { timout: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(locks.tryAcquire('o', { timeout: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(locks.acquire('o', { timeout: -1 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(locks.acquire(7 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(locks.withLock('o', 7 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
}

describe('locks in files', () => {
  let folder = '';
  beforeEach(() => {
    folder = tempDir();
  });
  contract(() => openLocks(`file:${folder}`), false, 'alive');
});

describeRequiring(HAS_ETCD, 'locks on etcd', () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(() => server.stop());
  // Only a lifeline shows the owner of an entry, and plain Node has none.
  contract(() => openLocks(server.address), true, usesBackend('native').available ? 'alive' : 'unknown');
});

describe('openLocks', () => {
  test('refuses what is no address of locks, and a secret in one', async () => {
    const type = { code: 'ERR_INVALID_ARG_TYPE' };
    for (const wrong of [
      '',
      '/data',
      'redis://a',
      'etcd:',
      'etcd://',
      'file:',
      7,
      'etcd://user:pw@host/locks/',
      'etcd://host/a//b/',
    ]) {
      await expect(openLocks(wrong as string), String(wrong)).rejects.toMatchObject(type);
    }
    await expect(openLocks('file:/does/not/exist')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('reads paths and hosts as they are meant', async () => {
    const folder = tempDir();
    expect((await openLocks(new URL(`file://${folder}`))).address).toBe(folder);
    expect((await openLocks('etcd://a,b:99,[::1]:1/x/y/')).address).toBe('etcd://a:2379,b:99,[::1]:1/x/y/');
    expect((await openLocks('etcds://a')).address).toBe('etcds://a:2379/locks/');
  });
});
