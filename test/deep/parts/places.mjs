import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program, root } from '../frame/needs.mjs';
import { MOUNTS } from '../locks/mounts.mjs';
import {
  attachedInOtherOrder,
  copied,
  killed,
  killedInSharedPlace,
  mountedAnew,
  workerTerminated,
} from '../places/situations.mjs';
import { imageVolume, makeShared, overlayVolume } from '../places/volumes.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */

export const about =
  'a dead owner’s lock where its file lock is not seen or is that of another device, and copies of locks: free at once';
export const needs = () => [root(), program('unshare', 'places')];
export const minutes = 40;

/**
 * @typedef {object} Setting
 * @property {Report} report
 * @property {string} shared directory in which mounts are seen by every container
 * @property {string} work directory on disk
 * @property {number} cycles
 */

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory, cycles }) {
  const setting = { report, cycles, shared: join(directory, 'shared'), work: join(directory, 'work') };
  makeShared(setting.shared);
  for (const name of ['ramfs', 'bindfs', 'mergerfs', 'fuse-overlayfs']) {
    await onMount(setting, name, async (at) => {
      const { waiting, coming } = await killed(join(at, 'x.lock'), cycles);
      report.row(waiting.findings(name, 'killed; one waits'));
      report.row(coming.findings(name, 'killed; one comes afterwards'));
      if (name !== 'ramfs' && name !== 'bindfs') return;
      const { outside, inside } = await workerTerminated(join(at, 'y.lock'), cycles);
      report.row(outside.findings(name, 'worker thread terminated; another process waits'));
      report.row(inside.findings(name, 'worker thread terminated; its main thread waits'));
    });
  }
  for (const name of ['sshfs', 'gocryptfs']) {
    await onMount(setting, name, async (at) => {
      const { waiting, coming } = await killedInSharedPlace(join(at, 'x.lock'), cycles);
      report.row(waiting.findings(name, 'killed; one waits that has seen it held'));
      const wait = 'waited for the lease of 1 s, as several kernels may meet there';
      report.row(coming.raw(name, 'killed; one comes afterwards', wait));
    });
  }
  await onVolumes(setting);
  for (const name of ['ext4', 'xfs', 'tmpfs', 'overlay']) {
    await onMount(setting, name, async (at) => {
      const { living, dead } = await copied(at, cycles);
      report.row(living.findings(name, 'cp -a while the owner lives'));
      report.row(dead.findings(name, 'cp -a after it was killed'));
    });
  }
}

/** @param {Setting} setting */
async function onVolumes({ report, shared, work, cycles }) {
  for (const type of ['xfs', 'ext4', 'btrfs']) {
    const situation = 'two volumes detached, attached in the other order';
    const missing = program(`mkfs.${type}`, 'places');
    if (missing !== null) {
      report.skip(type, situation, missing);
      continue;
    }
    const volume = (/** @type {string} */ name) =>
      imageVolume(type, join(shared, name), join(work, `image-${name}`));
    const tally = await attachedInOtherOrder([volume(`${type}-1`), volume(`${type}-2`)], cycles);
    report.row(tally.findings(type, situation));
  }
  const overlay = (/** @type {string} */ name) => overlayVolume(join(shared, name), join(work, name));
  const two = await attachedInOtherOrder([overlay('overlay-1'), overlay('overlay-2')], cycles);
  report.row(two.findings('overlay', 'two unmounted, mounted in the other order'));
  const anew = await mountedAnew(overlay('overlay-3'), cycles);
  report.row(anew.findings('overlay', 'mounted anew while the owner lives; then it is killed; one waits'));
}

/**
 * @param {Setting} setting
 * @param {string} name one of MOUNTS
 * @param {(at: string) => Promise<void>} action
 */
async function onMount({ report, shared, work }, name, action) {
  const mount = MOUNTS.find((one) => one.name === name);
  if (mount === undefined) throw new Error(`no mount is called ${name}`);
  const missing = mount.program === undefined ? null : program(mount.program, 'places');
  if (missing !== null) return report.skip(name, 'all', missing);
  const [at, under] = [join(shared, `on-${name}`), join(work, `under-${name}`)];
  for (const folder of [at, under]) mkdirSync(folder, { recursive: true });
  mount.mount(at, under);
  await action(at);
}
