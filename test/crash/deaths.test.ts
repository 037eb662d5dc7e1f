import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { PROGRAM } from '../helpers/cli.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { atEveryCall, dieBefore, leavePrivateDirectories, type Work } from './deaths.js';

// A process that is killed at any moment must leave nothing that keeps others out, and others must clear away
// what it left.

/** ms that a directory without an owner is left alone. */
const GRACE = 50;
/** ms for which a claim is left to whoever made it. */
const CLAIM_TIME = 1000;
const CLAIMED = `claimed.${'0'.repeat(32)}`;
/** ms in which a contender gets a lock that is free. */
const SOON = 1000;
/** Scenes that are played at a time, because each waits most of the time. */
const STAGES = 4;

/** The next contender, and another one that comes later and has not swept the directory yet. */
interface Stage {
  readonly next: Agent;
  readonly later: Agent;
}

for (const backend of TESTED) {
  describeRequiring([isBuilt(), hasBackend(backend)], `a death at every step (${backend})`, () => {
    const stages: Stage[] = [];
    beforeAll(async () => {
      const start = () => startAgent({ backend });
      const two = async () => stages.push({ next: await start(), later: await start() });
      await Promise.all(Array.from({ length: STAGES }, two));
    });

    /** Expects that the next contender gets the lock, and that the one after it leaves nothing. */
    async function expectRecovery(path: string, { next, later }: Stage): Promise<void> {
      await next.acquire(path, { ownerlessGrace: GRACE, timeout: SOON });
      await next.release(path);
      await sleep(GRACE + 10);
      const left = () => readdirSync(join(path, '..'));
      const deadline = performance.now() + 10_000;
      do {
        await later.acquire(path, { ownerlessGrace: GRACE, timeout: SOON });
        await later.release(path);
        // What one acquisition sweeps is limited by time, and after that the sweep rests, so on a busy machine it takes
        // several acquisitions.
        if (left().length > 0) await sleep(10);
      } while (left().length > 0 && performance.now() < deadline);
      expect(left()).toEqual([]);
    }

    /** Leaves a lock whose owner was killed. */
    async function leaveLock(path: string): Promise<void> {
      const owner = await startAgent({ backend });
      await owner.acquire(path);
      await owner.kill();
    }

    const works: readonly [Work, string, (path: string) => Promise<unknown>, readonly string[]][] = [
      [
        'acquire and release',
        'of an uncontended acquisition and release',
        async () => {},
        ['createDirectoryAt', 'rmdirIfAt'],
      ],
      [
        'acquire',
        "of an acquisition that reclaims a dead owner's lock",
        leaveLock,
        ['unlinkAt', 'createDirectoryAt'],
      ],
      ['reclaim', 'of a reclaim', leaveLock, ['renameAt', 'unlinkAt', 'rmdirIfAt']],
      [
        'acquire',
        'of an acquisition that finishes a reclaim that was cut short',
        async (path) => {
          await leaveLock(path);
          expect(await dieBefore(3, 'reclaim', path, backend)).toMatch(/^close|^unlinkAt/);
        },
        ['rmdirIfAt', 'createDirectoryAt'],
      ],
      [
        'acquire',
        'of an acquisition that finds a record claimed by a dead reclaimer',
        async (path) => {
          await leaveLock(path);
          expect(await dieBefore(2, 'reclaim', path, backend)).toMatch(/^renameAt claimed/);
        },
        ['renameAt claimed', 'unlinkAt', 'rmdirIfAt', 'createDirectoryAt'],
      ],
      [
        'acquire',
        'of an acquisition that sweeps what others left',
        async (path) => {
          await leavePrivateDirectories(path, backend);
          await sleep(GRACE);
        },
        ['unlinkAt .', 'rmdirIfAt .'],
      ],
    ];
    for (const [work, name, prepare, expected] of works) {
      testRequiring(
        [],
        `${name} keeps no process out, and leaves nothing for ever`,
        async () => {
          const dieAtEveryCall = () =>
            atEveryCall(work, backend, stages, async (die, stage) => {
              const path = join(tempDir(), 'x.lock');
              await prepare(path);
              await die(path);
              await expectRecovery(path, stage);
            });
          const lacking = (calls: readonly string[]) =>
            expected.filter((call) => !calls.some((made) => made.startsWith(call.replace(' .', ''))));
          let calls = await dieAtEveryCall();
          // On a busy machine a sweep may have used up its 5 ms before it deletes anything.
          for (let again = 0; again < 3 && lacking(calls).length > 0; again += 1)
            calls = await dieAtEveryCall();
          // The calls that matter were among them.
          expect(lacking(calls)).toEqual([]);
        },
        240_000,
      );
    }

    testRequiring(
      [],
      "of whoever gives a claimed record its name back: a living owner's lock stays held, and is free once it is dead",
      async () => {
        const calls = await atEveryCall('reclaim', backend, stages, async (die, stage) => {
          const path = join(tempDir(), 'x.lock');
          const owner = await startAgent({ backend });
          await owner.acquire(path);
          // Whoever claimed it was killed before it could compare it.
          renameSync(join(path, 'owner.json'), join(path, CLAIMED));
          await sleep(CLAIM_TIME + 100);
          await die(path);
          await expect(stage.next.acquire(path, { timeout: 0 })).rejects.toMatchObject({
            code: 'ERR_LOCK_TIMEOUT',
          });
          await owner.kill();
          await expectRecovery(path, stage);
        });
        const expected =
          backend === 'native'
            ? ['renameNoReplaceAt']
            : ['renameAt claimed', 'linkAt claimed', 'unlinkAt claimed'];
        for (const call of expected) expect(calls.some((made) => made.startsWith(call))).toBe(true);
      },
      240_000,
    );

    for (const work of ['acquire and release', 'reclaim'] as const) {
      testRequiring(
        [],
        `of '${work}' under the name mutex leaves a free lock, or a directory that a person is told to remove`,
        async () => {
          let named = 0;
          const calls = await atEveryCall(work, backend, stages, async (die, { next }) => {
            const path = join(tempDir(), 'mutex');
            if (work === 'reclaim') await leaveLock(path);
            await die(path);
            const error = await next.acquire(path, { timeout: 3000 }).then(
              () => null,
              (reason: Error & { code: string }) => reason,
            );
            if (error !== null) {
              named += 1;
              expect(error).toMatchObject({
                code: 'ERR_NOT_A_LOCK',
                message: expect.stringContaining(`${PROGRAM} reclaim --ownerless 0s ${path}`),
              });
              expect(readdirSync(path)).toEqual([]);
              expect((await next.reclaim(path, { ownerlessGrace: 0 })).reclaimed).toBe(true);
              await next.acquire(path, { timeout: 0 });
            }
            await next.release(path);
          });
          expect(calls.length).toBeGreaterThan(3);
          // Before the rmdir of a release, and on plain Node between the mkdir and the rename of a publication.
          expect(named).toBeGreaterThan(0);
          expect(named).toBeLessThanOrEqual(backend === 'native' ? 1 : 3);
        },
        240_000,
      );
    }
  });
}
