import { dirname } from 'node:path';
import { describe, expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { TESTED } from '../helpers/backends.js';
import { type BoxOptions, openBox } from '../helpers/box.js';
import { ownerFile, witnessOn, writeLock, writeLockOf, writeOldLock } from '../helpers/crafted.js';
import { canShiftTime } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import {
  expectNotStolen,
  expectReclaimed,
  expectVerdict,
  inWords,
  lockPath,
  trap,
  verdictOf,
} from './scene.js';

/** The records of older programs, with the time at which they wrote them. */
const OLDER_RECORDS: Record<string, (pid: number, ms: number) => object> = {
  createdAtMs: (pid, ms) => ({ pid, createdAtMs: ms }),
  startedAt: (pid, ms) => ({ pid, startedAt: new Date(ms).toISOString() }),
  'starttime and createdAtMs': (pid, ms) => ({ pid, starttime: 4711, createdAtMs: ms }),
};

describe('the own PID in an old record', () => {
  const boxes: Record<string, BoxOptions> = {
    '': {},
    ', in a shifted time namespace': { bootOffset: { seconds: 9999 } },
  };
  for (const backend of TESTED) {
    for (const [where, options] of Object.entries(boxes)) {
      for (const [fields, recordOf] of Object.entries(OLDER_RECORDS)) {
        trap(
          `the own PID in an old record: reclaimed at once (${fields}, ${backend}${where})`,
          async () => {
            const path = lockPath();
            // A predecessor in a crash loop wrote it two seconds ago.
            const writtenMs = Date.now() - 2000;
            writeOldLock(path, recordOf(7, writtenMs), writtenMs);
            const agent = await startAgent({ box: await openBox(options), backend, pid: 7 });
            expect(await verdictOf(agent, path)).toBe('dead: legacy-own-pid-reused');
            await expectReclaimed(agent, path);
          },
          options.bootOffset === undefined ? [] : [canShiftTime()],
        );
      }
    }

    trap(
      `the own PID in an old record, written after the own birth: not reclaimed (${backend})`,
      async () => {
        const path = lockPath();
        const agent = await startAgent({ box: await openBox(), backend, pid: 7 });
        writeLock(path, { pid: 7, createdAtMs: Date.now() });
        expect(await verdictOf(agent, path)).toBe('alive: legacy-born-before-record');
        await expectNotStolen(agent, path);
      },
    );
  }
});

describe('the own identity in a record that this process does not hold', () => {
  for (const backend of TESTED) {
    trap(`the own identity in a record not held: no witness recorded, alive (${backend})`, async () => {
      const path = lockPath();
      const agent = await startAgent({ box: await openBox(), backend });
      writeLockOf(path, await agent.self());
      expect(await verdictOf(agent, path)).toBe('alive: process-running');
      await expectNotStolen(agent, path);
      // The error is not the deadlock of waiting for oneself.
      await expect(agent.acquireSync(path, { timeout: 20 })).rejects.toMatchObject({
        code: 'ERR_LOCK_TIMEOUT',
        reason: 'process-running',
      });
    });

    trap(`the own identity in a record not held: witness free, dead (${backend})`, async () => {
      const path = lockPath();
      const agent = await startAgent({ box: await openBox(), backend });
      const identity = await agent.self();
      writeLockOf(path, identity);
      writeLockOf(path, identity, { witness: witnessOn(ownerFile(path)) });
      expect(inWords(await agent.judge(identity))).toBe('alive: process-running');
      const cast = { owner: 'native', observer: backend } as const;
      await expectVerdict(cast, agent, path, 'dead: witness-free', 'alive: process-running');
      if (backend === 'native') await expectReclaimed(agent, path);
    });
  }

  trap('the own identity in a record not held: a copy of an own lock is not that lock', async () => {
    const [held, copy] = [lockPath(), lockPath()];
    const agent = await startAgent({ box: await openBox(), backend: 'native' });
    const { value } = await agent.acquire(held);
    writeLockOf(copy, await agent.self(), { witness: value.witness });
    // The recorded witness is that of a file in another directory, so nobody holds this one.
    expect(await verdictOf(agent, copy)).toBe('dead: copied');
    expect(await verdictOf(agent, held)).toBe('alive: held-by-this-process');
    await expect(agent.acquireSync(held)).rejects.toMatchObject({ code: 'EDEADLK' });
    expect(await agent.verify(held)).toBe(true);
  });
});

describe('a pid that is none', () => {
  const bad: Record<string, unknown> = {
    // 0 and -1 name nobody: such a record is as good as none.
    'pid -7': -7,
    'pid 2^31': 2 ** 31,
    'pid 2^32 + 1': 2 ** 32 + 1,
    'pid 1e300': 1e300,
    'pid 1.5, a float': 1.5,
    'pid true': true,
    'pid null': null,
    'pid [7]': [7],
  };
  for (const backend of TESTED) {
    trap(`a group's, above 2^31, a float: unknown, never dead (${backend})`, async () => {
      const agent = await startAgent({ backend });
      const identity = await agent.self();
      for (const [name, pid] of Object.entries(bad)) {
        await expectUnknown(agent, name, { pid, createdAtMs: 1000 });
        await expectUnknown(agent, `${name}, version 1`, {
          pid,
          createdAtMs: 1000,
          version: 1,
          nonce: '0123456789abcdef0123456789abcdef',
          identity: { ...identity, pid },
        });
      }
    });
  }

  async function expectUnknown(agent: Agent, name: string, record: object): Promise<void> {
    const path = lockPath();
    writeLock(path, record);
    const before = snapshot(dirname(path));
    expect(await verdictOf(agent, path), name).toBe('unknown: malformed-record');
    await expectNotStolen(agent, path);
    const options = { timeout: 5, ownerlessGrace: 0 };
    await expect(agent.acquire(path, options), name).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      reason: 'malformed-record',
    });
    expect(snapshot(dirname(path)), name).toEqual(before);
  }
});
