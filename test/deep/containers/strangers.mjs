// Containers of two runtimes on one volume, which cannot see each other's processes.
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS, Scene, START_MS } from './scene.mjs';

/** @typedef {import('./scene.mjs').Setting} Setting */
/** @typedef {import('./scene.mjs').Runtime} Runtime */

/**
 * An owner that renews its lease is left alone, and when it is killed its lease ends.
 * @param {Setting} setting of the owners, who have a lease
 * @param {Runtime} other
 */
export async function strangers(setting, other) {
  const scene = new Scene(setting, `an owner here, a waiter in ${other.name}; then the owner is killed`);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const owner = await scene.start({ who: `owner-${cycle}` });
    await scene.expect(`owner-${cycle}`, 'entered', START_MS);
    const waiter = await other.start({ who: `waiter-${cycle}` }, scene.volume);
    await sleep(PATIENCE_MS + (setting.lease ?? 0) * 1.5);
    await owner.kill();
    const entry = await scene.entered(`waiter-${cycle}`);
    if (entry !== null) scene.took(entry.at - scene.lastSign(`owner-${cycle}`));
    await waiter.kill();
    scene.clear();
  }
  scene.end('not stolen, then taken over');
}

/**
 * The owner keeps a witness, which the waiter cannot test, and hence no lease: nothing can be known, even
 * when it is dead.
 * @param {Setting} setting of the owners
 * @param {Runtime} other
 */
export async function strangersWithWitness(setting, other) {
  const scene = new Scene(setting, `a killed owner here, others in ${other.name}, undecidable there`);
  const owner = await scene.start({ who: 'owner' });
  await scene.expect('owner', 'entered', START_MS);
  await owner.kill();
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `other-${cycle}`;
    const task = { who, acquire: { timeout: PATIENCE_MS } };
    const container = await other.start(task, scene.volume);
    await scene.refused(who, container);
  }
  scene.end('not taken');
}
