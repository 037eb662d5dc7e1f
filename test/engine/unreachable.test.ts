import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Agent } from '../../src/engine/agent.js';
import { EtcdEngine } from '../../src/engine/etcd/etcd-engine.js';
import { checkEtcdOptions } from '../../src/engine/etcd/options.js';
import { etcd } from '../../src/etcd.js';
import { usesBackend } from '../helpers/backends.js';
import { BUILT, cli, startCli } from '../helpers/cli.js';
import { testRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { endGateways, fakeGateway, madeFirst, operationIn } from './fake-gateway.js';

afterEach(endGateways);

/** Nobody listens at the port of tcpmux. */
const NOWHERE = '127.0.0.1:1';
const UNAVAILABLE = { code: 'ERR_ENGINE_UNAVAILABLE' };
const header = { cluster_id: '1', revision: '7' };

/** A server that makes every entry and then, once `fall` was called, takes requests and does not answer. */
async function fallingServer() {
  let isMute = false;
  const asked: string[] = [];
  const endpoint = await fakeGateway((path, _, body) => {
    asked.push(path);
    if (isMute) return undefined;
    if (path === '/v3/lease/grant') return { body: { header, ID: '77', TTL: '60' } };
    const { request_put: put } = operationIn(body);
    if (put === undefined) return { body: { header, succeeded: true } };
    return madeFirst(header, { ...put, create_revision: '7', mod_revision: '7' });
  });
  return {
    endpoint,
    asked,
    fall: () => {
      isMute = true;
    },
  };
}

/** How long something takes, in ms. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

describe('a server that cannot be reached', () => {
  test('an acquisition whose time is over says so, with the error of the connection', async () => {
    const locks = etcd({ endpoints: [NOWHERE] });
    const tasks = [1, 2].map(() => locks.acquire('a', { timeout: 300 }).catch((error: unknown) => error));
    for (const error of await Promise.all(tasks)) {
      expect(error).toMatchObject({ ...UNAVAILABLE, cause: { code: 'ECONNREFUSED' } });
      expect((error as Error).message).toContain('ECONNREFUSED');
    }
    const signal = AbortSignal.timeout(100);
    const aborted = await locks.acquire('b', { signal }).catch((error: unknown) => error);
    expect(aborted).toBe(signal.reason);
    expect(await timeOf(() => locks.close())).toBeLessThan(250);
  });

  test('one that takes the request and does not answer has not answered', async () => {
    const locks = etcd({ endpoints: [await fakeGateway(() => undefined)] });
    const acquiring = locks.acquire('a', { timeout: 100 });
    await expect(acquiring).rejects.toMatchObject(UNAVAILABLE);
    await expect(acquiring).rejects.toThrow(/has not answered within \d/);
    const waiting = locks.acquire('b').catch((error: unknown) => error);
    expect(await timeOf(() => locks.close())).toBeLessThan(250);
    expect(await waiting).toMatchObject({ code: 'ERR_INVALID_STATE' });
  });

  testRequiring(
    BUILT,
    'run and wait say so even if they are to be quiet, when their time is over',
    async () => {
      const [quiet, address] = [['-q', '-w', '200ms'], `etcd://${NOWHERE}/locks/a`];
      const time = await timeOf(async () => {
        const run = await cli(['run', ...quiet, address, '--', 'true']);
        expect(run).toMatchObject({ code: 125, stderr: expect.stringContaining('ECONNREFUSED') });
        const wait = await cli(['wait', ...quiet, address]);
        expect(wait).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') });
      });
      expect(time).toBeLessThan(8_000);
    },
  );

  testRequiring([...BUILT, usesBackend('native')], 'run and the agent end at once by a signal', async () => {
    for (const words of [
      ['run', 'ADDRESS', '--', 'true'],
      ['agent', 'ADDRESS/'],
    ]) {
      let hasAsked = false;
      const endpoint = await fakeGateway(() => {
        hasAsked = true;
        return undefined;
      });
      const running = startCli(words.map((word) => word.replace('ADDRESS', `etcd://${endpoint}/locks/a`)));
      await until('it asks', () => hasAsked, 10_000);
      process.kill(running.pid, 'SIGTERM');
      expect(await timeOf(() => running.closed)).toBeLessThan(1_500);
    }
  });

  testRequiring(BUILT, 'run that was told to end tries to release its lock for two seconds', async () => {
    const server = await fallingServer();
    const command = ['sh', '-c', 'echo started; exec sleep 30'];
    const running = startCli(['run', `etcd://${server.endpoint}/locks/a`, '--', ...command]);
    await running.said('started');
    server.fall();
    process.kill(running.pid, 'SIGTERM');
    expect(await timeOf(() => running.closed)).toBeLessThan(5_000);
    const { code, stderr } = await running.closed;
    expect([code, stderr]).toEqual([143, expect.stringMatching(/answer(ed)? within 2/)]);
  });

  test('a task that waited for another one of its process for most of its time found the lock busy', async () => {
    let isMute = false;
    const endpoint = await fakeGateway((path, _, body) => {
      if (path === '/v3/lease/grant') return { body: { header, ID: '77', TTL: '60' } };
      const { request_put: put } = operationIn(body);
      if (put === undefined) return { body: { header, succeeded: true } };
      if (isMute) return undefined;
      isMute = true;
      return madeFirst(header, { ...put, create_revision: '7', mod_revision: '7' });
    });
    const locks = etcd({ endpoints: [endpoint] });
    const lock = await locks.acquire('a');
    const [late, mute] = [600, 2_000].map((timeout) =>
      locks.acquire('a', { timeout }).catch((error: unknown) => error),
    );
    await sleep(400);
    await lock.release();
    expect(await late).toMatchObject({ code: 'ERR_LOCK_TIMEOUT', owner: { nonce: lock.owner.nonce } });
    // No answer of the server came for the rest of its time, which was the longer part.
    expect(await mute).toMatchObject(UNAVAILABLE);
    await locks.close().catch(() => {});
  });

  test('close() tries for two seconds where a lock is held, and not where none is', async () => {
    const [held, idle] = [await fallingServer(), await fallingServer()];
    const [one, two] = [held, idle].map(({ endpoint }) => etcd({ endpoints: [endpoint] }));
    const lock = await one?.acquire('a');
    await (await two?.acquire('a'))?.release();
    held.fall();
    idle.fall();
    expect(await timeOf(async () => two?.close())).toBeLessThan(1_000);
    const time = await timeOf(async () => expect(one?.close()).rejects.toMatchObject(UNAVAILABLE));
    expect(time).toBeGreaterThan(1_900);
    expect(time).toBeLessThan(3_500);
    expect(lock?.held).toBe(false);
  });

  test('a call that close() breaks off goes to no other server', async () => {
    const [one, two] = [await fallingServer(), await fallingServer()];
    for (const server of [one, two]) server.fall();
    const locks = etcd({ endpoints: [one.endpoint, two.endpoint] });
    const waiting = locks.acquire('a').catch((error: unknown) => error);
    await until('it asks', () => one.asked.length === 1);
    // Where the machine is slow, the other server was asked before.
    const asked = two.asked.length;
    await locks.close();
    expect(await waiting).toMatchObject({ code: 'ERR_INVALID_STATE' });
    await sleep(50);
    expect(two.asked).toHaveLength(asked);
  });

  testRequiring([usesBackend('native')], 'the agent ends at once when it is told to', async () => {
    const asked: string[] = [];
    const endpoint = await fakeGateway((path) => {
      asked.push(path);
      return undefined;
    });
    const engine = new EtcdEngine(checkEtcdOptions({ endpoints: [endpoint] }));
    const events = { removed: () => {}, failed: () => {} };
    const ended = new AbortController();
    const running = new Agent(engine, {} as never, events).run(ended.signal);
    await until('it asks', () => asked.length > 0);
    ended.abort();
    expect(await timeOf(() => running)).toBeLessThan(1_000);
    engine.close();
  });
});
