import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { type Box, openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { FUSE, Overlay, run } from '../helpers/mounts.js';
import { hasProgram, isBuilt, isolationTest, isRoot } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

// One lock is seen through two mounts: its owner in one container took it by one, an observer in another one looks through
// the other. Numbers of files and devices differ, and a file lock may be invisible.

/** ms */
const AT_ONCE = 1_000;

interface View {
  /** Where the owner takes the lock. */
  readonly place: string;
  /** Where the observer finds it, once it is taken. */
  readonly seen: () => string;
  /** An observer with the addon knows at once that the owner is dead; else the lease has to end. */
  readonly showsDeath: boolean;
}

function mountAt(path: string, ...args: string[]): string {
  mkdirSync(path, { recursive: true });
  run(...(args as [string]), path);
  onCleanup(() => void run('umount', '--lazy', path));
  return path;
}

/** Another overlay over the upper layer of one that is mounted. */
function secondOverlay(upper: string): string {
  const top = tempDir();
  for (const name of ['lower', 'work']) mkdirSync(join(top, name));
  const layers = `lowerdir=${top}/lower,upperdir=${upper},workdir=${top}/work`;
  return mountAt(join(top, 'at'), 'mount', '-t', 'overlay', '-o', layers, 'none');
}

const VIEWS: Record<string, () => View> = {
  'mergerfs, seen on the branch below it': () => {
    const top = tempDir();
    const branches = ['a', 'b'].map((name) => join(top, name));
    for (const branch of branches) mkdirSync(branch);
    const place = mountAt(join(top, 'at'), 'mergerfs', branches.join(':'));
    const seen = () => branches.find((branch) => existsSync(join(branch, 'x.lock'))) as string;
    return { place, seen, showsDeath: true };
  },
  'an overlay, seen through a second mount of its upper layer': () => {
    const overlay = new Overlay();
    const place = overlay.mount();
    const second = secondOverlay(overlay.upper);
    return { place, seen: () => second, showsDeath: true };
  },
  'an overlay, seen in its upper layer': () => {
    const overlay = new Overlay();
    return { place: overlay.mount(), seen: () => overlay.upper, showsDeath: false };
  },
  'a disk, seen through bindfs': () => {
    const place = tempDir();
    const at = FUSE.bindfs(place);
    return { place, seen: () => at, showsDeath: true };
  },
};

const NEEDS = [isBuilt(), hasBackend('native'), isRoot(), hasProgram('mergerfs'), hasProgram('bindfs')];

async function inBox(backend: 'native' | 'procfs'): Promise<{ box: Box; agent: Agent }> {
  const box = await openBox();
  return { box, agent: await startAgent({ box, backend }) };
}

describe('a lock on', () => {
  for (const backend of TESTED) {
    for (const [name, make] of Object.entries(VIEWS)) {
      isolationTest(
        `${name}: is left to its living owner (${backend} observer)`,
        async () => {
          const { place, seen, showsDeath } = make();
          const { box, agent: owner } = await inBox('native');
          await owner.acquire(join(place, 'x.lock'));
          const path = join(seen(), 'x.lock');
          const { agent: observer } = await inBox(backend);
          expect((await observer.inspect(path)).state).not.toBe('stale');
          expect(await observer.tryAcquire(path)).toBeNull();
          expect((await observer.reclaim(path)).reclaimed).toBe(false);
          expect(await owner.verify(join(place, 'x.lock'))).toBe(true);
          await box.kill();
          await owner.process.exited;
          // Plain Node sees none of these deaths, and waits for the lease.
          if (backend === 'native' && showsDeath) await observer.acquire(path, { timeout: AT_ONCE });
        },
        NEEDS,
      );
    }

    isolationTest(
      `a disk, seen through a read-only mount: is waited for, and then refused with EROFS (${backend} observer)`,
      async () => {
        const place = tempDir();
        const at = mountAt(join(tempDir(), 'at'), 'mount', '--bind', place);
        run('mount', '-o', 'remount,bind,ro', at);
        const { box, agent: owner } = await inBox('native');
        await owner.acquire(join(place, 'x.lock'));
        const { agent: observer } = await inBox(backend);
        const path = join(at, 'x.lock');
        await expect(observer.acquire(path, { timeout: 200 })).rejects.toMatchObject({
          code: 'ERR_LOCK_TIMEOUT',
        });
        await box.kill();
        await owner.process.exited;
        await expect(observer.acquire(path, { timeout: 9_000 })).rejects.toMatchObject({ code: 'EROFS' });
        expect(existsSync(join(place, 'x.lock', 'owner.json'))).toBe(true);
      },
      NEEDS,
    );

    isolationTest(
      `an overlay, baked into an image while it was held: is free in each container of that image (${backend} observer)`,
      async () => {
        const overlay = new Overlay();
        const place = overlay.mount();
        const { box, agent: owner } = await inBox('native');
        await owner.acquire(join(place, 'x.lock'));
        const top = tempDir();
        for (const name of ['image', 'upper', 'work']) mkdirSync(join(top, name));
        run('cp', '-a', `${overlay.upper}/.`, join(top, 'image'));
        const layers = `lowerdir=${top}/image,upperdir=${top}/upper,workdir=${top}/work`;
        const at = mountAt(join(top, 'at'), 'mount', '-t', 'overlay', '-o', layers, 'none');
        const { agent: observer } = await inBox(backend);
        const path = join(at, 'x.lock');
        expect(await observer.inspect(path)).toMatchObject({ state: 'stale', verdict: { reason: 'copied' } });
        await box.kill();
        await observer.acquire(path, { timeout: AT_ONCE });
        await observer.release(path);
        await observer.acquire(path, { timeout: 0 });
      },
      NEEDS,
    );

    isolationTest(
      `a disk, copied by hard links: is held with the original and free with it (${backend} observer)`,
      async () => {
        const place = tempDir();
        const { box, agent: owner } = await inBox('native');
        await owner.acquire(join(place, 'x.lock'));
        run('cp', '-al', join(place, 'x.lock'), join(place, 'y.lock'));
        const { agent: observer } = await inBox(backend);
        const path = join(place, 'y.lock');
        expect((await observer.inspect(path)).state).not.toBe('stale');
        expect(await observer.tryAcquire(path)).toBeNull();
        await box.kill();
        await owner.process.exited;
        await observer.acquire(path, { timeout: 9_000 });
      },
      NEEDS,
    );
  }
});
