import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { file, program, root } from '../frame/needs.mjs';
import { bootQemu, installedKernel } from '../guests/qemu.mjs';
import { expectValue, inherit, leaveAlone, meansOf } from '../locks/situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */
/** @typedef {import('../guests/guest.mjs').Guest} Guest */

export const about =
  'Debian’s kernels 6.1 (no pidfs) and 6.12 (no namespace ids) in qemu, and both on one virtiofs directory';
export const needs = () => [
  root(),
  program('qemu-system-x86_64', 'qemu'),
  file('/bin/busybox', 'npm run test:deep:install qemu'),
  file('/usr/lib/qemu/virtiofsd', 'npm run test:deep:install qemu'),
  ...['6.1', '6.12'].map((line) =>
    installedKernel(line) === null ? `needs a kernel ${line}: npm run test:deep:install qemu` : null,
  ),
];
export const minutes = 30;

/** The capabilities of each kernel. */
const KERNELS = [
  { line: '6.1', pidfdInode: false, namespaceId: false },
  { line: '6.12', pidfdInode: true, namespaceId: false },
];
/** ms; this machine is emulated, instruction by instruction. */
const LEASE = 6_000;
const SHARED = '/run/volume/a.lock';

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  const share = join(directory, 'share');
  mkdirSync(share);
  /** @type {Guest[]} */
  const guests = [];
  for (const { line } of KERNELS) {
    const work = join(directory, line);
    mkdirSync(work);
    guests.push(await bootQemu({ kernel: installedKernel(line) ?? '', work, share }));
  }
  for (const [index, expected] of KERNELS.entries()) {
    const guest = /** @type {Guest} */ (guests[index]);
    const runtime = `Debian’s kernel ${expected.line} in qemu`;
    report.row({ runtime, situation: 'who is who', ...(await identities(guest, expected)) });
    const [owner, heir] = [await guest.start(), await guest.start()];
    const path = '/run/own.lock';
    const means = meansOf(expectValue(await owner.ask('acquire', { path, options: { lease: LEASE } })));
    const left = await leaveAlone(owner, heir, path, LEASE);
    const ms = [await inherit(owner, heir, path, LEASE)];
    report.row({ runtime, situation: 'a lock on tmpfs', result: `${means}; killed: reclaimed`, ms, ...left });
    await heir.kill();
  }
  for (const [here, there] of [guests, [...guests].reverse()]) {
    if (here === undefined || there === undefined) throw new Error('no guests');
    const [owner, heir] = [await here.start({ pid: 900 }), await there.start({ pid: 900 })];
    const options = { lease: LEASE };
    const means = meansOf(expectValue(await owner.ask('acquire', { path: SHARED, options })));
    const left = await leaveAlone(owner, heir, SHARED, LEASE);
    const ms = [await inherit(owner, heir, SHARED, LEASE)];
    report.row({
      runtime: `kernels ${here === guests[0] ? '6.1 and 6.12' : '6.12 and 6.1'} in qemu`,
      situation: 'one holds, the other waits, on one virtiofs directory',
      result: `same PID; ${means}; alive: left alone for three leases; killed: reclaimed by lease`,
      ms,
      ...left,
    });
    await heir.kill();
  }
  await Promise.all(guests.map((guest) => guest.powerCut()));
}

/**
 * A process is recognised again, and a successor with the same number is not mistaken for it.
 * @param {Guest} guest
 * @param {{ pidfdInode: boolean, namespaceId: boolean }} expected
 */
async function identities(guest, expected) {
  const failures = [];
  const [first, observer] = [await guest.start({ pid: 700 }), await guest.start()];
  const self = expectValue(await first.ask('self'));
  const known = { pidfdInode: self.pidfdInode !== null, namespaceId: self.pidNamespace?.id !== null };
  for (const [what, is] of Object.entries(known)) {
    if (is !== expected[/** @type {'pidfdInode' | 'namespaceId'} */ (what)]) failures.push(`${what}: ${is}`);
  }
  const judge = async () => expectValue(await observer.ask('judge', { owner: self }));
  const compare = async () => {
    const probed = expectValue(await observer.ask('probe', { pid: 700 }));
    return probed === null ? 'gone' : expectValue(await observer.ask('compare', { a: self, b: probed }));
  };
  const steps = [`${(await judge()).state}/${await compare()}`];
  await first.kill();
  steps.push(`${(await judge()).state}/${await compare()}`);
  const second = await guest.start({ pid: 700 });
  steps.push(`${(await judge()).state}/${await compare()}`);
  const [alive, gone, reused] = steps;
  if (alive !== 'alive/same') failures.push(`alive: ${alive}`);
  if (gone !== 'dead/gone') failures.push(`killed: ${gone}`);
  if (reused !== 'dead/different') failures.push(`its number reused: ${reused}`);
  await Promise.all([second.kill(), observer.kill()]);
  const result = `alive: ${alive}; killed: ${gone}; its number reused: ${reused}`;
  return { result, failures };
}
