import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import type { WatchOperations } from '../../src/backend/backend.js';
import { currentBackend } from '../../src/backend/select.js';
import { Agent } from '../../src/engine/agent.js';
import { etcdLocks } from '../../src/engine/etcd/locks.js';
import { EngineRestoredError } from '../../src/errors.js';
import { usesBackend } from '../helpers/backends.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';

testRequiring(
  [...HAS_ETCD, usesBackend('native')],
  'the agent leaves alone what it did not see alive',
  async () => {
    const server = await EtcdServer.start();
    const owner = etcdLocks({ endpoints: [server.endpoint] });
    const agents = etcdLocks({ endpoints: [server.endpoint] });
    const end = new AbortController();
    try {
      // A copy of a record with a lifeline that nobody holds is what a dead owner leaves, or one on another machine.
      const lock = await owner.acquire('living');
      const [, offset] = (lock.owner.lifeline as string).split(':');
      const [entry] = (await owner.engine.list('living')).entries;
      const text = (entry?.text ?? '').replaceAll(`${offset}`, `${BigInt(offset as string) ^ 1n}`);
      await server.call('/kv/put', { key: base64('locks/absent/77'), value: base64(text) });
      await server.call('/kv/put', { key: base64('locks/foreign/77'), value: base64('{"pid":4194303}') });
      const removed: string[] = [];
      const failed: unknown[] = [];
      const events = {
        removed: (name: string) => removed.push(name),
        failed: (error: unknown) => failed.push(error),
      };
      const running = new Agent(agents.engine, agents.proof, events, 200).run(end.signal);
      const dying = await owner.acquire('dying');
      // Its lifeline ends while its process lives and its entry stays, which only a look shows.
      // From here on it was seen alive in this process, whichever of the two came first.
      expect((await agents.inspect('dying')).state).toBe('held');
      const held = dying as unknown as { owner: { lifeline: string } };
      currentBackend().lifeline.drop(held.owner.lifeline);
      await until('it was removed', () => removed.includes('dying'));
      end.abort();
      await running;
      expect(removed).toEqual(['dying']);
      expect(failed).toEqual([]);
      expect((await agents.engine.listAll()).entries.map(({ key }) => agents.engine.nameOf(key))).toEqual([
        'living',
        'absent',
        'foreign',
      ]);
    } finally {
      end.abort();
      await agents.close();
      await owner.close().catch(() => {});
      await server.stop();
    }
  },
);

const PARTY = fileURLToPath(new URL('party.mjs', import.meta.url));

testRequiring(
  [...HAS_ETCD, usesBackend('native'), isBuilt()],
  'the agent has one watch for all locks of a process, and one for a lock that outlives its process',
  async () => {
    const server = await EtcdServer.start();
    const agents = etcdLocks({ endpoints: [server.endpoint] });
    const end = new AbortController();
    const { lifeline, watch } = currentBackend();
    const watched = vi.spyOn(watch as WatchOperations, 'onLifelineEnd');
    const exits = vi.spyOn(watch as WatchOperations, 'onLockChange');
    const owner = spawn(process.execPath, [PARTY, server.address], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const names = ['a', 'b', 'c', 'd', 'e'];
      let said = '';
      owner.stdout.on('data', (text) => {
        said += text;
      });
      for (const name of names) owner.stdin.write(`${JSON.stringify({ do: 'acquire', name })}\n`);
      await until('it has all', () => said.match(/"held"/g)?.length === names.length);
      // The process of this one is not seen, as from a container; its lifeline is free, and that of the lock is held.
      const text = (await agents.engine.list('a')).entries[0]?.text ?? '';
      const { lifeline: ofLock, identity, nonce } = JSON.parse(text);
      const ofProcess: string = identity.lifeline;
      const outliving = lifeline.take('123456789') as string;
      const other = text
        .replace(ofLock, outliving)
        .replace(ofProcess, 'time:987654321')
        .replaceAll(`"pid": ${owner.pid}`, '"pid": 4194303')
        .replace(nonce, nonce.split('').reverse().join(''));
      await server.call('/kv/put', { key: base64('locks/outliving/77'), value: base64(other) });
      const removed: string[] = [];
      const events = { removed: (name: string) => removed.push(name), failed: () => {} };
      // No look comes in the time of the test, so that only an event can show a death.
      const running = new Agent(agents.engine, agents.proof, events, 60_000).run(end.signal);
      await until('it watches', () => watched.mock.calls.length === 2);
      expect(watched.mock.calls.map(([one]) => one)).toEqual(['time:987654321', outliving]);
      expect(exits).toHaveBeenCalledTimes(1);
      // Whatever changes in the directory of that watch wakes it too.
      exits.mock.calls[0]?.[2]();
      expect(watched).toHaveBeenCalledTimes(2);
      owner.kill('SIGKILL');
      await until('all were removed', () => removed.length >= names.length);
      expect(removed.sort()).toEqual(names);
      lifeline.drop(outliving);
      await until('the other was removed', () => removed.length > names.length);
      expect(removed.at(-1)).toBe('outliving');
      end.abort();
      await running;
    } finally {
      end.abort();
      lifeline.drop('time:123456789');
      watched.mockRestore();
      exits.mockRestore();
      owner.kill('SIGKILL');
      await agents.close();
      await server.stop();
    }
  },
);

testRequiring(
  [usesBackend('native')],
  'the agent ends when the server is another one, so that it gets another connection',
  async () => {
    const engine = { listAll: () => Promise.reject(new EngineRestoredError('restored')) };
    const events = { removed: () => {}, failed: () => {} };
    const running = new Agent(engine as never, {} as never, events).run(AbortSignal.timeout(2_000));
    await expect(running).rejects.toMatchObject({ code: 'ERR_ENGINE_RESTORED' });
  },
);
