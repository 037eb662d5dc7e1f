import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EngineLocks } from '../../src/engine/engine-locks.js';
import type { EtcdEngine } from '../../src/engine/etcd/etcd-engine.js';
import { etcdLocks } from '../../src/engine/etcd/locks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { EtcdServer, HAS_ETCD } from './etcd-server.js';

const TTL = 2_000;

// A machine was copied while a process had a session: both copies of the process use one lease from then on, and neither
// can see the other. What the first one acquires after the copy is its own all the same.
describeRequiring(HAS_ETCD, 'two copies of a process with one lease', () => {
  let server: EtcdServer;
  let one: EngineLocks;
  let two: EngineLocks;

  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    const options = { endpoints: [server.endpoint], ttl: TTL };
    one = etcdLocks(options);
    two = etcdLocks(options);
    const [grantOne, grantTwo] = [one, two].map(({ engine }) => engine.grant.bind(engine));
    let shared = '';
    one.engine.grant = async (ttl) => {
      const lease = await (grantOne as EtcdEngine['grant'])(ttl);
      shared = lease.id;
      return lease;
    };
    // Only the first session of the second one is a copy.
    two.engine.grant = async (ttl) => {
      const lease = await (grantTwo as EtcdEngine['grant'])(ttl);
      if (shared !== '') Object.assign(lease, { id: shared });
      shared = '';
      return lease;
    };
    await (await one.acquire('warm')).release();
  });
  afterEach(async () => {
    await one.close().catch(() => {});
    await two.close().catch(() => {});
  });

  test('the second one does not take what the first one has', async () => {
    const lock = await one.acquire('a');
    expect(await two.tryAcquire('a')).toBeNull();
    await expect(two.acquire('a', { timeout: 1_000 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    expect([await lock.verify(), lock.signal.aborted]).toEqual([true, false]);
    const waiting = two.acquire('a');
    await lock.release();
    await (await waiting).release();
  });

  test('one leaves the lease when it sees an entry that it did not make, and the entry stays', async () => {
    const locks = [await one.acquire('a'), await two.acquire('b')];
    // It looks every third of the lease.
    await until('one has left', () => locks.some(({ signal }) => signal.aborted));
    const left = locks.filter(({ signal }) => signal.aborted);
    for (const { signal } of left) expect(signal.reason.message).toContain('copy of this machine');
    // Both may have looked at the same time.
    for (const lock of locks) if (!left.includes(lock)) expect(await lock.verify()).toBe(true);
  });

  test('the second one ends while the answer to its acquisition is on its way, and the first one keeps its lock', async () => {
    const lock = await one.acquire('a');
    await (await two.acquire('warm')).release();
    const publish = two.engine.publish.bind(two.engine);
    two.engine.publish = async (...entry) => {
      await publish(...entry);
      return new Promise(() => {});
    };
    void two.acquire('b');
    await expect.poll(async () => (await one.inspect('b')).state).toBe('held');
    await two.close();
    expect(await lock.verify()).toBe(true);
    expect((await one.inspect('b')).state).toBe('free');
  });

  test('the second one ends, and the first one keeps its lock', async () => {
    await two.acquire('b');
    const lock = await one.acquire('a');
    await two.close();
    expect(await lock.verify()).toBe(true);
    expect((await one.inspect('b')).state).toBe('free');
  });
});
