import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { Verdict } from '../../src/judge/verdict.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt, isolationTest, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { SEEN_MS, type Spun, Watcher } from './watcher.js';

describeForEachBackend('a watch', (api, backend) => {
  async function startOwner(): Promise<{ owner: TestProcess; identity: ProcessIdentity }> {
    const owner = await startProcess(['cat']);
    return { owner, identity: api.probeIdentity(owner.pid) as ProcessIdentity };
  }

  test('says whether the kernel reports the death, or every read judges', async () => {
    const { identity } = await startOwner();
    using watch = api.watchOwner(identity);
    expect(watch.event).toBe(backend === 'native');
    expect(watch).toMatchObject({ alive: true, verdict: { state: 'alive', certainty: 'proven' } });
  });

  test('of an owner that died before is dead from the beginning, and stays so', async () => {
    const { owner, identity } = await startOwner();
    await owner.kill();
    using watch = api.watchOwner(identity);
    expect(watch).toMatchObject({ alive: false, event: false, verdict: { state: 'dead' } });
    expect(watch.alive).toBe(false);
  });

  test('of an owner whose number has another process now is dead', async () => {
    const { identity } = await startOwner();
    const other = { ...identity, startTicks: '1', pidfdInode: identity.pidfdInode === null ? null : '1' };
    using watch = api.watchOwner(other);
    expect(watch).toMatchObject({ alive: false, event: false, verdict: { state: 'dead' } });
  });

  test('of an owner that cannot be judged counts as alive, and is judged at every read', () => {
    const elsewhere = {
      ...api.selfIdentity(),
      lifeline: null,
      bootId: '11111111-2222-4333-8444-555555555555',
      bootIdNative: false,
    };
    using watch = api.watchOwner(elsewhere);
    expect(watch).toMatchObject({ alive: true, event: false, verdict: { state: 'unknown' } });
  });

  test('of a record whose process cannot be known counts as alive', () => {
    const path = `${tempDir()}/install.lock`;
    const lock = api.acquireLockSync(path);
    const record = { ...lock.owner, identity: null, version: null, pid: null };
    using watch = api.watchOwner(record);
    expect(watch).toMatchObject({ alive: true, event: false, verdict: { state: 'unknown' } });
    lock.releaseSync();
  });

  test('follows its owner to the end, with a verdict that says why', async () => {
    const { owner, identity } = await startOwner();
    using watch = api.watchOwner(identity);
    const before: Verdict = watch.verdict;
    await owner.kill();
    // Another thread writes the word that `alive` reads.
    await expect.poll(() => watch.alive, { timeout: SEEN_MS }).toBe(false);
    expect(before.state).toBe('alive');
    expect(watch.verdict).toMatchObject({ state: 'dead', certainty: 'proven' });
  });

  test('that was closed, twice even, judges at every read', async () => {
    const { owner, identity } = await startOwner();
    const watch = api.watchOwner(identity);
    watch.close();
    watch.close();
    watch[Symbol.dispose]();
    expect(watch.alive).toBe(true);
    expect(watch.event).toBe(false);
    await owner.kill();
    expect(watch.alive).toBe(false);
    expect(watch.verdict.state).toBe('dead');
  });

  test('does not end when another of the same owner is closed', async () => {
    const { owner, identity } = await startOwner();
    const closed = api.watchOwner(identity);
    using watch = api.watchOwner(identity);
    closed.close();
    expect(watch.alive).toBe(true);
    await owner.kill();
    await expect.poll(() => watch.alive, { timeout: SEEN_MS }).toBe(false);
  });
});

for (const thread of [false, true]) {
  const where = thread ? 'a worker thread' : 'the main thread';

  describeRequiring([isBuilt(), hasBackend('native')], `in ${where}, a watch`, () => {
    for (const backend of ['native', 'procfs'] as const) {
      testRequiring(
        [hasBackend(backend)],
        `turns while the event loop is blocked by reading it (${backend})`,
        async () => {
          const [watcher, owner] = await Promise.all([
            Watcher.start(backend, { thread }),
            startAgent({ backend }),
          ]);
          const event = backend === 'native';
          const identity = await owner.self();
          expect(await watcher.call('watch', { owner: identity })).toEqual({
            alive: true,
            event,
            state: 'alive',
          });
          // The loop does read, and sees a live owner as alive.
          const spun = await watcher.call<Spun>('spin', { ms: 200 });
          expect(spun.alive).toBe(true);
          expect(spun.reads).toBeGreaterThanOrEqual(1000);
          watcher.send('spin', { ms: 10_000 });
          await owner.kill();
          const killed = performance.now();
          expect(await watcher.answer<Spun>()).toMatchObject({ alive: false });
          expect(performance.now() - killed).toBeLessThan(SEEN_MS);
          expect(await watcher.call<Verdict>('verdict')).toMatchObject({
            state: 'dead',
            certainty: 'proven',
          });
        },
      );
    }

    testRequiring([], 'of one owner can be had a thousand times', async () => {
      const [watcher, owner] = await Promise.all([Watcher.start('native', { thread }), startAgent({})]);
      const identity = await owner.self();
      expect(await watcher.call('watch', { owner: identity, count: 1000 })).toMatchObject({ event: true });
      expect(await watcher.call('events')).toBe(1000);
      expect(await watcher.call('alive')).toBe(1000);
      await owner.kill();
      await expect.poll(() => watcher.call('alive'), { timeout: SEEN_MS }).toBe(0);
    });

    testRequiring([], 'costs no descriptor once it is closed', async () => {
      const [watcher, owner] = await Promise.all([Watcher.start('native', { thread }), startAgent({})]);
      const identity = await owner.self();
      const before = await watcher.call<number>('cycle', { owner: identity, count: 2 });
      expect(await watcher.call('cycle', { owner: identity, count: 5000 })).toBe(before);
      await watcher.call('watch', { owner: identity, count: 100 });
      expect(await watcher.call('descriptors')).toBeGreaterThanOrEqual(before + 100);
      await watcher.call('close');
      expect(await watcher.call('descriptors')).toBe(before);
    });

    testRequiring([], 'judges at every read once there are no more descriptors', async () => {
      const few = ['prlimit', '--nofile=64', '--'];
      const [watcher, owner] = await Promise.all([
        Watcher.start('native', { thread, through: few }),
        startAgent({}),
      ]);
      const identity = await owner.self();
      const first = await watcher.call<{ event: boolean }>('watch', { owner: identity });
      expect(first.event).toBe(true);
      // There is room for one pidfd at a time, which is enough to judge, but not to watch.
      await watcher.call('fill', { room: 1 });
      expect(await watcher.call('watch', { owner: identity })).toEqual({
        alive: true,
        event: false,
        state: 'alive',
      });
      await owner.kill();
      expect(await watcher.call<Spun>('spin', { ms: SEEN_MS })).toMatchObject({ alive: false });
      expect(await watcher.call('verdict')).toMatchObject({ state: 'dead' });
      // The other watch had its descriptor. Another thread writes the word that it reads.
      await expect.poll(() => watcher.call('alive'), { timeout: SEEN_MS }).toBe(0);
    });

    isolationTest('of an owner in a PID namespace below turns as well', async () => {
      const box = await openBox();
      const [watcher, owner, scribe] = await Promise.all([
        Watcher.start('native', { thread }),
        startAgent({ box }),
        startAgent({}),
      ]);
      // The identities are the owner as this machine sees it, and as it records itself with a number of its
      // own namespace.
      for (const identity of [await scribe.probe(owner.hostPid), await owner.self()]) {
        const watched = await watcher.call('watch', { owner: identity });
        expect(watched).toEqual({ alive: true, event: true, state: 'alive' });
      }
      watcher.send('empty');
      await owner.kill();
      expect(await watcher.answer<Verdict>()).toMatchObject({ state: 'dead', reason: 'pidfd-exited' });
      await expect.poll(() => watcher.call('alive'), { timeout: SEEN_MS }).toBe(0);
    });

    isolationTest("of a number that is only like the owner's in a PID namespace below is dead", async () => {
      const box = await openBox();
      const [watcher, owner] = await Promise.all([Watcher.start('native', { thread }), startAgent({ box })]);
      const identity = await owner.self();
      const other = { ...identity, pidfdInode: '1', lifeline: null };
      expect(await watcher.call('watch', { owner: other })).toMatchObject({ alive: false, event: false });
    });

    testRequiring([], 'turns in a loop without a body', async () => {
      const [watcher, owner] = await Promise.all([Watcher.start('native', { thread }), startAgent({})]);
      await watcher.call('watch', { owner: await owner.self() });
      watcher.send('empty');
      // The loop runs long enough for the compiler to have optimised it.
      await sleep(500);
      await owner.kill();
      expect(await watcher.answer<Verdict>()).toMatchObject({ state: 'dead' });
    });
  });
}
