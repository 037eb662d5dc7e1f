import { afterEach, expect, test } from 'vitest';
import { EtcdEngine } from '../../src/engine/etcd/etcd-engine.js';
import { checkEtcdOptions } from '../../src/engine/etcd/options.js';
import { etcd } from '../../src/etcd.js';
import { usesBackend } from '../helpers/backends.js';
import { BUILT, startCli } from '../helpers/cli.js';
import { testRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { base64 } from './etcd-server.js';
import { endGateways, fakeGateway, madeFirst, operationIn } from './fake-gateway.js';

afterEach(endGateways);

const engineAt = (endpoint: string) =>
  new EtcdEngine(checkEtcdOptions({ endpoints: [endpoint], ttl: 10_000 }));
const header = (cluster: string, revision: string) => ({ cluster_id: cluster, revision });

test('another cluster behind the same address ends everything', async () => {
  let cluster = '1';
  const endpoint = await fakeGateway(() => ({
    body: { header: header(cluster, '7'), responses: [{ response_range: {} }] },
  }));
  const engine = engineAt(endpoint);
  let ended = 0;
  engine.onEnd(() => {
    ended += 1;
  });
  expect((await engine.list('a')).entries).toEqual([]);
  cluster = '2';
  await expect(engine.list('a')).rejects.toMatchObject({ code: 'ERR_ENGINE_RESTORED' });
  cluster = '1';
  await expect(engine.list('a')).rejects.toMatchObject({
    code: 'ERR_ENGINE_RESTORED',
    message: expect.stringContaining('open the locks anew, or restart'),
  });
  expect(ended).toBe(1);
  engine.close();
});

test('nothing that a watch of another cluster reports is believed', async () => {
  const kv = { key: base64('locks/a/77'), create_revision: '9', mod_revision: '9' };
  const endpoint = await fakeGateway((path) =>
    path === '/v3/watch'
      ? { body: { result: { header: header('2', '9'), events: [{ type: 'DELETE', kv }] } } }
      : { body: { header: header('1', '7'), responses: [{ response_range: {} }] } },
  );
  const engine = engineAt(endpoint);
  const how = new Promise<string>((resolve) => engine.onEnd(resolve));
  const { position } = await engine.list('a');
  expect(await new Promise((resolve) => engine.watch('all', position, resolve))).toBeNull();
  expect(await how).toContain('another cluster');
  engine.close();
});

test('a lease that another cluster renews is lost, though that knows it from a backup', async () => {
  const endpoint = await fakeGateway((path) =>
    path === '/v3/lease/grant'
      ? { body: { header: header('1', '7'), ID: '77', TTL: '2' } }
      : { body: { result: { header: header('2', '7'), ID: '77', TTL: '2' } } },
  );
  const engine = engineAt(endpoint);
  const lease = await engine.grant(2_000);
  expect(await new Promise((resolve) => lease.onLost(resolve))).toContain('another cluster');
  expect(lease.left()).toBeLessThanOrEqual(0);
  engine.close();
});

test('a session that only holds its locks sees a cluster that went back, and no server that is behind', async () => {
  let entry = {};
  let looks = 0;
  let isRestored = false;
  const endpoint = await fakeGateway((path, _, body) => {
    if (path === '/v3/lease/grant') return { body: { header: header('1', '90'), ID: '77', TTL: '2' } };
    if (path === '/v3/lease/keepalive') {
      return { body: { result: { header: header('1', '50'), ID: '77', TTL: '2' } } };
    }
    if (path === '/v3/lease/timetolive') {
      // A server answers this by what it knows itself, and that may be old.
      looks += 1;
      return {
        body: {
          header: header('1', '50'),
          ID: '77',
          TTL: '2',
          grantedTTL: '2',
          keys: [base64('locks/a/4d')],
        },
      };
    }
    if (path !== '/v3/kv/txn') return undefined;
    const { request_put: put } = operationIn(body);
    if (put === undefined) {
      const responses = [{ response_range: { kvs: [entry] } }];
      return { body: { header: header('1', isRestored ? '99' : '100'), responses } };
    }
    entry = { ...put, create_revision: '100', mod_revision: '100' };
    return madeFirst(header('1', '100'), entry);
  });
  const locks = etcd({ endpoints: [endpoint], ttl: 2_000 });
  const lock = await locks.acquire('a');
  await until('two looks', () => looks >= 2);
  expect(lock.held).toBe(true);
  isRestored = true;
  await until('lost', () => lock.signal.aborted, 5_000);
  expect(lock.signal.reason.message).toContain('revision went back from 100 to 99');
  await expect(locks.acquire('b')).rejects.toMatchObject({ code: 'ERR_ENGINE_RESTORED' });
  await locks.close().catch(() => {});
});

testRequiring(
  [usesBackend('native'), ...BUILT],
  'the agent opens its session anew when the cluster is another one, and goes on',
  async () => {
    let cluster = '1';
    const listed: string[] = [];
    const endpoint = await fakeGateway((path) => {
      if (path === '/v3/watch' && cluster === '1') {
        cluster = '2';
        return { body: { result: { header: header(cluster, '3') } } };
      }
      if (path !== '/v3/kv/txn') return undefined;
      listed.push(cluster);
      return { body: { header: header(cluster, '7'), responses: [{ response_range: {} }] } };
    });
    const agent = startCli(['agent', `etcd://${endpoint}/locks/`]);
    await until('it looks at the other cluster', () => listed.at(-1) === '2');
    agent.signal('SIGTERM');
    const { code, stderr } = await agent.closed;
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^[^\n]*another cluster [^\n]*, and goes on\n$/),
    ]);
  },
);
