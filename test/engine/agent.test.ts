import { expect } from 'vitest';
import { Agent } from '../../src/engine/agent.js';
import { etcdLocks } from '../../src/engine/etcd/locks.js';
import { EngineRestoredError } from '../../src/errors.js';
import { hasBackend } from '../helpers/backends.js';
import { testRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';

testRequiring(
  [...HAS_ETCD, hasBackend('native')],
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
      const running = new Agent(agents.engine, agents.proof, events).run(end.signal);
      const dying = await owner.acquire('dying');
      // Its lifeline ends while its entry stays: so it is with an owner that was killed.
      // From here on it was seen alive in this process, whichever of the two came first.
      expect((await agents.inspect('dying')).state).toBe('held');
      const held = dying as unknown as { owner: { lifeline: string } };
      const { currentBackend } = await import('../../src/backend/select.js');
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

testRequiring(
  [hasBackend('native')],
  'the agent ends when the server is another one, so that it is started anew',
  async () => {
    const engine = { listAll: () => Promise.reject(new EngineRestoredError('restored')) };
    const events = { removed: () => {}, failed: () => {} };
    const running = new Agent(engine as never, {} as never, events).run(AbortSignal.timeout(2_000));
    await expect(running).rejects.toMatchObject({ code: 'ERR_ENGINE_RESTORED' });
  },
);
