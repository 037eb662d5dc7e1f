import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { etcd } from '../../src/etcd.js';
import type { Locks } from '../../src/index.js';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';
import { endGateways, fakeGateway, operationIn } from './fake-gateway.js';

const run = promisify(execFile);

/** Names of locks that no other test uses. */
let count = 0;
const newName = () => `closing-${++count}`;

// The server is asked through a gateway that can hold back the request which makes an entry, or the answer to it.
describeRequiring([...HAS_ETCD, isBuilt()], 'the end of locks on etcd', () => {
  let server: EtcdServer;
  const opened: Locks[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const locks of opened.splice(0)) await locks.close().catch(() => {});
    endGateways();
  });

  /** Locks through a gateway which waits for these before and after it passes on a request that makes an entry. */
  async function openThrough(before: Promise<unknown>, after: Promise<unknown>): Promise<Locks> {
    const endpoint = await fakeGateway(async (path, _, body) => {
      if (path === '/v3/watch') return undefined;
      asked.push(path);
      if (operationIn(body).request_put === undefined)
        return { body: await server.call(path.slice(3), body as object) };
      await before;
      const answer = await server.call(path.slice(3), body as object);
      await after;
      return { body: answer };
    });
    const locks = etcd({ endpoints: [endpoint], ttl: 60_000 });
    opened.push(locks);
    return locks;
  }

  async function entriesOf(name: string): Promise<unknown[]> {
    const range = { key: base64(`locks/${name}/`), range_end: base64(`locks/${name}0`) };
    return ((await server.call('/kv/range', range)) as { kvs?: unknown[] }).kvs ?? [];
  }

  async function leases(): Promise<number> {
    return ((await server.call('/lease/leases', {})) as { leases?: unknown[] }).leases?.length ?? 0;
  }

  describe('close() during an acquisition', () => {
    test.each([
      ['the server has made the entry, and its answer does not come', false],
      ['the server makes the entry later', true],
    ])('%s: nothing is left', async (_, isLate) => {
      const name = newName();
      let goOn = () => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const now = Promise.resolve();
      const before = await leases();
      asked.length = 0;
      const locks = await openThrough(isLate ? held : now, isLate ? now : held);
      const acquiring = locks.acquire(name).catch((error: unknown) => error);
      if (isLate) await expect.poll(() => asked).toContain('/v3/kv/txn');
      else await expect.poll(() => entriesOf(name)).toHaveLength(1);
      await locks.close();
      expect(await acquiring).toMatchObject({ code: 'ERR_INVALID_STATE' });
      goOn();
      expect([await leases(), await entriesOf(name)]).toEqual([before, []]);
      if (!isLate) return;
      // What the gateway still had goes to the server now.
      await sleep(50);
      expect(await entriesOf(name)).toEqual([]);
    });

    test('what an acquisition has left that was given up goes too', async () => {
      const name = newName();
      const before = await leases();
      const locks = await openThrough(Promise.resolve(), new Promise(() => {}));
      const abort = new AbortController();
      const acquiring = locks.acquire(name, { signal: abort.signal }).catch((error: unknown) => error);
      await expect.poll(() => entriesOf(name)).toHaveLength(1);
      abort.abort('enough');
      expect(await acquiring).toBe('enough');
      await locks.close();
      expect([await leases(), await entriesOf(name)]).toEqual([before, []]);
    });

    test('an entry that another program has written over goes too, though nothing else would remove it', async () => {
      const name = newName();
      const locks = await openThrough(Promise.resolve(), Promise.resolve());
      await locks.acquire(name);
      const [{ key = '' } = {}] = (await entriesOf(name)) as { key?: string }[];
      await server.call('/kv/put', { key, value: base64('by hand') });
      await locks.close();
      expect(await entriesOf(name)).toEqual([]);
    });
  });

  test.each(['held', 'released'])(
    'a program that leaves its locks open ends by itself, with its lock %s',
    async (state) => {
      const name = newName();
      const program = `
        import { openLocks } from 'kernel-identity';
        const locks = await openLocks('${server.address}');
        const lock = await locks.acquire('${name}');
        ${state === 'released' ? 'await lock.release();' : ''}
        // The exit waits a moment for the thread, which takes a while to start on a slow machine.
        await new Promise((resolve) => setTimeout(resolve, 300));
        const readyAt = performance.now();
        process.on('exit', () => console.log(performance.now() - readyAt));
      `;
      const words = ['--input-type=module', '--eval', program];
      const { stdout, stderr } = await run(process.execPath, words, { timeout: 10_000 });
      expect(Number(stdout)).toBeLessThan(1_000);
      expect(stderr).toBe('');
      expect(await entriesOf(name)).toEqual([]);
    },
  );
});
