// A lock whose owner dies where a witness alone would not show it, or not everywhere.
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { acquireLock, inspectLockSync } from '../../../dist/index.js';
import { expectValue } from '../locks/situations.mjs';
import { startContainer, Tally } from './tally.mjs';
import { run } from './volumes.mjs';

/** @typedef {import('../locks/agent.mjs').Agent} Agent */
/** @typedef {import('./volumes.mjs').Volume} Volume */

const WORKER = new URL('../../fixtures/lock-worker.mjs', import.meta.url);
/** ms */
const SHORT_LEASE = 1_000;

/**
 * The owner's container is killed; one waits since before, another one comes afterwards and sees the lock for the first
 * time. Both were started while the owner lived, so the number of its PID namespace does not recur.
 * @param {string} path
 * @param {number} cycles
 */
export async function killed(path, cycles) {
  const [waiting, coming] = [new Tally(), new Tally()];
  const guard = await startContainer();
  let owner = await startContainer();
  expectValue(await owner.ask('acquire', { path }));
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const [waiter, newcomer] = [await startContainer(), await startContainer()];
    await waiting.leavesAlone(owner, guard, path);
    await waiting.waitsAndTakes(waiter, path, () => owner.kill());
    await coming.leavesAlone(waiter, guard, path);
    const freeAt = performance.now();
    await waiter.kill();
    await coming.takes(newcomer, path, freeAt);
    owner = newcomer;
  }
  await Promise.all([owner.kill(), guard.kill()]);
  return { waiting, coming };
}

/**
 * The same where several kernels may meet: who has seen the owner's lifeline held knows, a newcomer waits for the lease.
 * @param {string} path
 * @param {number} cycles
 */
export async function killedInSharedPlace(path, cycles) {
  const [waiting, coming] = [new Tally(), new Tally()];
  const guard = await startContainer();
  const options = { lease: SHORT_LEASE };
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const [owner, waiter, second, newcomer] = [
      await startContainer(),
      await startContainer(),
      await startContainer(),
      await startContainer(),
    ];
    // The default lease: only the lifeline frees it in time.
    expectValue(await owner.ask('acquire', { path }));
    await waiting.leavesAlone(owner, guard, path);
    await waiting.waitsAndTakes(waiter, path, () => owner.kill());
    expectValue(await waiter.ask('release', { path }));

    expectValue(await second.ask('acquire', { path, options }));
    await coming.leavesAlone(second, guard, path);
    const freeAt = performance.now();
    await second.kill();
    await coming.takes(newcomer, path, freeAt);
    expectValue(await newcomer.ask('release', { path }));
    await Promise.all([waiter.kill(), newcomer.kill()]);
  }
  await guard.kill();
  return { waiting, coming };
}

/**
 * Two volumes, each with a lock, are detached when both owners were killed, and attached in the other order.
 * @param {readonly [Volume, Volume]} volumes
 * @param {number} cycles
 */
export async function attachedInOtherOrder(volumes, cycles) {
  const tally = new Tally();
  let order = [...volumes];
  for (const volume of order) volume.attach();
  const guard = await startContainer();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const places = await Promise.all(
      order.map(async ({ at }) => ({
        path: join(at, 'x.lock'),
        owner: await startContainer(),
        heir: await startContainer(),
        device: statSync(at).dev,
      })),
    );
    for (const { path, owner } of places) {
      expectValue(await owner.ask('acquire', { path }));
      await tally.leavesAlone(owner, guard, path);
    }
    await Promise.all(places.map(({ owner }) => owner.kill()));
    for (const volume of order) volume.detach();
    order = order.reverse();
    for (const volume of order) volume.attach();
    const freeAt = performance.now();
    await Promise.all(places.map(({ heir, path }) => tally.takes(heir, path, freeAt)));
    for (const { heir, path, device } of places) {
      tally.sawDevice(device, path);
      expectValue(await heir.ask('release', { path }));
      await heir.kill();
    }
  }
  for (const volume of order) volume.detach();
  await guard.kill();
  return tally;
}

/**
 * A volume is mounted a second time while the owner holds the lock through the first mount, which nobody else sees any
 * more.
 * @param {Volume} volume
 * @param {number} cycles
 */
export async function mountedAnew(volume, cycles) {
  const tally = new Tally();
  const path = join(volume.at, 'x.lock');
  volume.attach();
  const guard = await startContainer();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const [owner, heir] = [await startContainer(), await startContainer()];
    const { witness } = expectValue(await owner.ask('acquire', { path }));
    volume.detach();
    volume.attach();
    tally.sawDevice(witness?.device, path);
    await tally.leavesAlone(owner, guard, path);
    await tally.waitsAndTakes(heir, path, () => owner.kill());
    expectValue(await heir.ask('release', { path }));
    await heir.kill();
  }
  volume.detach();
  await guard.kill();
  return tally;
}

/**
 * A copy of a lock whose owner lives, and one of a lock whose owner is dead. Nobody ever held either.
 * @param {string} at
 * @param {number} cycles
 */
export async function copied(at, cycles) {
  const [living, dead] = [new Tally(), new Tally()];
  const path = join(at, 'x.lock');
  const guard = await startContainer();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const [owner, heir] = [await startContainer(), await startContainer()];
    expectValue(await owner.ask('acquire', { path }));
    for (const [name, tally] of /** @type {const} */ ([
      ['early.lock', living],
      ['late.lock', dead],
    ])) {
      if (tally === dead) await owner.kill();
      const copy = join(at, name);
      run('cp', '-a', path, copy);
      await tally.takes(heir, copy, performance.now());
      if (tally === living) await tally.leavesAlone(owner, guard, path);
      expectValue(await heir.ask('release', { path: copy }));
    }
    expectValue(await heir.ask('acquire', { path }));
    expectValue(await heir.ask('release', { path }));
    await heir.kill();
  }
  await guard.kill();
  return { living, dead };
}

/**
 * A worker thread of this process has the lock and is terminated. Who waits is another process, or another thread of this
 * one.
 * @param {string} path
 * @param {number} cycles
 */
export async function workerTerminated(path, cycles) {
  const [outside, inside] = [new Tally(), new Tally()];
  const guard = await startContainer();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const container = await startContainer();
    for (const [tally, heir] of /** @type {const} */ ([
      [outside, container],
      [inside, threadAgent()],
    ])) {
      const worker = new Worker(WORKER, { workerData: { path } });
      const [nonce] = await once(worker, 'message');
      const verify = async () => ({ value: inspectLockSync(path).owner?.nonce === nonce });
      await tally.leavesAlone({ ask: verify }, guard, path);
      await tally.waitsAndTakes(heir, path, () => worker.terminate());
      expectValue(await heir.ask('release', { path }));
      await heir.kill();
    }
  }
  await guard.kill();
  return { outside, inside };
}

/**
 * This process itself as an agent that waits in its main thread.
 * @returns {Agent}
 */
function threadAgent() {
  /** @type {import('../../../dist/index.js').Lock} */
  let lock;
  return {
    pid: process.pid,
    ask: async (call, request = {}) => {
      const { path, options } = /** @type {{ path: string, options?: { timeout: number } }} */ (request);
      try {
        if (call === 'acquire') lock = await acquireLock(path, options);
        else await lock.release();
        return { value: null };
      } catch (error) {
        const { name, message, code } = /** @type {NodeJS.ErrnoException} */ (error);
        return { error: { name, message, ...(code === undefined ? {} : { code }) } };
      }
    },
    kill: async () => {},
  };
}
