import { once } from 'node:events';
import { rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect } from 'vitest';
import { acquireLockSync, inspectLockSync, tryAcquireLockSync } from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { editOwner } from '../helpers/crafted.js';
import { FUSE, Image, mountKernel, Overlay, run } from '../helpers/mounts.js';
import { fixture } from '../helpers/processes.js';
import {
  canIsolate,
  hasProgram,
  isBuilt,
  isRoot,
  type Requirement,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const NEEDS = [isBuilt(), hasBackend('native'), isRoot(), canIsolate()];

/** ms. All of these locks were waited for for 30 s, or for ever. */
const AT_ONCE = 1_000;

/** Starts an agent in a container of its own, which sees what is mounted now. */
async function agentInBox() {
  const box = await openBox({ env: { KERNEL_IDENTITY_BACKEND: 'native' } });
  return { box, agent: await startAgent({ box }) };
}

/** The container of an owner of this lock is killed. */
async function leaveDeadOwner(path: string) {
  const { box, agent } = await agentInBox();
  const { value: owner } = await agent.acquire(path);
  await box.kill();
  await agent.process.exited;
  return owner;
}

/**
 * A new container takes the lock of a dead owner at the first look. The kernel may give it the number of the owner's PID
 * namespace, which would prove the death: then another one is made.
 */
async function takesAtOnce(path: string): Promise<void> {
  let { box, agent } = await agentInBox();
  const { owner } = await agent.inspect(path);
  if (box.namespaceInode === owner?.identity?.pidNamespace.inode) ({ box, agent } = await agentInBox());
  await agent.acquire(path, { timeout: AT_ONCE });
}

/** A container leaves the lock of a living owner alone. */
async function leavesAlone(path: string) {
  const { agent } = await agentInBox();
  expect(await agent.tryAcquire(path)).toBeNull();
  return agent.inspect(path);
}

describe('a lock where no witness can be tested', () => {
  const places: readonly [string, Requirement[], () => string][] = [
    ['ramfs', [], () => mountKernel('ramfs')],
    ['bindfs', [hasProgram('bindfs')], () => FUSE.bindfs()],
    ['mergerfs', [hasProgram('mergerfs')], () => FUSE.mergerfs()],
    ['fuse-overlayfs', [hasProgram('fuse-overlayfs')], () => FUSE['fuse-overlayfs']()],
  ];
  for (const [name, more, mount] of places) {
    const needs = [...NEEDS, ...more];
    const type = name === 'ramfs' ? name : `fuse.${name}`;

    testRequiring(
      needs,
      `on ${name} carries a lifeline, and is free at once when its owner is killed`,
      async () => {
        const path = join(mount(), 'x.lock');
        const owner = await leaveDeadOwner(path);
        expect(owner).toMatchObject({ filesystem: type, witness: null });
        expect(owner.lifeline).toMatch(/^time:\d+$/);
        await takesAtOnce(path);
      },
    );

    testRequiring(needs, `on ${name} is left alone while its owner lives`, async () => {
      const path = join(mount(), 'x.lock');
      const { agent } = await agentInBox();
      await agent.acquire(path);
      const { verdict } = await leavesAlone(path);
      expect(verdict).toMatchObject({ state: 'alive', reason: 'lifeline-held' });
      expect(await agent.verify(path)).toBe(true);
      await agent.release(path);
      await takesAtOnce(path);
    });
  }
});

describe('a lock whose volume was attached anew after its owner was killed', () => {
  for (const type of ['xfs', 'ext4', 'btrfs'] as const) {
    testRequiring([...NEEDS, hasProgram(`mkfs.${type}`)], `on ${type} is free at once`, async () => {
      const image = new Image(type);
      const path = join(image.attach(), 'x.lock');
      const { witness } = await leaveDeadOwner(path);
      // Version 0.1 recorded no lifeline and no directory, and its lock must not be waited for either.
      editOwner(path, (owner) => ({
        ...owner,
        identity: { ...owner.identity, lifeline: undefined },
        witness: { ...owner.witness, directory: undefined },
      }));
      image.detach();
      const other = new Image(type);
      other.attach();
      image.attach();
      if (type !== 'btrfs') expect(statSync(path).dev.toString()).not.toBe(witness?.device);
      await takesAtOnce(path);
    });
  }

  testRequiring(NEEDS, 'on an overlay is free at once', async () => {
    const overlay = new Overlay();
    const path = join(overlay.mount(), 'x.lock');
    const { witness } = await leaveDeadOwner(path);
    overlay.unmount();
    mountKernel('tmpfs');
    overlay.mount();
    expect(statSync(path).dev.toString()).not.toBe(witness?.device);
    await takesAtOnce(path);
  });
});

describe('a copy of a lock', () => {
  const places: readonly [string, Requirement[], () => string][] = [
    ['the disk', [], () => tempDir()],
    ['tmpfs', [], () => mountKernel('tmpfs')],
    ['an overlay', [], () => new Overlay().mount()],
    ['xfs', [hasProgram('mkfs.xfs')], () => new Image('xfs').attach()],
  ];
  for (const [name, more, mount] of places) {
    testRequiring([...NEEDS, ...more], `on ${name} is free at once, its owner living or dead`, async () => {
      const at = mount();
      const [path, early, late] = [join(at, 'x.lock'), join(at, 'early.lock'), join(at, 'late.lock')];
      const { box, agent } = await agentInBox();
      await agent.acquire(path);
      run('cp', '-a', path, early);
      // The owner itself does not take the copy for its own lock.
      expect(await agent.inspect(early)).toMatchObject({ state: 'stale', verdict: { reason: 'copied' } });
      await agent.acquireSync(early, { timeout: AT_ONCE });
      await agent.release(early);
      expect(await agent.verify(path)).toBe(true);
      await leavesAlone(path);
      run('cp', '-a', path, early);
      await takesAtOnce(early);
      run('cp', '-a', path, late);
      await box.kill();
      await agent.process.exited;
      await takesAtOnce(late);
    });
  }

  testRequiring(NEEDS, 'on a filesystem of another type lives as long as its owner', async () => {
    const path = join(tempDir(), 'x.lock');
    const { box, agent } = await agentInBox();
    await agent.acquire(path);
    const copy = join(mountKernel('ramfs'), 'x.lock');
    run('cp', '-a', path, copy);
    expect((await leavesAlone(copy)).verdict?.state).toBe('alive');
    await box.kill();
    await agent.process.exited;
    await takesAtOnce(copy);
  });
});

describe('a lock that was given up by a process that lives on', () => {
  const places: readonly [string, Requirement[], () => string][] = [
    ['ramfs', [], () => mountKernel('ramfs')],
    ['bindfs', [hasProgram('bindfs')], () => FUSE.bindfs()],
  ];
  for (const [name, more, mount] of places) {
    testRequiring([...NEEDS, ...more], `with its worker thread, on ${name}, is free at once`, async () => {
      const path = join(mount(), 'x.lock');
      const env = { ...process.env, KERNEL_IDENTITY_BACKEND: 'native' };
      const worker = new Worker(fixture('lock-worker.mjs'), { workerData: { path }, env });
      await once(worker, 'message');
      expect(tryAcquireLockSync(path)).toBeNull();
      await worker.terminate();
      acquireLockSync(path, { timeout: AT_ONCE }).releaseSync();
    });
  }

  testRequiring(
    [...NEEDS, hasProgram('bindfs')],
    'because its FUSE daemon was killed and started anew is taken again by that process',
    async () => {
      const under = tempDir();
      const first = FUSE.bindfs(under);
      const link = join(tempDir(), 'at');
      symlinkSync(first, link);
      const path = join(link, 'x.lock');
      const lock = acquireLockSync(path);
      run('umount', '--lazy', '--force', first);
      rmSync(link);
      symlinkSync(FUSE.bindfs(under), link);
      expect(lock.owner.nonce).toBe(inspectLockSync(path).owner?.nonce);
      expect(() => lock.releaseSync()).toThrow();
      acquireLockSync(path, { timeout: AT_ONCE }).releaseSync();
    },
  );
});
