// Locks that stand in the writable layer of a container, on its overlay, as programs without a volume have them. The
// device number of that overlay depends on the order in which the containers are started.

import { contender } from './docker.mjs';
import { runInForeground } from './foreground.mjs';
import { PATIENCE_MS, Scene, START_MS } from './scene.mjs';

/** @typedef {import('./docker.mjs').Docker} Docker */
/** @typedef {import('./scene.mjs').Setting} Setting */

const LOCK = '/gateway.lock';

/**
 * Two containers, each with a lock of its own, are killed together and started in the other order. Before that another
 * process in each container tries its lock in vain.
 * @param {Setting} setting
 * @param {Docker} docker
 */
export async function startedInOtherOrder(setting, docker) {
  const scene = new Scene(
    setting,
    'locks in two containers’ layers; both killed, started in the other order',
  );
  const containers = ['first', 'second'].map((who) => ({
    who,
    name: docker.runDetached({ who, lock: LOCK }, scene.volume),
  }));
  for (const { who } of containers) await scene.expect(who, 'entered', START_MS);
  for (let cycle = 0; cycle < setting.cycles; cycle += 1) {
    for (const { who, name } of containers) await expectRefusal(scene, docker, `${who}-${cycle}`, name);
    const before = scene.owners();
    docker.command('kill', ...containers.map(({ name }) => name));
    containers.reverse();
    for (const { name } of containers) docker.command('start', name);
    for (const { who } of containers) {
      const entry = await scene.enteredAgain(before, START_MS, who);
      if (entry !== null) scene.took(entry.ms ?? 0);
    }
  }
  docker.command('rm', '--force', ...containers.map(({ name }) => name));
  scene.end('not stolen, then reclaimed', lost(scene));
}

/**
 * Another process in the same container is refused.
 * @param {Scene} scene
 * @param {Docker} docker
 * @param {string} who
 * @param {string} name of the container
 */
async function expectRefusal(scene, docker, who, name) {
  const task = { who, lock: LOCK, acquire: { timeout: PATIENCE_MS } };
  const caller = runInForeground({ run: docker.line('exec', name, ...contender(task)) });
  await scene.refused(who, caller);
}

/**
 * A container is committed to an image while it holds its lock. Containers of that image find a copy of it.
 * @param {Setting} setting
 * @param {Docker} docker
 */
export async function committed(setting, docker) {
  const scene = new Scene(
    setting,
    'docker commit of a container that holds its lock; a container of that image',
  );
  const owner = docker.runDetached({ who: 'owner', lock: LOCK }, scene.volume);
  await scene.expect('owner', 'entered', START_MS);
  docker.command('commit', '--pause=false', owner, 'kernel-identity-deep:held');
  for (let cycle = 0; cycle < setting.cycles; cycle += 1) {
    const who = `heir-${cycle}`;
    const task = { who, lock: LOCK };
    const heir = docker.runDetached(task, scene.volume, [], 'kernel-identity-deep:held');
    const entry = await scene.entered(who);
    if (entry !== null) scene.took(entry.ms ?? 0);
    docker.command('rm', '--force', heir);
  }
  docker.command('rm', '--force', owner);
  scene.end('the copy was taken', lost(scene));
}

/**
 * Counts the owners that found their lock gone. There are several locks, so nobody is overtaken by another one's entry.
 * @param {Scene} scene
 */
function lost(scene) {
  return scene.journal.entries().filter(({ event }) => event === 'lost').length;
}
