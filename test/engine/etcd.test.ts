import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { etcdLocks } from '../../src/engine/etcd/locks.js';
import { etcd } from '../../src/etcd.js';
import { type Locks, selfIdentity } from '../../src/index.js';
import { usesBackend } from '../helpers/backends.js';
import { NOBODY } from '../helpers/locks.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import {
  describeConcurrent,
  describeRequiring,
  hasProgram,
  isBuilt,
  test,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { base64, EtcdServer, HAS_ETCD } from './etcd-server.js';

const PARTY = fileURLToPath(new URL('party.mjs', import.meta.url));
const run = promisify(execFile);
const NATIVE = [usesBackend('native')];

/** Names of locks that no other test uses. */
let count = 0;
const newName = () => `lock-${++count}`;

describeRequiring([...HAS_ETCD, isBuilt()], 'etcd', () => {
  let server: EtcdServer;
  const opened: Locks[] = [];

  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const locks of opened.splice(0)) await locks.close().catch(() => {});
  });

  function open(options: Partial<Parameters<typeof etcd>[0]> = {}): Locks {
    const locks = etcd({ endpoints: [server.endpoint], ttl: 60_000, ...options });
    opened.push(locks);
    return locks;
  }

  function party(options: object = { ttl: 60_000 }, address = server.address): Promise<TestProcess> {
    return startProcess([process.execPath, PARTY, address, JSON.stringify(options)]);
  }

  async function holder(name: string, options?: object, address?: string): Promise<TestProcess> {
    const process = await party(options, address);
    process.send({ do: 'acquire', name });
    expect(await process.message()).toMatchObject({ held: name });
    return process;
  }

  describeRequiring(NATIVE, 'the death of an owner', () => {
    test('is seen by a waiter that saw it alive, long before the lease ends', async () => {
      const name = newName();
      const owner = await holder(name);
      const waiter = await party();
      waiter.send({ do: 'acquire', name });
      expect(await waiter.message()).toMatchObject({ waiting: name, reason: 'lifeline-held' });
      await owner.kill();
      const killedAt = Date.now();
      const won = await waiter.message<{ held: string; reclaimed: number; at: number }>();
      expect(won).toMatchObject({ held: name, reclaimed: owner.pid });
      expect(won.at - killedAt).toBeLessThan(3_000);
    });

    test('is seen behind a waiter that cannot see it', async () => {
      const name = newName();
      const owner = await holder(name);
      // etcdctl waits too, and knows nothing of lifelines.
      const other = etcdctl(server, name, 'echo', 'got');
      const waiter = await party();
      const looker = open();
      await eventually('it is in line', async () => (await looker.inspect(name)).waiting === 1);
      waiter.send({ do: 'acquire', name });
      expect(await waiter.message()).toMatchObject({ waiting: name });
      await owner.kill();
      expect((await other).stdout).toContain('got');
      await untilSaid(waiter, 'held');
    });

    test('proves nothing to one that did not see the owner alive, unless it trusts the boot id', async () => {
      const name = newName();
      const owner = await holder(name);
      await owner.kill();
      const late = open();
      expect(await late.tryAcquire(name)).toBeNull();
      expect(await late.inspect(name)).toMatchObject({
        state: 'held',
        verdict: { state: 'unknown', reason: 'shared-place' },
        owner: { pid: owner.pid },
      });
      expect(await late.reclaim(name)).toMatchObject({ state: 'held', reclaimed: false });
      const trusting = open({ trustBootId: true });
      expect(await trusting.inspect(name)).toMatchObject({
        state: 'stale',
        verdict: { certainty: 'assumed' },
      });
      expect(await trusting.reclaim(name)).toMatchObject({ state: 'free', reclaimed: true });
    });

    test('is not concluded while the lease is renewed from elsewhere, as by a copy of the machine', async () => {
      const name = newName();
      const owner = await holder(name);
      const [entry] = await entriesOf(server, name);
      const waiter = etcdLocks({ endpoints: [server.endpoint], ttl: 60_000 });
      opened.push(waiter);
      // The first look finds a renewal of 10 s ago, and all later ones another, 5 s after it.
      let leftMs = 50_000;
      waiter.engine.stateOf = async () => ({ leftMs, ttlMs: 60_000 });
      let reason = '';
      const timedOut = waiter.acquire(name, {
        timeout: 1_000,
        onWait: ({ verdict }) => {
          reason = verdict?.reason ?? '';
        },
      });
      const refused = expect(timedOut).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
      await until('it waits', () => reason === 'lifeline-held');
      leftMs = 55_000;
      await owner.kill();
      await refused;
      // The waiter may still be about to leave the line.
      expect((await entriesOf(server, name)).map(({ lease }) => lease)).toContain(entry?.lease);
    });

    test('settle of the waiter or of the owner keeps the lock for a while after it', async () => {
      for (const [ofOwner, ofWaiter] of [
        [0, 300],
        [300, 0],
      ]) {
        const name = newName();
        const owner = await holder(name, { ttl: 60_000, settle: ofOwner });
        const waiter = await party({ ttl: 60_000, settle: ofWaiter });
        waiter.send({ do: 'acquire', name });
        expect(await waiter.message()).toMatchObject({ waiting: name });
        await owner.kill();
        const killedAt = Date.now();
        const { at } = await untilSaid(waiter, 'held');
        expect(at - killedAt).toBeGreaterThanOrEqual(290);
        expect(at - killedAt).toBeLessThan(5_000);
      }
    });

    test('of a thread frees its lock, though the process lives', async () => {
      const name = newName();
      const worker = new Worker(new URL('thread.mjs', import.meta.url), {
        workerData: { address: server.address, name },
      });
      await new Promise((resolve) => worker.once('message', resolve));
      const waiter = await party();
      waiter.send({ do: 'acquire', name });
      expect(await waiter.message()).toMatchObject({ waiting: name });
      await worker.terminate();
      await untilSaid(waiter, 'held');
    });
  });

  test('a program that has closed its locks ends, though it watches one, and is warned of nothing', async () => {
    const program = `
      import { openLocks } from 'kernel-identity';
      const many = await Promise.all(Array.from({ length: 12 }, () => openLocks('${server.address}')));
      await many[0].watch('watched', () => {});
      for (const [index, locks] of many.entries()) await locks.acquire('many-' + index);
      for (const locks of many) await locks.close();
    `;
    const words = ['--input-type=module', '--eval', program];
    const { stderr } = await run(process.execPath, words, { timeout: 30_000 });
    expect(stderr).toBe('');
  });

  test('an exit without a release ends the lock, also for those who did not see the owner', async () => {
    const name = newName();
    const owner = await holder(name);
    owner.endInput();
    await owner.exited;
    expect(await open().tryAcquire(name)).not.toBeNull();
  });

  test('an entry that this package did not write for an engine is never judged', async () => {
    const dead = { pid: NOBODY, createdAtMs: 1 };
    const ofFile = {
      ...dead,
      version: 1,
      nonce: 'a'.repeat(32),
      identity: { ...selfIdentity(), pid: NOBODY, pidfdInode: null, lifeline: null },
      filesystem: 'ext',
      witness: null,
      lease: null,
    };
    for (const value of ['', '7', '{', JSON.stringify(dead), JSON.stringify(ofFile), '\0'.repeat(9)]) {
      const name = newName();
      await server.call('/kv/put', { key: base64(`locks/${name}/77`), value: base64(value) });
      const locks = open({ trustBootId: true });
      expect(await locks.inspect(name), value).toMatchObject({
        state: 'unknown',
        owner: null,
        verdict: null,
        description: expect.stringContaining('stays until somebody deletes it'),
      });
      expect(await locks.reclaim(name), value).toMatchObject({ reclaimed: false });
      expect(await locks.tryAcquire(name), value).toBeNull();
    }
  });

  test('etcdctl and this package wait for each other', async () => {
    const name = newName();
    const locks = open();
    const first = etcdctl(server, name, 'sleep', '0.5');
    await eventually('etcdctl holds it', async () => (await locks.inspect(name)).state === 'held');
    expect(await locks.tryAcquire(name)).toBeNull();
    expect(await locks.inspect(name)).toMatchObject({ state: 'held', owner: null });
    const lock = await locks.acquire(name, { timeout: 10_000 });
    await first;
    const second = etcdctl(server, name, 'echo', 'second');
    let isDone = false;
    void second.then(() => {
      isDone = true;
    });
    await eventually('etcdctl waits', async () => (await locks.inspect(name)).waiting === 1);
    expect(isDone).toBe(false);
    await lock.release();
    expect((await second).stdout).toContain('second');
  });

  describe('a lock that is lost', () => {
    test('its entry was deleted: the signal aborts, verify and release say so', async () => {
      const name = newName();
      const lock = await open().acquire(name);
      const aborted = new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
      await server.call('/kv/deleterange', {
        key: base64(`locks/${name}/`),
        range_end: base64(`locks/${name}0`),
      });
      const deletedAt = performance.now();
      await aborted;
      // The look every third of the lease would show it too, after 20 s.
      expect(performance.now() - deletedAt).toBeLessThan(10_000);
      expect(lock.signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST', path: lock.path });
      expect([lock.held, await lock.verify()]).toEqual([false, false]);
      await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
    });

    test('its lease was revoked: all locks of the session are lost, and the next one has a new session', async () => {
      const name = newName();
      const locks = open({ ttl: 2_000 });
      const lock = await locks.acquire(name);
      const [entry] = await entriesOf(server, name);
      await server.call('/lease/revoke', { ID: entry?.lease });
      await until('lost', () => lock.signal.aborted);
      const again = await locks.acquire(name, { timeout: 5_000 });
      expect(BigInt(again.fencingToken as string)).toBeGreaterThan(BigInt(lock.fencingToken as string));
      await again.release();
    });
  });

  // Each waits for a lease of two seconds, and none for the processor.
  describeConcurrent([], 'for longer than the lease', () => {
    test('a server that does not answer: the owner knows before another can hold it', async () => {
      const own = await EtcdServer.start();
      try {
        const owner = await holder('s', { ttl: 2_000 }, own.address);
        own.signal('SIGSTOP');
        // The event loop stands still, so that nothing can have told the owner. It sees by the clock alone.
        owner.send({ do: 'block', ms: 1_950, name: 's' });
        expect(await owner.message()).toMatchObject({ blocked: 1_950, aborted: false, held: false });
        await untilSaid(owner, 'lost');
        owner.send({ do: 'verify', name: 's' });
        expect(await owner.message()).toMatchObject({ verified: false, held: false });
        owner.send({ do: 'release', name: 's' });
        expect(await owner.message()).toMatchObject({ error: 'ERR_LOCK_LOST' });
        own.signal('SIGCONT');
        owner.send({ do: 'acquire', name: 's' });
        await untilSaid(owner, 'held');
      } finally {
        await own.stop();
      }
    });

    test('a process that was stopped for longer than its lease knows it at once', async () => {
      const name = newName();
      const owner = await holder(name, { ttl: 2_000 });
      owner.signal('SIGSTOP');
      await using others = etcd({ endpoints: [server.endpoint] });
      const next = await others.acquire(name, { timeout: 15_000 });
      owner.signal('SIGCONT');
      owner.send({ do: 'verify', name });
      expect(await untilSaid(owner, 'verified')).toMatchObject({ verified: false, held: false });
      expect(await next.verify()).toBe(true);
    });

    testRequiring(
      [hasProgram('openssl')],
      'TLS: a certificate that nobody trusts, none where one is wanted',
      async () => {
        const { own, ca, cert, key } = await startWithTls();
        try {
          expect(await refusal(own.endpoint)).toMatchObject({ code: 'ERR_ENGINE_DENIED' });
          const locks = etcd({ endpoints: [own.endpoint], tls: { ca, cert, key }, ttl: 2_000 });
          const lock = await locks.acquire('t');
          // The thread renews by connections of its own, with the same certificates.
          await sleep(2_300);
          expect(await lock.verify()).toBe(true);
          await locks.close();
          expect(await refusal(own.endpoint, { tls: { ca } })).toMatchObject({ code: 'ERR_ENGINE_DENIED' });
        } finally {
          await own.stop();
        }
      },
    );

    test('a blocked event loop hides no lease that the server has ended', async () => {
      const name = newName();
      const owner = await holder(name, { ttl: 3_000 });
      const [{ lease = '' } = {}] = await entriesOf(server, name);
      owner.send({ do: 'block', ms: 1_700, name });
      await server.call('/lease/revoke', { ID: lease });
      expect(await owner.message()).toMatchObject({ blocked: 1_700, aborted: false, held: false });
      await untilSaid(owner, 'lost');
    });

    test('a blocked event loop keeps its lock', async () => {
      const name = newName();
      const owner = await holder(name, { ttl: 2_000 });
      owner.send({ do: 'block', ms: 2_800 });
      expect(await owner.message()).toEqual(expect.objectContaining({ blocked: 2_800 }));
      owner.send({ do: 'verify', name });
      expect(await owner.message()).toMatchObject({ verified: true, held: true });
    });
  });

  test('an entry that a late request has left is removed, and never taken for a lock', async () => {
    const name = newName();
    const locks = open({ ttl: 3_000 });
    const first = await locks.acquire(name);
    const [{ lease = '', key = '', value = '' } = {}] = await entriesOf(server, name);
    await first.release();
    const lock = await locks.acquire(`${name}-b`);
    await server.call('/kv/put', { key, value, lease });
    // The next acquisition under that key is another entry.
    await using again = await locks.acquire(name, { timeout: 1_000 });
    expect(await again.verify()).toBe(true);
    expect((await locks.inspect(name)).owner).toEqual(again.owner);
    await again.release();
    await server.call('/kv/put', { key, value, lease });
    const other = await open().acquire(name, { timeout: 8_000 });
    expect(await lock.verify()).toBe(true);
    await other.release();
  });

  test('who gave up leaves the line long before its lease ends', async () => {
    const name = newName();
    await using lock = await open().acquire(name);
    await expect(open().acquire(name, { timeout: 1_000 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    await eventually('it has left', async () => (await entriesOf(server, name)).length === 1);
    expect(lock.held).toBe(true);
  });

  test('a waiter goes on over a compaction, and over a restart of the server', async () => {
    const name = newName();
    const own = await EtcdServer.start();
    try {
      const one = etcd({ endpoints: [own.endpoint], ttl: 20_000 });
      const two = etcd({ endpoints: [own.endpoint], ttl: 20_000 });
      const lock = await one.acquire(name);
      const waiting = two.acquire(name);
      await eventually('it waits', async () => (await one.inspect(name)).waiting === 1);
      const { header } = (await own.call('/kv/put', { key: base64('z'), value: base64('z') })) as {
        header: { revision: string };
      };
      await own.call('/kv/compaction', { revision: header.revision, physical: true });
      await own.kill();
      await own.run();
      expect(await lock.verify()).toBe(true);
      await lock.release();
      const next = await waiting;
      expect(await next.verify()).toBe(true);
      await one.close();
      await two.close();
    } finally {
      await own.stop();
    }
  });

  test('a server that went back in time ends the session for good', async () => {
    const own = await EtcdServer.start();
    try {
      const locks = etcd({ endpoints: [own.endpoint], ttl: 20_000 });
      await (await locks.acquire('r')).release();
      const lock = await locks.acquire('r');
      await own.kill();
      // An empty server in its place stands for one that was restored from a backup.
      await own.run(`${own.directory}/other`);
      await expect(locks.inspect('r')).rejects.toMatchObject({ code: 'ERR_ENGINE_RESTORED' });
      await until('lost', () => lock.signal.aborted);
      await expect(locks.acquire('r')).rejects.toMatchObject({ code: 'ERR_ENGINE_RESTORED' });
      await locks.close().catch(() => {});
    } finally {
      await own.stop();
    }
  });

  describe('what stands in the way is said in words', () => {
    test('a gateway that is off, a server with authentication, a wrong password', async () => {
      const own = await EtcdServer.start(['--enable-grpc-gateway=false']);
      try {
        const off = await refusal(own.endpoint);
        expect(off).toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
        expect(off?.message).toContain('enable-grpc-gateway: true');
      } finally {
        await own.stop();
      }
    });

    test('authentication: without a user, with a wrong password, without a right; a token that the server forgot', async () => {
      const own = await EtcdServer.start();
      try {
        await own.call('/auth/user/add', { name: 'root', password: 'r' });
        await own.call('/auth/user/grant', { user: 'root', role: 'root' });
        await own.call('/auth/user/add', { name: 'app', password: 'secret' });
        await own.call('/auth/user/add', { name: 'poor', password: 'p' });
        await own.call('/auth/role/add', { name: 'locks' });
        const perm = { permType: 'READWRITE', key: base64('locks/'), range_end: base64('locks0') };
        await own.call('/auth/role/grant', { name: 'locks', perm });
        await own.call('/auth/user/grant', { user: 'app', role: 'locks' });
        await own.call('/auth/enable', {});
        const denied = { code: 'ERR_ENGINE_DENIED' };
        expect(await refusal(own.endpoint)).toMatchObject(denied);
        expect(await refusal(own.endpoint, { auth: { username: 'app', password: 'x' } })).toMatchObject(
          denied,
        );
        expect(await refusal(own.endpoint, { auth: { username: 'poor', password: 'p' } })).toMatchObject(
          denied,
        );
        const auth = { username: 'app', password: 'secret' };
        const locks = etcd({ endpoints: [own.endpoint], auth });
        const lock = await locks.acquire('a');
        await own.kill();
        await own.run();
        // Tokens live in the server's memory, so that this one knows none.
        expect(await lock.verify()).toBe(true);
        await locks.close();
      } finally {
        await own.stop();
      }
    });
  });
});

function refusal(endpoint: string, options: object = {}): Promise<NodeJS.ErrnoException | null> {
  return etcd({ endpoints: [endpoint], ...options })
    .acquire('x')
    .then(
      () => null,
      (error: NodeJS.ErrnoException) => error,
    );
}

/** Runs a command while etcd's own program holds the lock. */
function etcdctl(server: EtcdServer, name: string, ...command: string[]) {
  const env = { ...process.env, ETCDCTL_API: '3' };
  return run('etcdctl', ['--endpoints', server.endpoint, 'lock', `locks/${name}`, ...command], { env });
}

interface Said {
  /** Wall clock, ms. */
  readonly at: number;
}

/** Waits for a message of a party that has this field. */
async function untilSaid(party: TestProcess, field: string): Promise<Said> {
  for (;;) {
    const message = await party.message<Said>();
    if (field in message) return message;
  }
}

/** Waits for an answer of a server. */
async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await sleep(10);
  }
}

/** A server that wants certificates which it has signed, for localhost and with an empty CN. */
async function startWithTls() {
  const folder = tempDir();
  const ssl = (...words: string[]) => run('openssl', words, { cwd: folder });
  const subject = ['-subj', '/O=test'];
  await ssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test',
  );
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1');
  await ssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'own.csr',
    ...subject,
  );
  await ssl(
    'x509',
    '-req',
    '-in',
    'own.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'cert.pem',
    '-days',
    '2',
    '-extfile',
    'names',
  );
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const flags = ['--cert-file', cert, '--key-file', key, '--trusted-ca-file', ca, '--client-cert-auth'];
  const own = await EtcdServer.start(flags, 'https');
  return { own, ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}

interface RawEntry {
  readonly lease?: string;
  readonly key?: string;
  readonly value?: string;
}

async function entriesOf(server: EtcdServer, name: string): Promise<RawEntry[]> {
  const range = { key: base64(`locks/${name}/`), range_end: base64(`locks/${name}0`) };
  return ((await server.call('/kv/range', range)) as { kvs?: RawEntry[] }).kvs ?? [];
}
