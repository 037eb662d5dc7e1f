import { join } from 'node:path';
import { expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { mountKernel, Overlay } from '../helpers/mounts.js';
import { describeConcurrent, isBuilt, isolationTest, isRoot } from '../helpers/requirements.js';

/** ms; its beats are a sixth of that apart. */
const LEASE = 3_000;

const PLACES = {
  // An overlay is the root of a container. There the lock has a lease, and with the addon a witness as well.
  'an overlay': () => new Overlay().mount(),
  ramfs: () => mountKernel('ramfs'),
};

// Daemons take their lock as root, and then become another user, who may not set the times of a file of root.
describeConcurrent(
  [isBuilt(), hasBackend('native'), isRoot()],
  'an owner that gives up its privileges',
  () => {
    for (const backend of TESTED) {
      for (const [place, mount] of Object.entries(PLACES)) {
        isolationTest(`keeps its lock, and is robbed by nobody: on ${place} (${backend} owner)`, async () => {
          const path = join(mount(), 'x.lock');
          const owner = await startAgent({ box: await openBox(), backend });
          const { value } = await owner.acquire(path, { lease: LEASE });
          expect(value.lease).toEqual({ durationMs: LEASE });
          await owner.becomeUser(65_534);
          const others = await Promise.all(
            TESTED.map(async (each) => startAgent({ box: await openBox(), backend: each })),
          );
          const timeout = 2 * LEASE;
          const tries = others.map((other: Agent) => other.acquire(path, { timeout }));
          for (const result of await Promise.allSettled(tries)) {
            expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_LOCK_TIMEOUT' } });
          }
          expect(await owner.verify(path)).toBe(true);
        });
      }
    }
  },
);
