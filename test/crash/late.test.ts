import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { haltBefore } from './deaths.js';

// Processes that are stopped in the middle of their work, and go on when the world has changed.

/** Makes the directory as a program does that writes owner.json later. @returns whether it made it. */
function olderMkdir(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

for (const backend of TESTED) {
  describeRequiring([isBuilt(), hasBackend(backend)], `a late reclaimer (${backend})`, () => {
    // The addon checks and removes in one call, so only the other backends can be stopped in between.
    const beforeRemoval = backend === 'native' ? ['rmdirIfAt'] : ['rmdirIfAt', 'rmdirAt'];
    for (const moment of ['unlinkAt retired', ...beforeRemoval]) {
      testRequiring(
        [],
        `does not remove what an older program just made: stopped before ${moment}`,
        async () => {
          const path = join(tempDir(), 'x.lock');
          const owner = await haltBefore('unlinkAt retired', 'acquire and release', path, backend);
          // It judges anew what stands there in the end.
          const reclaimer = await haltBefore(moment, 'reclaim with the usual grace', path, backend);
          await owner.finish();
          const made = olderMkdir(path);
          await reclaimer.finish();
          expect(existsSync(path)).toBe(made);
          expect(readdirSync(dirname(path))).toEqual(made ? ['x.lock'] : []);
        },
      );
    }
  });

  describeRequiring(
    [isBuilt(), hasBackend(backend)],
    `an acquisition stopped for longer than the grace (${backend})`,
    () => {
      // Only the addon takes the shared flock(2) that each directory of a lock carries.
      const isSpared = backend === 'native';
      for (const moment of ['createAt owner.json.new', 'write', 'renameAt owner.json.new']) {
        const name = isSpared
          ? 'keeps its private directory, on which it has a lock'
          : 'begins anew when its private directory is swept';
        testRequiring([], `${name}: stopped before ${moment}`, async () => {
          const path = join(tempDir(), 'x.lock');
          const stopped = await haltBefore(moment, 'acquire and release', path, backend);
          const made = readdirSync(dirname(path));
          await sleep(40);
          const sweeper = await startAgent({ backend });
          await sweeper.acquire(path, { ownerlessGrace: 20 });
          expect(readdirSync(dirname(path))).toEqual([...(isSpared ? made : []), 'x.lock']);
          await sweeper.release(path);
          await stopped.finish();
          expect(readdirSync(dirname(path))).toEqual([]);
        });
      }

      // A sweeper never comes so far where the private directory carries a lock.
      if (isSpared) return;
      testRequiring([], 'begins anew when the sweeper is stopped in turn', async () => {
        const path = join(tempDir(), 'x.lock');
        const stopped = await haltBefore('renameAt owner.json.new', 'acquire and release', path, backend);
        await sleep(40);
        const sweeper = await haltBefore('rmdirIfAt .x.lock', 'acquire and release', path, backend);
        await stopped.finish();
        await sweeper.finish();
        expect(readdirSync(dirname(path))).toEqual([]);
      });
    },
  );
}
