import { join } from 'node:path';
import { expect } from 'vitest';
import { readLockTable } from '../../src/backend/procfs/locks.js';
import type { Verdict } from '../../src/judge/verdict.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { type Agent, startAgent } from '../helpers/agent.js';
import { TESTED, usesBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { startCli } from '../helpers/cli.js';
import { describeRequiring, isBuilt, isolationTest, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { hasMemoryFilesystem, MEMORY, SEEN_MS, type Spun, type Watched, Watcher } from './watcher.js';

interface Scene {
  readonly path: string;
  readonly owner: Agent;
  readonly record: OwnerRecord;
}

/** Starts an owner that holds a lock; `start` says where it runs. */
async function holding(start: Parameters<typeof startAgent>[0] = {}): Promise<Scene> {
  const path = join(tempDir(MEMORY), 'install.lock');
  const owner = await startAgent({ backend: 'native', ...start });
  await owner.acquireSync(path);
  const record = (await owner.inspect(path)).owner as OwnerRecord;
  return { path, owner, record };
}

const HELD: Watched = { alive: true, event: true, state: 'alive' };

describeRequiring(
  [isBuilt(), usesBackend('native'), hasMemoryFilesystem()],
  'a watch that knows the lock',
  () => {
    for (const backend of TESTED) {
      isolationTest(`follows an owner in a sibling container (${backend})`, async () => {
        const [mine, theirs] = await Promise.all([openBox(), openBox()]);
        const [watcher, { path, owner, record }] = await Promise.all([
          Watcher.start(backend, { box: mine }),
          holding({ box: theirs }),
        ]);
        const watched = await watcher.call('watch', { owner: record, lock: path });
        expect(watched).toEqual({ ...HELD, event: backend === 'native' });
        expect(await watcher.call<Verdict>('verdict')).toMatchObject({ reason: 'witness-held' });
        watcher.send('spin', { ms: 10_000 });
        await owner.kill();
        const spun = await watcher.answer<Spun>();
        // The procfs backend can answer only as long as one read returns the list of all locks.
        if (backend === 'procfs' && !readLockTable().complete) return;
        expect(spun.alive).toBe(false);
        const expected = { state: 'dead', certainty: 'proven', reason: 'witness-free' };
        expect(await watcher.call('verdict')).toMatchObject(expected);
        expect(await watcher.call('judge', { owner: record, lock: path })).toMatchObject(expected);
      });
    }

    isolationTest('is needed for an owner in a sibling container', async () => {
      const [mine, theirs] = await Promise.all([openBox(), openBox()]);
      const [watcher, { owner, record }] = await Promise.all([
        Watcher.start('native', { box: mine }),
        holding({ box: theirs }),
      ]);
      expect(await watcher.call('watch', { owner: record })).toEqual(HELD);
      // Its lifeline shows that it lives, and no death while nobody says where the record stands.
      expect(await watcher.call('verdict')).toMatchObject({ reason: 'lifeline-held' });
      await owner.kill();
      await expect
        .poll(() => watcher.call<Verdict>('verdict'), { timeout: SEEN_MS })
        .toMatchObject({ state: 'unknown', reason: 'place-unknown' });
      expect(await watcher.call('alive')).toBe(1);
    });

    for (const thread of [false, true]) {
      const where = thread ? 'a worker thread' : 'the main thread';

      testRequiring([], `in ${where}, ends with the release, though the owner lives on`, async () => {
        const [watcher, { path, owner, record }] = await Promise.all([
          Watcher.start('native', { thread }),
          holding(),
        ]);
        expect(await watcher.call('watch', { owner: record, lock: path })).toEqual(HELD);
        watcher.send('empty');
        await owner.release(path);
        expect(await watcher.answer<Verdict>()).toMatchObject({ state: 'dead', reason: 'witness-free' });
        expect(await owner.self()).toEqual(record.identity);
      });

      testRequiring([], `in ${where}, can be had a thousand times, and leaves nothing behind`, async () => {
        const [watcher, { path, owner, record }] = await Promise.all([
          Watcher.start('native', { thread }),
          holding(),
        ]);
        await watcher.call('cycle', { owner: record, lock: path, count: 2 });
        const before = await watcher.call<number>('descriptors');
        expect(await watcher.call('watch', { owner: record, lock: path, count: 1000 })).toEqual(HELD);
        expect(await watcher.call('events')).toBe(1000);
        // Each watch has one descriptor, beside those of the thread.
        expect(await watcher.call('descriptors')).toBeLessThanOrEqual(before + 1002);
        expect(await watcher.call('alive')).toBe(1000);
        await owner.kill();
        await expect.poll(() => watcher.call('alive'), { timeout: SEEN_MS }).toBe(0);
        expect(await watcher.call('descriptors')).toBeLessThanOrEqual(before + 2);
      });
    }

    testRequiring([], 'goes on while a command that inherited the lock lives', async () => {
      const path = join(tempDir(MEMORY), 'install.lock');
      const run = startCli(['run', path, '--', 'sh', '-c', 'echo pid $$ ready; exec sleep 600']);
      await run.said('ready');
      const commandPid = Number(/pid (\d+)/.exec(run.stdout)?.[1]);
      onCleanup(() => killIfThere(commandPid));
      const [watcher, scribe] = await Promise.all([Watcher.start('native'), startAgent()]);
      const record = (await scribe.inspect(path)).owner as OwnerRecord;
      expect(await watcher.call('watch', { owner: record, lock: path })).toEqual(HELD);
      run.signal('SIGKILL');
      await run.exited;
      expect(await watcher.call<Spun>('spin', { ms: 300 })).toMatchObject({ alive: true });
      expect(await watcher.call('judge', { owner: record, lock: path })).toMatchObject({ state: 'alive' });
      // The lifeline that the command inherited stands in the record, so it is found without the lock too.
      expect(await watcher.call('watch', { owner: record })).toMatchObject({ alive: true, state: 'alive' });
      expect(await watcher.call('watch', { owner: record, lock: path })).toEqual(HELD);
      killIfThere(commandPid);
      expect(await watcher.call<Spun>('spin', { ms: SEEN_MS })).toMatchObject({ alive: false });
    });

    testRequiring([], 'does not take the next lock at that path for the one recorded', async () => {
      const [watcher, { path, owner, record }] = await Promise.all([Watcher.start('native'), holding()]);
      // The record is of an earlier lock whose file had the inode number that this one has now.
      const earlier = { ...record, nonce: '0'.repeat(32) };
      expect(await watcher.call('watch', { owner: earlier, lock: path })).toEqual(HELD);
      // Only the process is left to judge by.
      expect(await watcher.call('verdict')).toMatchObject({ reason: 'process-running' });
      await owner.release(path);
      expect(await watcher.call<Spun>('spin', { ms: 100 })).toMatchObject({ alive: true });
      await owner.kill();
      expect(await watcher.call<Spun>('spin', { ms: SEEN_MS })).toMatchObject({ alive: false });
      expect(await watcher.call('verdict')).toMatchObject({ state: 'dead', reason: 'pidfd-exited' });
    });

    testRequiring([], 'judges at every read once there are no more descriptors', async () => {
      const [watcher, { path, owner, record }] = await Promise.all([
        Watcher.start('native', { through: ['prlimit', '--nofile=64', '--'] }),
        holding(),
      ]);
      expect(await watcher.call('watch', { owner: record, lock: path })).toEqual(HELD);
      // There is enough room to judge, but not to watch.
      await watcher.call('fill', { room: 2 });
      expect(await watcher.call('watch', { owner: record, lock: path })).toEqual({ ...HELD, event: false });
      await owner.kill();
      expect(await watcher.call<Spun>('spin', { ms: SEEN_MS })).toMatchObject({ alive: false });
      await expect.poll(() => watcher.call('alive'), { timeout: SEEN_MS }).toBe(0);
    });
  },
);

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}
