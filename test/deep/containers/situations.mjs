// The situations for the containers of every runtime. Each is repeated, and becomes one row.
import { setTimeout as sleep } from 'node:timers/promises';
import { olderKilled } from './older-programs.mjs';
import { seenFromTheHost } from './outside.mjs';
import { PATIENCE_MS, Scene, START_MS, WEDGED_MS } from './scene.mjs';

/** @typedef {import('./scene.mjs').Setting} Setting */
/** @typedef {import('./scene.mjs').Container} Container */
/** @typedef {import('./contender.mjs').Task} Task */

/**
 * Owner after owner is ended while it holds the lock. The next one is started when the previous one is gone.
 * @param {Setting} setting
 * @param {string} situation
 * @param {object} [how]
 * @param {Partial<Task>} [how.owner]
 * @param {(container: Container, who: string, scene: Scene) => Promise<void>} [how.end] default: SIGKILL
 */
export async function oneAfterTheOther(
  setting,
  situation,
  { owner = {}, end = (container) => container.kill() } = {},
) {
  const scene = new Scene(setting, situation);
  for (let cycle = 0; cycle <= setting.cycles; cycle += 1) {
    const who = `owner-${cycle}`;
    const container = await scene.start({ who, ...owner });
    const entry = cycle === 0 ? await scene.expect(who, 'entered', START_MS) : await scene.entered(who);
    if (cycle > 0 && entry !== null) scene.took(entry.ms ?? 0);
    await end(container, who, scene);
  }
  scene.end('reclaimed');
}

/**
 * An owner runs, and a waiter that has the same PID. Then the owner is killed, and the waiter becomes the
 * owner.
 * @param {Setting} setting
 * @param {string} situation
 */
export async function neighbours(setting, situation = 'a double waits, then the owner is killed') {
  const scene = new Scene(setting, situation);
  let owner = await scene.start({ who: 'neighbour-0' });
  await scene.expect('neighbour-0', 'entered', START_MS);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `neighbour-${cycle}`;
    const waiter = await scene.start({ who });
    // A waiter that goes by a lease must see that the owner lives, for longer than the lease.
    await sleep(PATIENCE_MS + (setting.lease ?? 0) * 1.5);
    await owner.kill();
    const entry = await scene.entered(who);
    if (entry !== null) scene.took(entry.at - scene.lastSign(`neighbour-${cycle - 1}`));
    owner = waiter;
  }
  await owner.kill();
  scene.end('not stolen, then woken');
}

/**
 * A paused owner lives. Others are refused, and when it is resumed it still has its lock.
 * @param {Setting} setting
 */
export async function paused(setting) {
  const scene = new Scene(setting, 'paused; a double tries; resumed');
  const owner = await scene.start({ who: 'sleeper' });
  await scene.expect('sleeper', 'entered', START_MS);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `caller-${cycle}`;
    await owner.pause();
    const caller = await scene.start({ who, acquire: { timeout: PATIENCE_MS } });
    await scene.refused(who, caller);
    const before = performance.timeOrigin + performance.now();
    await owner.resume();
    const goesOn = await scene.journal.find((line) => line.event === 'inside' && line.at > before, WEDGED_MS);
    if (goesOn === null) scene.failures.push('the owner did not go on');
  }
  await owner.kill();
  scene.end('not stolen');
}

/**
 * Runs the situations that apply to every runtime.
 * @param {Setting} setting
 */
export async function allSituations(setting) {
  await oneAfterTheOther(setting, 'killed mid-hold, then a new one');
  await neighbours(setting);
  await paused(setting);
  // If there is only a lease, neither of these can be known.
  if (setting.lease !== undefined) return;
  await olderKilled(setting);
  await seenFromTheHost(setting);
}
