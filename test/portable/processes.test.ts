import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { EVERY, hasBackend, TESTED } from '../helpers/backends.js';
import { DEAD_OWNER, ownerFile, writeLock, writeLockOf } from '../helpers/crafted.js';
import { describeConcurrent, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** ms. An owner on a busy machine must come to renew it. */
const LEASE = 2000;
/** ms by which a busy machine may be late. */
const LATE = 4000;

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describeConcurrent([isBuilt(), hasBackend('native')], 'a process on the portable backend', () => {
  testRequiring(
    [],
    'knows of itself its number and its platform, and of others whether they are there',
    async () => {
      const agent = await startAgent({ backend: 'portable' });
      const nothing = {
        startTicks: null,
        bootId: null,
        pidfdInode: null,
        pidNamespace: { inode: null, id: null },
      };
      expect(await agent.self()).toMatchObject({ pid: agent.pid, platform: 'linux', ...nothing });
      expect(await agent.probe(process.pid)).toMatchObject({ pid: process.pid, ...nothing });
      expect(await agent.probe(DEAD_OWNER.pid)).toBeNull();
    },
  );

  testRequiring(
    [],
    'calls no owner with a recorded identity dead, not even one without a process',
    async () => {
      const agent = await startAgent({ backend: 'portable' });
      const doomed = await startAgent({ backend: 'native' });
      const identity = await doomed.self();
      await doomed.kill();
      expect(await (await startAgent({ backend: 'native' })).judge(identity)).toMatchObject({
        state: 'dead',
      });
      expect(await agent.judge(identity)).toMatchObject({ state: 'unknown', reason: 'not-enough-recorded' });
      const path = newPath();
      writeLockOf(path, identity);
      expect(await agent.reclaim(path)).toMatchObject({ state: 'unknown', reclaimed: false });
      expect(existsSync(ownerFile(path))).toBe(true);
    },
  );

  testRequiring([], `reclaims an older program's lock only when told that it is of this host`, async () => {
    const agent = await startAgent({ backend: 'portable' });
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    expect(await agent.inspect(path)).toMatchObject({
      state: 'unknown',
      verdict: { reason: 'legacy-shared-place', liftedBy: 'sameHost' },
    });
    const verdict = { state: 'dead', certainty: 'assumed', reason: 'legacy-no-such-process' };
    expect(await agent.inspect(path, { sameHost: true })).toMatchObject({ state: 'stale', verdict });
    expect((await agent.acquire(path, { timeout: 0, sameHost: true })).value.pid).toBe(agent.pid);
  });

  testRequiring([], `leaves an older program's lock alone whose number a process has`, async () => {
    const agent = await startAgent({ backend: 'portable' });
    const path = newPath();
    writeLock(path, { ...DEAD_OWNER, pid: process.pid });
    expect(await agent.inspect(path)).toMatchObject({ state: 'unknown' });
    expect(await agent.tryAcquire(path)).toBeNull();
  });

  for (const waiter of EVERY) {
    testRequiring(
      [],
      `that is killed leaves its lock to a waiter on ${waiter} when its lease is over`,
      async () => {
        const path = newPath();
        const [owner, other] = await Promise.all([
          startAgent({ backend: 'portable' }),
          startAgent({ backend: waiter }),
        ]);
        await owner.acquire(path, { lease: LEASE });
        const waiting = other.acquire(path, { timeout: 4 * LEASE + LATE });
        // This is longer than the lease, so the owner has shown that it lives.
        await sleep(1.5 * LEASE);
        expect(await owner.verify(path)).toBe(true);
        const killedAt = performance.now();
        await owner.kill();
        expect((await waiting).value.pid).toBe(other.pid);
        const tookMs = performance.now() - killedAt;
        // The last beat came at most a sixth of the lease before the end.
        expect(tookMs).toBeGreaterThan(LEASE * (5 / 6) - 50);
        expect(tookMs).toBeLessThan(LEASE + LATE);
        expect(await other.verify(path)).toBe(true);
      },
    );
  }

  for (const owner of TESTED) {
    testRequiring([], `never takes the lock of a live owner on ${owner}`, async () => {
      const path = newPath();
      const [holder, other] = await Promise.all([
        startAgent({ backend: owner }),
        startAgent({ backend: 'portable' }),
      ]);
      await holder.acquire(path, { lease: LEASE });
      const refused = { code: 'ERR_LOCK_TIMEOUT' };
      await expect(other.acquire(path, { timeout: 2.5 * LEASE })).rejects.toMatchObject(refused);
      expect(await holder.verify(path)).toBe(true);
      const waiting = other.acquire(path, { timeout: 5000 });
      await holder.release(path);
      expect((await waiting).value.pid).toBe(other.pid);
    });
  }

  testRequiring(
    [],
    'leaves the lock of a dead owner without a lease to those that see its witness',
    async () => {
      const path = newPath();
      const [holder, other, seeing] = await Promise.all([
        startAgent({ backend: 'native' }),
        startAgent({ backend: 'portable' }),
        startAgent({ backend: 'native' }),
      ]);
      const { value: record } = await holder.acquire(path);
      expect(record).toMatchObject({ lease: null });
      await holder.kill();
      const refused = { code: 'ERR_LOCK_TIMEOUT' };
      await expect(other.acquire(path, { timeout: 1.5 * LEASE })).rejects.toMatchObject(refused);
      expect(await seeing.reclaim(path)).toMatchObject({ reclaimed: true });
      await other.acquire(path, { timeout: 0 });
    },
  );

  testRequiring([], 'looks again about ten times a second, and not in step with others', async () => {
    const path = newPath();
    const holder = await startAgent({ backend: 'portable' });
    await holder.acquire(path);
    const waiters = await Promise.all([1, 2, 3, 4].map(() => startAgent({ backend: 'portable' })));
    const waits = await Promise.all(
      waiters.map((waiter) => waiter.acquire(path, { timeout: 2000 }).catch((error) => error)),
    );
    for (const error of waits) expect(error).toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    const gone = waiters.map((waiter) => waiter.acquire(path, { timeout: 8000 }));
    await sleep(150);
    await holder.release(path);
    const first = await Promise.race(gone.map(async (waiting, index) => ({ index, ...(await waiting) })));
    expect(first.wallMs).toBeLessThan(LATE);
    // A look takes a millisecond or two.
    expect(first.cpuMs).toBeLessThan(100);
  });
});

const elsewhere = (platform: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'})`,
];

describe.concurrent('a process that is told that it runs', () => {
  for (const platform of ['darwin', 'win32', 'freebsd']) {
    testRequiring(
      [isBuilt()],
      `on ${platform} chooses the portable backend by itself, and locks`,
      async () => {
        const path = newPath();
        const [owner, other] = await Promise.all([
          startAgent({ nodeOptions: elsewhere(platform) }),
          startAgent({ nodeOptions: elsewhere(platform) }),
        ]);
        expect(await owner.self()).toMatchObject({ platform, pid: owner.pid, bootId: null });
        const { value: record } = await owner.acquire(path);
        expect(record).toMatchObject({ witness: null, lease: { durationMs: 30_000 } });
        expect(await other.tryAcquire(path)).toBeNull();
        await expect(owner.acquireSync(path)).rejects.toMatchObject({ code: 'EDEADLK' });
        const waiting = other.acquire(path, { timeout: 5000 });
        expect(await owner.verify(path)).toBe(true);
        await owner.release(path);
        expect((await waiting).value.pid).toBe(other.pid);
        await other.release(path);
        expect(existsSync(path)).toBe(false);
      },
    );
  }

  testRequiring([isBuilt()], 'on another system is unknown here, whatever its number', async () => {
    const path = newPath();
    const owner = await startAgent({ nodeOptions: elsewhere('darwin') });
    const here = await startAgent();
    await owner.acquire(path, { lease: LEASE });
    const verdict = { state: 'unknown', reason: 'other-platform' };
    expect(await here.inspect(path)).toMatchObject({ state: 'unknown', verdict });
    await expect(here.acquire(path, { timeout: 2 * LEASE })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    await owner.kill();
    expect((await here.acquire(path, { timeout: LEASE + LATE })).value.pid).toBe(here.pid);
  });
});
