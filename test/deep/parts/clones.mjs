import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { file, program, root } from '../frame/needs.mjs';
import { bootClonable, DISK, SHARED } from '../guests/clonable.mjs';
import { startNfsServer } from '../guests/nfs-server.mjs';
import { installedKernel } from '../guests/qemu.mjs';
import { copyTwice } from '../guests/twins.mjs';
import { makeImage } from '../locks/images.mjs';
import { expectValue, inherit, leaveAlone, meansOf } from '../locks/situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */
/** @typedef {import('../guests/guest.mjs').Guest} Guest */
/** @typedef {import('../guests/guest.mjs').GuestAgent} GuestAgent */

export const about =
  'a machine in qemu that is saved while it runs and goes on twice: two copies of one kernel';
export const needs = () => [
  root(),
  ...['qemu-system-x86_64', 'mkfs.ext4', 'ganesha.nfsd', 'rpcbind'].map((name) => program(name, 'clones')),
  file('/bin/busybox', 'npm run test:deep:install clones'),
  ...KERNELS.map((line) =>
    installedKernel(line) === null ? `needs a kernel ${line}: npm run test:deep:install clones` : null,
  ),
];
export const minutes = 30;

const KERNELS = ['6.1', '6.12'];
/** ms; these machines are emulated, instruction by instruction. */
const LEASE = 6_000;
const options = { lease: LEASE };
/** The measure that an administrator can take after a machine was copied. */
const OWN_BOOT_ID = `
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount -o bind /run/boot_id /proc/sys/kernel/random/boot_id
`;

/** The fields that identify a process. */
const IDENTITY = /** @type {const} */ (['bootId', 'pidNamespace', 'pid', 'startTicks', 'pidfdInode']);

/**
 * One of the two copies, with the agents that were there before.
 * @typedef {object} Copy
 * @property {Guest} guest
 * @property {GuestAgent} onDisk owner of a lock on the disk
 * @property {GuestAgent} shared owner of a lock on the shared directory
 * @property {GuestAgent} other
 */

/** @typedef {{ report: Report, runtime: string, a: Copy, b: Copy }} Scene */

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  const share = join(directory, 'share');
  mkdirSync(share);
  const { through } = await startNfsServer(share, join(directory, 'nfs'));
  for (const line of KERNELS) {
    const work = join(directory, line);
    const [diskLock, sharedLock] = [`${DISK}/before.lock`, `${SHARED}/${line}.before.lock`];
    const [a, b] = await twoCopies({ line, work, share, through, diskLock, sharedLock });
    const scene = { report, runtime: `two copies of a running machine, kernel ${line}`, a, b };
    await whoIsWho(scene);
    await ownDisk(scene, diskLock);
    await heldTwice(scene, sharedLock);
    await takenAfterwards(scene, `${SHARED}/${line}.after.lock`);
    await livingDouble(scene, `${SHARED}/${line}.double.lock`);
    await toldApart(scene, `${SHARED}/${line}.apart.lock`);
    await Promise.all([a.guest.powerCut(), b.guest.powerCut()]);
  }
}

/**
 * @param {{ line: string, work: string, share: string, through: readonly string[], diskLock: string, sharedLock: string }} setting
 * @returns {Promise<[Copy, Copy]>}
 */
async function twoCopies({ line, work, share, through, diskLock, sharedLock }) {
  mkdirSync(work);
  const disk = makeImage('ext4', join(work, 'image'));
  const kernel = installedKernel(line) ?? '';
  const { guest, save } = await bootClonable({ kernel, work, disk, share, through });
  const onDisk = await guest.start({ pid: 700 });
  const shared = await guest.start({ pid: 750 });
  const other = await guest.start();
  expectValue(await onDisk.ask('acquire', { path: diskLock, options }));
  expectValue(await shared.ask('acquire', { path: sharedLock, options }));
  // The acquisition leaves the process with random numbers in store, as any process that was at work.
  const drawn = `${DISK}/drawn.lock`;
  expectValue(await other.ask('acquire', { path: drawn }));
  expectValue(await other.ask('release', { path: drawn }));
  await guest.run(['sync']);
  return copyTwice(save, work, (one, sameAs) => ({
    guest: one,
    onDisk: sameAs(onDisk),
    shared: sameAs(shared),
    other: sameAs(other),
  }));
}

/**
 * Nothing distinguishes a process from its copy. Their next nonces must differ all the same.
 * @param {Scene} scene
 */
async function whoIsWho({ report, runtime, a, b }) {
  const path = `${DISK}/next.lock`;
  const [here, there] = await Promise.all(
    [a, b].map(async ({ other }) => expectValue(await other.ask('acquire', { path }))),
  );
  /** @type {string[]} */
  const failures = IDENTITY.filter(
    (field) => JSON.stringify(here.identity[field]) !== JSON.stringify(there.identity[field]),
  );
  const equal = IDENTITY.filter((field) => here.identity[field] !== null);
  const compared = expectValue(await a.other.ask('compare', { a: here.identity, b: there.identity }));
  if (compared !== 'same') failures.push(`compare: ${compared}`);
  if (here.nonce === there.nonce) failures.push('their next locks have one nonce');
  report.row({
    runtime,
    situation: 'who is who',
    result: `equal: ${equal.join(', ')}; compared: ${compared}; their next nonces differ`,
    failures,
  });
}

/**
 * The disk was copied too, so there are two disks and two locks.
 * @param {Scene} scene
 * @param {string} path
 */
async function ownDisk({ report, runtime, a, b }, path) {
  const means = meansOf(expectValue(await a.other.ask('inspect', { path })).owner);
  const sides = await Promise.all([a, b].map(({ onDisk, other }) => leaveAlone(onDisk, other, path, LEASE)));
  const failures = sides.flatMap((side) => side.failures);
  const ms = [await inherit(a.onDisk, a.other, path, LEASE)];
  if (expectValue(await b.onDisk.ask('verify', { path })) !== true) failures.push('lost in the other copy');
  ms.push(await inherit(b.onDisk, b.other, path, LEASE));
  report.row({
    runtime,
    situation: 'a lock on its disk, which is copied with it',
    result: `${means}; two disks, two locks; alive: left alone; killed: reclaimed, in this copy alone`,
    ms,
    thefts: sides.reduce((sum, { thefts }) => sum + thefts, 0),
    failures,
  });
}

/**
 * Both copies of the owner hold the lock. While both live no other process gets it. When one dies, its own
 * kernel calls it dead.
 * @param {Scene} scene
 * @param {string} path
 */
async function heldTwice({ report, runtime, a, b }, path) {
  const sides = await Promise.all([a, b].map(({ shared, other }) => leaveAlone(shared, other, path, LEASE)));
  const failures = sides.flatMap((side) => side.failures);
  await a.shared.kill();
  const reason = await takenBy(a.other, path);
  if (!(await isTold(b.shared, path))) failures.push('the copy was not told');
  expectValue(await a.other.ask('release', { path }));
  report.row({
    runtime,
    situation: 'a lock on NFS from before',
    result: `a documented limit: both hold it; others: left alone; killed in one: taken there (${reason}), the other is told`,
    thefts: sides.reduce((sum, { thefts }) => sum + thefts, 0),
    failures,
  });
}

/**
 * Only one copy has the owner's process. With `trustBootId` the other copy mistakes its own kernel for the owner's,
 * and finds no such process. What happens without the option is the subject of warm-clones.mjs.
 * @param {Scene} scene
 * @param {string} path
 */
async function takenAfterwards({ report, runtime, a, b }, path) {
  const owner = await b.guest.start({ pid: 800 });
  expectValue(await owner.ask('acquire', { path, options }));
  const reason = await takenBy(a.other, path, { trustBootId: true });
  const failures = (await isTold(owner, path)) ? [] : ['the owner was not told'];
  expectValue(await a.other.ask('release', { path }));
  await owner.kill();
  report.row({
    runtime,
    situation: 'a lock on NFS that a new process of one copy takes',
    result: `with trustBootId: taken in the other (${reason}), the owner is told`,
    failures,
  });
}

/**
 * The owner dies, and its double in the other copy lives. A process there does not take the lock at once, and may
 * wait for the double.
 * @param {Scene} scene
 * @param {string} path
 */
async function livingDouble({ report, runtime, a, b }, path) {
  const failures = [];
  expectValue(await b.other.ask('acquire', { path, options }));
  await b.other.kill();
  const heir = await a.guest.start();
  const during = await takenBy(heir, path);
  if (!during.startsWith('not taken')) failures.push(`while the double lives: ${during}`);
  await a.other.kill();
  const after = await heir.ask('acquire', { path, options: { ...options, timeout: 2 * LEASE } });
  if (after.error !== undefined) failures.push(`when the double is dead: ${after.error.message}`);
  await heir.kill();
  report.row({
    runtime,
    situation: 'a lock on NFS whose owner is killed in one copy, and lives on in the other',
    result: `a documented limit: there ${during}; when it is killed there as well: taken`,
    failures,
  });
}

/**
 * Returns whether an owner learns within a lease that it lost its lock.
 * @param {GuestAgent} owner
 * @param {string} path
 */
async function isTold(owner, path) {
  const until = performance.now() + LEASE;
  while (performance.now() < until) {
    if (expectValue(await owner.ask('verify', { path })) === false) return true;
  }
  return false;
}

/**
 * @param {GuestAgent} agent
 * @param {string} path
 * @param {Record<string, unknown>} [more] options
 * @returns {Promise<string>} why
 */
async function takenBy(agent, path, more = {}) {
  const { verdict } = expectValue(await agent.ask('inspect', { path, options: more }));
  const lock = expectValue(await agent.ask('tryAcquire', { path, options: { ...options, ...more } }));
  return lock === null ? `not taken: ${verdict.reason}` : verdict.reason;
}

/**
 * Each copy is given its own boot id, by a mount over the kernel's. Then nothing is concluded from processes.
 * @param {Scene} scene
 * @param {string} path
 */
async function toldApart({ report, runtime, a, b }, path) {
  await Promise.all([a, b].map(({ guest }) => guest.run(['sh', '-ec', OWN_BOOT_ID])));
  const [owner, heir] = [await b.guest.start({ pid: 900 }), await a.guest.start()];
  const means = meansOf(expectValue(await owner.ask('acquire', { path, options })));
  const left = await leaveAlone(owner, heir, path, LEASE);
  const ms = [await inherit(owner, heir, path, LEASE)];
  await heir.kill();
  report.row({
    runtime,
    situation: 'the same, each copy with a boot id mounted over its own',
    result: `${means}; alive: left alone for three leases; killed: reclaimed by lease`,
    ms,
    ...left,
  });
}
