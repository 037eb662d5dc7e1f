import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocks } from '../../src/index.js';
import { type Schema, violations } from '../dump/json-schema.js';
import { usesBackend } from '../helpers/backends.js';
import { BUILT, cli, startCli } from '../helpers/cli.js';
import { describeRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';

const NATIVE = usesBackend('native');
const SCHEMA: Schema = JSON.parse(
  readFileSync(new URL('../../docs/dump.schema.json', import.meta.url), 'utf8'),
);

describeRequiring([...HAS_ETCD, ...BUILT], 'the commands on etcd', () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(() => server.stop());

  /** A command under a lock, which runs until its stdin ends. */
  const underLock = (address: string, env: Record<string, string> = {}, ...options: string[]) =>
    startCli(['run', address, ...options, '--', 'sh', '-c', 'echo started; cat >/dev/null; exit 7'], { env });

  test('run holds the lock for its command, which finds the address and the token', async () => {
    const address = `${server.address}run`;
    const script = 'echo "$KERNEL_IDENTITY_LOCK $KERNEL_IDENTITY_FENCING_TOKEN"; exit 3';
    const first = await cli(['run', address, '--', 'sh', '-c', script]);
    const second = await cli(['run', address, '-c', script]);
    expect([first.code, second.code]).toEqual([3, 3]);
    const [token, next] = [first, second].map(({ stdout }) => /^(\S+) (\d+)\n$/.exec(stdout));
    expect(token?.[1]).toBe(address);
    expect(Number(next?.[2])).toBeGreaterThan(Number(token?.[2]));
  });

  test('inspect, list, wait and reclaim see it', async () => {
    const address = `${server.address}seen`;
    const running = underLock(address, {}, '--label', 'mine');
    await running.said('started');
    const inspected = await cli(['inspect', address]);
    expect(inspected.stdout).toContain(`${address}: held`);
    expect(inspected.stdout).toContain('"mine"');
    const [json] = JSON.parse((await cli(['inspect', '--json', address])).stdout);
    expect(json).toMatchObject({ path: address, state: 'held', format: 'kernel-identity', waiting: 0 });
    expect(json.fencingToken).toMatch(/^\d+$/);
    expect((await cli(['list', server.address])).stdout).toContain('seen');
    expect(JSON.parse((await cli(['list', server.address, '--json'])).stdout)).toHaveLength(1);
    expect((await cli(['inspect', '--exit-code', address])).code).toBe(1);
    const left = await cli(['reclaim', address]);
    expect([left.code, left.stdout]).toEqual([1, expect.stringContaining('left alone')]);
    const late = await cli(['wait', address, '--timeout', '700ms']);
    expect([late.code, late.stderr]).toEqual([75, expect.stringContaining('did not become free')]);
    expect((await cli(['run', '-n', address, '--', 'true'])).code).toBe(75);
    const waiting = startCli(['wait', address]);
    running.endInput();
    expect((await running.closed).code).toBe(7);
    expect((await waiting.closed).code).toBe(0);
    expect((await cli(['inspect', address])).stdout).toContain('free');
  });

  /** Makes an entry of another program in the line of a lock. 0: it has no lease. */
  const enter = async (name: string, lease: string) => {
    const key = base64(`locks/${name}/77`);
    await server.call('/kv/put', { key, value: base64('{}'), lease });
  };
  const grant = async () => (await server.call('/lease/grant', { TTL: '60' })).ID as string;

  test('reclaim waits for the end of a lease, and leaves alone who renews it', async () => {
    const [left, kept] = [await grant(), await grant()];
    await enter('left', left);
    await enter('kept', kept);
    const renewing = setInterval(() => server.call('/lease/keepalive', { ID: kept }).catch(() => {}), 300);
    try {
      const now = await cli(['reclaim', `${server.address}left`, '--timeout', '0']);
      expect([now.code, now.stdout]).toEqual([1, expect.stringMatching(/^left alone: /)]);
      const waiting = startCli(['reclaim', `${server.address}left`]);
      const renewed = await cli(['reclaim', `${server.address}kept`]);
      const words = /^left alone, because its owner has just renewed its lease: /;
      expect([renewed.code, renewed.stdout]).toEqual([1, expect.stringMatching(words)]);
      await until('it waits', () => /waiting for '.*left': .* falls by itself/.test(waiting.stderr));
      await server.call('/lease/revoke', { ID: left });
      const { code, stdout } = await waiting.closed;
      expect([code, stdout]).toEqual([0, `${server.address}left: free, nobody holds it\n`]);
    } finally {
      clearInterval(renewing);
    }
  });

  test('a message advises what helps', async () => {
    await enter("it's", '0');
    await enter('leased', await grant());
    const [bare, leased] = await Promise.all(
      ["it's", 'leased'].map((name) => cli(['wait', server.address + name, '--timeout', '0'])),
    );
    expect(bare?.stderr).toContain(`deletes it: etcdctl del 'locks/it'\\''s/77'; to look at it: `);
    expect(leased?.stderr).toMatch(/falls by itself .*; to look at it: .* inspect etcd:/);
    const { code, stdout } = await cli(['reclaim', `${server.address}it's`]);
    expect([code, stdout]).toEqual([1, expect.stringContaining('etcdctl del')]);
    execFileSync('sh', [
      '-c',
      `ETCDCTL_API=3 etcdctl --endpoints=${server.endpoint} del 'locks/it'\\''s/77'`,
    ]);
    expect((await cli(['inspect', '--exit-code', `${server.address}it's`])).code).toBe(0);
  });

  test('dump reports on addresses among paths, also on a server that cannot be used', async () => {
    const other = createServer((_, answer) => answer.writeHead(404).end('not here'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const address = `${server.address}dumped`;
    const running = underLock(address, {}, '--label', 'mine');
    await running.said('started');
    const locks = [`etcd://localhost:${port}/x`, '/no/such/lock', address];
    const { code, stdout } = await cli(['dump', '--json', ...locks]);
    expect(code).toBe(0);
    const dump = JSON.parse(stdout);
    expect(violations(SCHEMA, dump)).toEqual([]);
    expect(dump.locks.map(({ path }: { path: string }) => path)).toEqual([
      `etcd://localhost:${port}/locks/x`,
      ...locks.slice(1),
    ]);
    expect(dump.locks[0]).toMatchObject({ inspection: null, error: { code: 'ERR_ENGINE_UNAVAILABLE' } });
    const held = { state: 'held', fencingToken: expect.stringMatching(/^\d+$/), waiting: 0 };
    expect(dump.locks[2]).toMatchObject({ inspection: held, oneKernel: false });
    const hidden = await cli(['dump', '--redact', ...locks]);
    expect(hidden.stdout).toMatch(/etcd:\/\/host-\d:\d+\/path-\d\/name-\d: held/);
    expect(hidden.stdout).not.toMatch(/mine|dumped|localhost|127\.0\.0\.1/);
    running.endInput();
    await running.closed;
    other.close();
  });

  test('run ends its command when the lock is lost', async () => {
    const address = `${server.address}lost`;
    const running = underLock(address, { KERNEL_IDENTITY_ETCD_TTL: '60s' });
    await running.said('started');
    const prefix = Buffer.from('locks/lost/').toString('base64');
    await server.call('/kv/deleterange', {
      key: prefix,
      range_end: Buffer.from('locks/lost0').toString('base64'),
    });
    const { code, stderr } = await running.closed;
    expect(code).toBe(125);
    expect(stderr).toContain('The command is ended.');
  });

  test('the time to live is a duration, as the values of options are, or a number of seconds', async () => {
    const address = `${server.address}ttl`;
    const grantedFor = async (ttl: string) => {
      const running = underLock(address, { KERNEL_IDENTITY_ETCD_TTL: ttl });
      await running.said('started');
      const { leases } = await server.call('/lease/leases', {});
      const all = await Promise.all(
        (leases as { ID: string }[]).map(({ ID }) => server.call('/lease/timetolive', { ID, keys: true })),
      );
      running.endInput();
      await running.closed;
      return all.filter(({ keys }) => JSON.stringify(keys)?.includes(base64('locks/ttl/').slice(0, 12)))[0]
        ?.grantedTTL;
    };
    expect([await grantedFor('90'), await grantedFor('1.5m')]).toEqual(['90', '90']);
    for (const wrong of ['1', '100000', '1999ms', '25h', 'soon', '-5']) {
      const { code, stderr } = await cli(['wait', address], { env: { KERNEL_IDENTITY_ETCD_TTL: wrong } });
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(`_ETCD_TTL is 2s to 24h, or 2 to 86400 (seconds), not '${wrong}'`),
      ]);
    }
  });

  test('a usage error names what is wrong, and no command takes a secret from the address', async () => {
    const secret = await cli(['run', 'etcd://me:pw@127.0.0.1/locks/a', '--', 'true']);
    expect([secret.code, secret.stderr]).toEqual([2, expect.stringContaining('no password')]);
    for (const args of [
      ['dump', server.address],
      ['inspect', '--watch', `${server.address}a`],
      ['reclaim', '--force', '--yes', `${server.address}a`],
      ['run', server.address, '--', 'true'],
      ['agent', `${server.address}a`],
      ['agent', '/data'],
      ['agent', server.address, '--trust-boot-id'],
    ]) {
      expect((await cli(args)).code, args.join(' ')).toBe(2);
    }
  });

  describeRequiring([NATIVE], 'with lifelines', () => {
    test('a command gets SIGTERM when run is killed, because nobody renews its lease, and with --on-lost ignore it does not', async () => {
      const program = `
        process.on('SIGTERM', () => process.exit(console.log('told')));
        // Its input ends after run: a signal has come before that.
        process.stdin.on('end', () => setTimeout(() => process.exit(console.log('still here')), 200)).resume();
        console.log('started');
      `;
      const start = (name: string, ...options: string[]) =>
        startCli(['run', server.address + name, ...options, '--', process.execPath, '-e', program]);
      const [ended, left] = [start('bound'), start('unbound', '--on-lost', 'ignore')];
      for (const running of [ended, left]) {
        await running.said('started');
        running.signal('SIGKILL');
        await running.exited;
      }
      await ended.said('told');
      await left.said('still here');
      expect(left.stdout).not.toContain('told');
    });

    test('a command that lives on when run is killed keeps the lock from being taken', async () => {
      const address = `${server.address}heir`;
      const running = startCli(['run', address, '-c', 'trap "" TERM; echo $$; exec sleep 30']);
      await running.said('\n');
      const heir = Number(running.stdout);
      const locks = await openLocks(server.address);
      expect((await locks.inspect('heir')).verdict).toMatchObject({ reason: 'lifeline-held' });
      running.signal('SIGKILL');
      await running.exited;
      expect(await locks.inspect('heir')).toMatchObject({
        state: 'held',
        verdict: { state: 'alive', reason: 'lifeline-held' },
      });
      process.kill(heir, 'SIGKILL');
      const lock = await locks.acquire('heir', { timeout: 10_000 });
      expect(lock.reclaimed?.owner?.handedOver).toBe(true);
      await locks.close();
    });

    test('the agent removes the lock of an owner that it saw alive, and no other', async () => {
      // This owner dies before the agent is there. It may as well have died in a copy of this machine.
      const early = startCli(['run', `${server.address}early`, '-c', 'kill -9 $PPID $$']);
      await early.exited;
      const agent = startCli(['agent', server.address]);
      const living = underLock(`${server.address}agent-b`);
      await living.said('started');
      const locks = await openLocks(server.address);
      // Nothing shows from outside whether the agent has seen an owner before its death, so several die.
      const removed = async () => {
        for (let round = 1; round <= 10; round += 1) {
          const dying = startCli([
            'run',
            `${server.address}agent-${round}`,
            '-c',
            'echo started; read x; kill -9 $PPID',
          ]);
          await dying.said('started');
          await sleep(round * 20);
          dying.endInput();
          await dying.exited;
          await sleep(100);
          if (/removed the lock 'agent-\d+' of pid \d+/.test(agent.stderr)) return true;
        }
        return false;
      };
      expect(await removed()).toBe(true);
      expect((await locks.inspect('agent-b')).state).toBe('held');
      expect(await locks.inspect('early')).toMatchObject({ state: 'held', verdict: { state: 'unknown' } });
      living.endInput();
      await living.closed;
      agent.signal('SIGTERM');
      expect((await agent.exited).code).toBe(0);
      await locks.close();
    });
  });
});
