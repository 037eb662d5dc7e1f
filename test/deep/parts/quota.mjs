import { join } from 'node:path';
import { program, root } from '../frame/needs.mjs';
import { bootUml } from '../guests/uml.mjs';
import { makeImage } from '../locks/images.mjs';
import { expectValue } from '../locks/situations.mjs';

/** @typedef {import('../guests/guest.mjs').Guest} Guest */

export const about =
  'users whose quota is used up, in user-mode Linux 6.1, since few kernels have quotas built in';
export const needs = () => [
  root(),
  ...['linux.uml', 'modprobe', 'setquota', 'setpriv', 'mkfs.ext4', 'mkfs.xfs'].map((name) =>
    program(name, 'quota'),
  ),
];
export const minutes = 10;

const VOLUME = '/run/volume';
const LOCK = `${VOLUME}/a.lock`;
const USER = '1000';
const AS_USER = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--inh-caps=-all'];

const FILESYSTEMS = {
  ext4: { making: ['-O', 'quota'], mount: ['-o', 'usrquota'], modules: ['quota_v2'] },
  xfs: { making: [], mount: ['-o', 'uquota'], modules: [] },
};

/** Blocks of 1 KiB and files that the user may have from some moment on; 0 is no limit. */
const LIMITS = {
  'no file more': { blocks: 0, files: 1, filler: true },
  // The one more file is used up by the lock's directory, so nothing fits into it.
  'one file more': { blocks: 0, files: 1, filler: false },
  'no block more': { blocks: 1, files: 0, filler: true },
};

/** @param {import('../frame/report.mjs').Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  for (const [type, { making, mount, modules }] of Object.entries(FILESYSTEMS)) {
    const guest = await bootUml({ disks: [makeImage(type, join(directory, type), making)] });
    await guest.loadModules(modules);
    await guest.run(['mount', '-t', type, ...mount, '/dev/ubda', VOLUME]);
    await guest.run(['chmod', '777', VOLUME]);
    for (const [what, limit] of Object.entries(LIMITS)) {
      const names = {
        runtime: `${type} (user-mode Linux 6.1)`,
        situation: `quota used up while held: ${what}`,
      };
      report.row({ ...names, ...(await usedUp(guest, limit)) });
    }
    await guest.powerCut();
  }
}

/**
 * A held lock is released or cleared, none is acquired, and nothing is left. When the limit is lifted,
 * everything works as before.
 * @param {Guest} guest
 * @param {{ blocks: number, files: number, filler: boolean }} limit
 */
async function usedUp(guest, { blocks, files, filler }) {
  const failures = [];
  const setQuota = (/** @type {number} */ kib, /** @type {number} */ inodes) =>
    guest.run(['setquota', '-u', USER, '0', String(kib), '0', String(inodes), VOLUME]);
  const fill = [...AS_USER, 'sh', '-c', 'head -c 8192 /dev/zero >"$0"', `${VOLUME}/filler`];
  const [owner, other] = [await guest.start({ through: AS_USER }), await guest.start({ through: AS_USER })];

  if (filler) await guest.run(fill);
  expectValue(await owner.ask('acquire', { path: LOCK }));
  await setQuota(blocks, files);
  if (expectValue(await owner.ask('verify', { path: LOCK })) !== true)
    failures.push('the owner does not hold it');
  const { error: unreleased } = await owner.ask('release', { path: LOCK });
  if (unreleased !== undefined) failures.push(`release: ${unreleased.message}`);

  const refused = [
    await other.ask('tryAcquire', { path: LOCK }),
    await other.ask('acquire', { path: LOCK, options: { timeout: 20_000 } }),
  ];
  for (const { error } of refused) {
    const isClear = error?.code === 'EDQUOT' && error.message.includes(LOCK);
    if (!isClear) failures.push(`not clear: ${error?.message ?? 'acquired'}`);
  }
  const remains = (await guest.run(['ls', '-A', VOLUME]))
    .split('\n')
    .filter((name) => name.includes('a.lock'));
  if (remains.length > 0) failures.push(`left behind: ${remains.join(' ')}`);

  await setQuota(0, 0);
  const { error: still } = await other.ask('acquire', { path: LOCK, options: { timeout: 20_000 } });
  if (still !== undefined) failures.push(`with the limit lifted: ${still.message}`);
  await setQuota(blocks, files);
  await other.kill();
  if (!expectValue(await owner.ask('reclaim', { path: LOCK })).reclaimed)
    failures.push('a dead owner was not cleared');
  await setQuota(0, 0);
  await guest.run(['rm', '-f', `${VOLUME}/filler`]);
  await owner.kill();
  return {
    result: `released, then ${refused[0]?.error?.message.split(',')[0]}; left behind: ${remains.length}; a dead owner's is cleared`,
    wedges: still === undefined ? 0 : 1,
    failures,
  };
}
