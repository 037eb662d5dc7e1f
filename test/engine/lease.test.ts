import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { EtcdEngine } from '../../src/engine/etcd/etcd-engine.js';
import { EtcdLease } from '../../src/engine/etcd/lease.js';
import { etcd } from '../../src/engine/etcd/locks.js';
import { checkEtcdOptions } from '../../src/engine/etcd/options.js';
import { until } from '../helpers/until.js';
import { endGateways, fakeGateway, madeFirst, operationIn } from './fake-gateway.js';

afterEach(() => {
  vi.restoreAllMocks();
  endGateways();
});

const HEADER = { header: { cluster_id: '1', revision: '5' } };
const GRANT = { body: { ...HEADER, ID: '77', TTL: '2' } };
const RENEWED = { body: { result: { ...HEADER, ID: '77', TTL: '2' } } };

function engineOf(endpoints: string[], auth?: { username: string; password: string }): EtcdEngine {
  return new EtcdEngine(checkEtcdOptions({ endpoints, ttl: 2_000, auth }));
}

test('renewals go to another server when one does not answer', async () => {
  let renewals = 0;
  const mute = await fakeGateway((path) => (path === '/v3/lease/grant' ? GRANT : undefined));
  const other = await fakeGateway((path) => {
    if (path === '/v3/lease/keepalive') renewals += 1;
    return RENEWED;
  });
  const engine = engineOf([mute, other]);
  const lease = await engine.grant(2_000);
  await until('two renewals', () => renewals >= 2);
  expect(lease.left()).toBeGreaterThan(500);
  engine.close();
});

test('a token that the server has forgotten is replaced, also for the renewals', async () => {
  let given = 0;
  let renewals = 0;
  const server = await fakeGateway((path, token) => {
    if (path === '/v3/auth/authenticate') {
      given += 1;
      return { body: { ...HEADER, token: `token-${given}` } };
    }
    if (path === '/v3/lease/grant') return GRANT;
    if (token !== 'token-2') return { status: 401, body: { error: 'invalid auth token', code: 16 } };
    if (path === '/v3/lease/keepalive') renewals += 1;
    return RENEWED;
  });
  const engine = engineOf([server], { username: 'app', password: 'secret' });
  await engine.grant(2_000);
  await until('a renewal with the new token', () => renewals >= 1);
  expect(given).toBe(2);
  engine.close();
});

test('a lease that the server has ended is lost at once; one that is not renewed, before its time', async () => {
  for (const [answer, words] of [
    [{ body: { result: { ...HEADER, ID: '77' } } }, 'ended its lease'],
    [undefined, 'could not be renewed in time'],
  ] as const) {
    const server = await fakeGateway((path) => (path === '/v3/lease/grant' ? GRANT : answer));
    const engine = engineOf([server]);
    const startedAt = performance.now();
    const lease = await engine.grant(2_000);
    const how = await new Promise<string>((resolve) => lease.onLost(resolve));
    expect(how).toContain(words);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(lease.left()).toBeLessThanOrEqual(0);
    engine.close();
  }
});

test('a renewal counts from the moment when it was sent', async () => {
  let renewals = 0;
  const server = await fakeGateway(async (path) => {
    if (path === '/v3/lease/grant') return GRANT;
    renewals += 1;
    // The thread waits a third of a second for an answer at most.
    await sleep(250);
    return RENEWED;
  });
  const engine = engineOf([server]);
  const lease = await engine.grant(2_000);
  let most = 0;
  await until('three renewals', () => {
    // Two thirds of the time are left when a renewal is sent, and then it takes a quarter of a second.
    if (renewals >= 2) most = Math.max(most, lease.left());
    return renewals >= 4;
  });
  expect(most).toBeGreaterThan(1_000);
  expect(most).toBeLessThan(2_000 - 120 - 200);
  engine.close();
});

test('what the server granted counts, and not what was asked for', async () => {
  const server = await fakeGateway((path) =>
    path === '/v3/lease/grant' ? { body: { ...HEADER, ID: '77', TTL: '60' } } : RENEWED,
  );
  const engine = engineOf([server]);
  const lease = await engine.grant(2_000);
  expect(lease.ttlMs).toBe(60_000);
  expect(lease.left()).toBeGreaterThan(50_000);
  engine.close();
});

test("answers that are no etcd's are refused, and crash nothing", async () => {
  for (const body of [
    {},
    { ID: 7, TTL: 'x' },
    { ID: '1', TTL: '-5' },
    { ID: '1', TTL: '1e308' },
    { ID: '99999999999999999999999', TTL: '9' },
    { __proto__: 1, header: 'x' },
  ]) {
    const engine = engineOf([await fakeGateway(() => ({ body }))]);
    await expect(engine.grant(2_000)).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
    engine.close();
  }
  for (const kvs of [7, [null], [{ create_revision: 5 }], [{ key: 1, create_revision: '-1' }]]) {
    const body = { ...HEADER, succeeded: true, responses: [{ response_range: { kvs } }] };
    const engine = engineOf([await fakeGateway(() => ({ body }))]);
    const list = engine.list('a');
    if (kvs === 7) expect((await list).entries).toEqual([]);
    else await expect(list).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
    engine.close();
  }
});

test('what is no answer to a renewal neither renews a lease nor ends it', async () => {
  let renewals = 0;
  const nonsense = [
    {},
    { result: {} },
    { result: { ID: '77', TTL: '2' } },
    { result: { header: {}, TTL: '2' } },
  ];
  const server = await fakeGateway((path) => {
    if (path === '/v3/lease/grant') return GRANT;
    renewals += 1;
    return { body: nonsense[renewals % nonsense.length] as object };
  });
  const engine = engineOf([server]);
  const lease = await engine.grant(2_000);
  const how = await new Promise<string>((resolve) => lease.onLost(resolve));
  expect(renewals).toBeGreaterThan(nonsense.length);
  expect(how).toContain('could not be renewed in time');
  engine.close();
});

test('a thread that cannot be started, as where no descriptor is free, says why', async () => {
  const server = await fakeGateway(() => GRANT);
  const engine = engineOf([server]);
  const threads: EventEmitter[] = [];
  class Worker extends EventEmitter {
    constructor() {
      super();
      threads.push(this);
    }
    unref() {}
    terminate() {}
  }
  vi.spyOn(process, 'getBuiltinModule').mockReturnValueOnce({ Worker } as never);
  const lease = await engine.grant(2_000);
  const lost = new Promise<string>((resolve) => lease.onLost(resolve));
  threads[0]?.emit('error', new Error('Worker initialization failure: EMFILE'));
  threads[0]?.emit('exit', 1);
  expect(await lost).toMatch(/the thread that renews its lease has ended.*EMFILE/);
  engine.close();
});

/** A server that makes every entry and removes it, and whose leases are numbered. */
async function willingServer(): Promise<{ endpoint: string; granted: () => number; forget: () => void }> {
  let granted = 0;
  let hasEntry = true;
  const header = { cluster_id: '1', revision: '7' };
  const endpoint = await fakeGateway((path, _, body) => {
    if (path === '/v3/lease/grant') {
      granted += 1;
      return { body: { header, ID: `${granted}`, TTL: '10' } };
    }
    const { request_put: put, request_delete_range: removal } = operationIn(body);
    if (put !== undefined) return madeFirst(header, { ...put, create_revision: '7', mod_revision: '7' });
    const responses = [{ response_range: {} }];
    return { body: { header, succeeded: removal !== undefined && hasEntry, responses } };
  });
  return { endpoint, granted: () => granted, forget: () => (hasEntry = false) };
}

test('a lease that was over by the clock when the entry was made wins no lock, and a new one does', async () => {
  const { endpoint, granted } = await willingServer();
  const locks = etcd({ endpoints: [endpoint], ttl: 10_000 });
  vi.spyOn(EtcdLease.prototype, 'left').mockReturnValueOnce(0);
  const lock = await locks.acquire('a');
  expect(lock.held).toBe(true);
  expect(granted()).toBe(2);
  await lock.release();
  await locks.close();
});

test('what the server still had at the release was held to its end, whatever the clock says', async () => {
  const { endpoint, forget } = await willingServer();
  const locks = etcd({ endpoints: [endpoint], ttl: 10_000 });
  const [held, lost] = [await locks.acquire('a'), await locks.acquire('b')];
  vi.spyOn(EtcdLease.prototype, 'left').mockReturnValue(0);
  expect(held.held).toBe(false);
  await held.release();
  expect(held.signal.aborted).toBe(false);
  forget();
  await expect(lost.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
  expect(lost.signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST' });
  await locks.close();
});
