import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Lease } from '../../src/engine/engine.js';
import { EtcdEngine } from '../../src/engine/etcd/etcd-engine.js';
import { checkEtcdOptions } from '../../src/engine/etcd/options.js';
import { etcd } from '../../src/etcd.js';
import { testRequiring } from '../helpers/requirements.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';
import { endGateways, fakeGateway, madeFirst, operationIn } from './fake-gateway.js';

afterEach(endGateways);

const engineAt = (endpoint: string) =>
  new EtcdEngine(checkEtcdOptions({ endpoints: [endpoint], ttl: 10_000 }));

testRequiring(
  HAS_ETCD,
  'the five verbs may each be made twice, and touch nothing but what is meant',
  async () => {
    const server = await EtcdServer.start();
    const engine = engineAt(server.endpoint);
    try {
      const lease = await engine.grant(10_000);
      const first = await engine.publish('a', lease, 'first');
      expect(await engine.publish('a', lease, 'first')).toEqual(first);
      expect(first?.first.token).toBe(first?.mine.token);
      const mine = first?.mine ?? expect.fail();
      expect(mine).toMatchObject({ key: engine.keyOf('a', lease), text: 'first', lease: lease.id });
      expect(engine.nameOf(mine.key)).toBe('a');
      // Another lock's line is another line, though its name begins alike.
      const other = await engine.publish('ab', lease, 'other');
      expect((await engine.list('a')).entries).toEqual([mine]);
      expect((await engine.listAll()).entries).toEqual([mine, other?.mine]);
      expect(await engine.entriesOf(lease.id)).toEqual([mine, other?.mine]);
      expect(await engine.removeIf(mine)).toBe(true);
      expect(await engine.removeIf(mine)).toBe(false);
      expect(await engine.read(mine.key)).toBeNull();
      // A later entry under the same key is not the one that is meant, nor is what another program wrote over it.
      const later = (await engine.publish('a', lease, 'later'))?.mine ?? expect.fail();
      expect(BigInt(later.token)).toBeGreaterThan(BigInt(mine.token));
      expect(await engine.removeIf(mine)).toBe(false);
      expect(await engine.read(later.key)).toEqual(later);
      const { position } = await engine.list('a');
      await server.call('/kv/put', { key: base64(later.key), value: base64('later'), lease: lease.id });
      expect(await engine.removeIf(later)).toBe(false);
      const overwritten = (await engine.read(later.key)) ?? expect.fail();
      expect(overwritten).toEqual({ ...later, version: expect.not.stringMatching(`^${later.version}$`) });
      const removed = new Promise((resolve) => {
        engine.watch({ key: later.key }, overwritten.version, resolve);
      });
      expect(await engine.removeIf(overwritten)).toBe(true);
      expect(await removed).toEqual([{ removed: later.key }]);
      // What happened before the watch began is reported too.
      const both = new Promise((resolve) => engine.watch('all', position, resolve));
      expect(await both).toContainEqual({ removed: later.key });
      await engine.revoke(lease);
      await engine.revoke(lease);
      expect(await engine.stateOf(lease.id)).toBeNull();
      expect(await engine.entriesOf(lease.id)).toBeNull();
      expect(await engine.publish('a', lease, 'x')).toBeNull();
      expect((await engine.listAll()).entries).toEqual([]);
    } finally {
      engine.close();
      await server.stop();
    }
  },
);

testRequiring(HAS_ETCD, 'all entries are listed, however many, and strange ones too', async () => {
  const server = await EtcdServer.start();
  const engine = engineAt(server.endpoint);
  try {
    const put = (key: Buffer) => ({ request_put: { key: key.toString('base64'), value: 'eA==' } });
    for (let first = 1_000; first < 2_100; first += 100) {
      const keys = Array.from({ length: 100 }, (_, index) => Buffer.from(`locks/${first + index}/7`));
      await server.call('/kv/txn', { success: keys.map(put) });
    }
    // A key that is no text, as the last of the first page.
    const strange = Buffer.from([...Buffer.from('locks/1998/7'), 0xff]);
    await server.call('/kv/txn', { success: [put(strange)] });
    const { entries, position } = await engine.listAll();
    expect(new Set(entries.map(({ key }) => key)).size).toBe(1_101);
    expect(Number(position)).toBe(13);
    const tokens = entries.map(({ token }) => Number(token));
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  } finally {
    engine.close();
    await server.stop();
  }
});

test('a removal whose answer was lost is not called a loss when its repetition finds nothing', async () => {
  let isMute = false;
  let entry = {};
  const header = { cluster_id: '1', revision: '7' };
  const endpoint = await fakeGateway((path, _, body) => {
    if (path === '/v3/lease/grant') return { body: { header, ID: '77', TTL: '10' } };
    if (path !== '/v3/kv/txn') return { body: { header } };
    const { request_put: put } = operationIn(body);
    if (put !== undefined) {
      entry = { ...put, create_revision: '7', mod_revision: '7' };
      return madeFirst(header, entry);
    }
    // The first request is carried out, and its answer is lost.
    const wasMute = isMute;
    isMute = false;
    return wasMute
      ? { status: 503, body: { error: 'request timed out', code: 14 } }
      : { body: { header, responses: [{ response_range: {} }] } };
  });
  const locks = etcd({ endpoints: [endpoint], ttl: 10_000 });
  const doubtful = await locks.acquire('a');
  isMute = true;
  await expect(doubtful.release()).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
  expect(doubtful.signal.aborted).toBe(false);
  const lost = await locks.acquire('a');
  await expect(lost.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
  await locks.close();
});

test('what is no answer is never taken for one', async () => {
  const header = { cluster_id: '1', revision: '7' };
  const lease = { id: '77' } as Lease;
  const entry = { key: 'locks/a/4d', text: '', token: '7', version: '7', lease: '77' };
  let body: object = {};
  const engine = engineAt(await fakeGateway(() => ({ body })));
  const calls = {
    removeIf: () => engine.removeIf(entry),
    read: () => engine.read(entry.key),
    list: () => engine.list('a'),
    listUpTo: () => engine.list('a', '7'),
    listAll: () => engine.listAll(),
    publish: () => engine.publish('a', lease, 'x'),
    entriesOf: () => engine.entriesOf(lease.id),
    stateOf: () => engine.stateOf(lease.id),
    revoke: () => engine.revoke({ ...lease, stop: () => {} }),
    grant: () => engine.grant(2_000),
  };
  const without = { 'without a header': {}, 'with a header that says nothing': { header: { revision: '' } } };
  for (const [what, answer] of Object.entries(without)) {
    for (const [name, call] of Object.entries(calls)) {
      body = { ...answer, succeeded: true, ID: '77', TTL: '9', grantedTTL: '9', responses: [{}, {}] };
      await expect(call(), `${name} ${what}`).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
    }
  }
  // The header is there, and what was asked is not.
  body = { header };
  for (const name of ['read', 'list', 'listUpTo', 'listAll', 'publish', 'entriesOf', 'stateOf'] as const) {
    await expect(calls[name](), name).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
  }
  engine.close();
});

test('a release whose answer is none is in doubt, and no loss', async () => {
  let isNonsense = false;
  let entry = {};
  const header = { cluster_id: '1', revision: '7' };
  const endpoint = await fakeGateway((path, _, body) => {
    if (path === '/v3/lease/grant') return { body: { header, ID: '77', TTL: '10' } };
    const { request_put: put } = operationIn(body);
    if (put === undefined) {
      const found = { header, responses: [{ response_range: { kvs: [entry] } }] };
      const isFirst = isNonsense;
      isNonsense = false;
      return { body: isFirst ? {} : found };
    }
    entry = { ...put, create_revision: '7', mod_revision: '7' };
    return madeFirst(header, entry);
  });
  const locks = etcd({ endpoints: [endpoint], ttl: 10_000 });
  const lock = await locks.acquire('a');
  isNonsense = true;
  await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
  expect(lock.signal.aborted).toBe(false);
  await locks.close();
});

test('a removal that a slow server has done is no loss when another server, asked meanwhile, finds nothing', async () => {
  const header = { cluster_id: '1', revision: '7' };
  const entry = {
    key: Buffer.from('locks/a/4d').toString('base64'),
    create_revision: '7',
    mod_revision: '7',
  };
  let asked = 0;
  const answers = (removed: boolean, delay: number) => async (path: string, _: unknown, body: unknown) => {
    if (path === '/v3/lease/grant') return { body: { header, ID: '77', TTL: '10' } };
    const { request_put: put, request_delete_range: removal } = operationIn(body);
    if (put !== undefined) return madeFirst(header, { ...put, ...entry });
    if (removal === undefined) return { body: { header } };
    asked += 1;
    await sleep(delay);
    return { body: { header, succeeded: removed } };
  };
  const endpoints = [await fakeGateway(answers(true, 400)), await fakeGateway(answers(false, 0))];
  const locks = etcd({ endpoints, ttl: 10_000 });
  const lock = await locks.acquire('a');
  await lock.release();
  expect(asked).toBe(2);
  await locks.close();
});
