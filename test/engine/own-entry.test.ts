import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { etcd } from '../../src/etcd.js';
import type { Locks } from '../../src/index.js';
import { describeRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';

/** What another program may do to an entry: a bare `etcdctl put` takes the lease away. */
const WRITES = [
  { what: 'without its lease', how: {} },
  { what: 'under its lease', how: { ignore_lease: true } },
];

let count = 0;
const newName = () => `own-${++count}`;

describeRequiring(HAS_ETCD, 'an own entry that another program writes over', () => {
  let server: EtcdServer;
  const opened: Locks[] = [];
  const open = () => {
    const locks = etcd({ endpoints: [server.endpoint], ttl: 60_000 });
    opened.push(locks);
    return locks;
  };
  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const locks of opened.splice(0)) await locks.close().catch(() => {});
  });

  /** Writes over all entries of a lock but the first `skipped` ones. */
  async function overwrite(name: string, how: object, skipped = 0): Promise<void> {
    const range = { key: base64(`locks/${name}/`), range_end: base64(`locks/${name}0`) };
    const order = { sort_order: 'ASCEND', sort_target: 'CREATE' };
    const { kvs = [] } = (await server.call('/kv/range', { ...range, ...order })) as {
      kvs?: { key: string }[];
    };
    for (const { key } of kvs.slice(skipped))
      await server.call('/kv/put', { key, value: base64('by hand'), ...how });
  }

  test.each(WRITES)(
    '$what: the owner is told, and the entry goes, which nothing else would remove',
    async ({ how }) => {
      const name = newName();
      const lock = await open().acquire(name);
      // The watch begins a moment after the acquisition, and sees what has happened since.
      await overwrite(name, how);
      await until('lost', () => lock.signal.aborted);
      expect(lock.signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect(lock.signal.reason.message).toContain('was overwritten by another program');
      expect([lock.held, await lock.verify()]).toEqual([false, false]);
      await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      await (await open().acquire(name, { timeout: 5_000 })).release();
    },
  );

  test.each(WRITES)('$what: verify and release say the same', async ({ how }) => {
    const [one, two] = [newName(), newName()];
    const locks = open();
    const [verified, released] = [await locks.acquire(one), await locks.acquire(two)];
    for (const name of [one, two]) await overwrite(name, how);
    expect(await verified.verify()).toBe(false);
    await expect(released.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
    // Where the watch was faster than these calls, the entry goes a moment later.
    for (const name of [one, two]) await (await open().acquire(name, { timeout: 5_000 })).release();
  });

  test.each(WRITES)('$what: a waiter stands in line again, or leaves nothing behind', async ({ how }) => {
    const name = newName();
    const owner = await open().acquire(name);
    const waiters = open();
    let reports = 0;
    const onWait = () => {
      reports += 1;
    };
    const late = waiters.acquire(name, { timeout: 400, onWait });
    await until('it waits', () => reports > 0);
    await overwrite(name, how, 1);
    await expect(late).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    await expect.poll(async () => (await waiters.inspect(name)).waiting).toBe(0);
    reports = 0;
    const waiting = waiters.acquire(name, { timeout: 10_000, onWait });
    await until('it waits', () => reports > 0);
    await overwrite(name, how, 1);
    await owner.release();
    const won = await waiting;
    expect(await won.verify()).toBe(true);
    await won.release();
  });
});
