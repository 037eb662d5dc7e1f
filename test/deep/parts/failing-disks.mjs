import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program, root } from '../frame/needs.mjs';
import { FAKETIME, hasFaketime } from '../frame/stepped-clock.mjs';
import { APART, startLocalAgent } from '../locks/agent.mjs';
import { deadDaemon, deadDisk } from '../locks/dying.mjs';
import { mountImage } from '../locks/images.mjs';
import { expectValue, inherit, leaveAlone } from '../locks/situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */

export const about =
  'disks that are full, fail, turn read-only; locks deleted under their owner; clocks an hour off';
export const needs = () => [
  root(),
  ...['mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'perl'].map((name) => program(name, 'failing-disks')),
];
export const minutes = 20;

/** ms */
const LEASE = 1_000;
/** ms; longer than the grace for a directory without owner.json. */
const PATIENCE = 9_000;
const NAME = 'a.lock';

const start = () => startLocalAgent({ through: APART });

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  for (const type of ['ext4', 'xfs', 'btrfs', 'tmpfs'])
    await fullDisk(report, type, join(directory, `full ${type}`));
  for (const type of ['ext4', 'xfs']) await deadDisk(report, type, join(directory, `dead ${type}`));
  await deadDaemon(report, join(directory, 'dead daemon'));
  await readOnly(report, join(directory, 'read-only'));
  await deleted(report, join(directory, 'deleted'));
  await clocks(report, join(directory, 'clocks'));
}

/** @param {Report} report @param {string} type @param {string} work */
async function fullDisk(report, type, work) {
  const at = mountImage(type, work);
  const path = join(at, NAME);
  const failures = [];
  const [owner, other] = [await start(), await start()];
  expectValue(await owner.ask('acquire', { path }));
  fill(at);
  if (expectValue(await owner.ask('verify', { path })) !== true) failures.push('the owner does not hold it');
  const { error: released } = await owner.ask('release', { path });
  if (released !== undefined) failures.push(`release: ${released.message}`);
  fill(at);
  const { value, error } = await other.ask('tryAcquire', { path });
  if (value !== undefined) failures.push('acquired on a full disk');
  else if (error?.code !== 'ENOSPC' || !error.message.includes(path))
    failures.push(`not clear: ${error?.message}`);
  const remains = readdirSync(at).filter((name) => name.includes(NAME));
  rmSync(join(at, 'filling'), { recursive: true });
  const { error: still } = await other.ask('acquire', { path, options: { timeout: PATIENCE } });
  if (still !== undefined) failures.push(`with space again: ${still.message}`);
  report.row({
    runtime: type,
    situation: 'full: released, refused, and with space again acquired',
    result: `${error?.message.split(',')[0]}; left behind: ${remains.length}`,
    failures,
    wedges: still === undefined ? 0 : 1,
  });
  await Promise.all([owner.kill(), other.kill()]);
}

/** Fills the disk to the last byte and the last file. @param {string} at */
function fill(at) {
  const filling = join(at, 'filling');
  mkdirSync(filling, { recursive: true });
  for (const size of [1 << 20, 1 << 16, 1 << 12, 1]) {
    try {
      for (;;) writeFileSync(join(filling, `${size} ${Math.random()}`), Buffer.alloc(size, 'x'));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOSPC') throw error;
    }
    execFileSync('sync', ['-f', at]);
  }
}

/** The filesystem becomes read-only, as ext4 makes itself after an error. */
async function readOnly(/** @type {Report} */ report, /** @type {string} */ work) {
  const at = mountImage('ext4', work, 'loop,errors=remount-ro');
  const path = join(at, NAME);
  const [owner, other] = [await start(), await start()];
  expectValue(await owner.ask('acquire', { path }));
  const device = execFileSync('findmnt', ['-n', '-o', 'SOURCE', at], { encoding: 'utf8' }).trim();
  writeFileSync(`/sys/fs/ext4/${device.split('/').at(-1)}/trigger_fs_error`, 'test');
  const failures = [];
  const tried = await other.ask('tryAcquire', { path });
  if (tried.value !== null) failures.push(`another got ${JSON.stringify(tried)}`);
  if (expectValue(await owner.ask('verify', { path })) !== true) failures.push('the owner does not hold it');
  const { error } = await owner.ask('release', { path });
  if (error?.code !== 'EROFS' || !error.message.includes(path)) failures.push(`release: ${error?.message}`);
  const after = await other.ask('tryAcquire', { path });
  if (after.error?.code !== 'EROFS') failures.push(`after the release: ${JSON.stringify(after)}`);
  report.row({
    runtime: 'ext4',
    situation: 'turns read-only while held',
    result: 'still held; release and then acquire say EROFS',
    thefts: tried.value ? 1 : 0,
    failures,
  });
  await Promise.all([owner.kill(), other.kill()]);
}

/** @param {Report} report @param {string} work */
async function deleted(report, work) {
  const parent = join(work, 'parent');
  const path = join(parent, NAME);
  const ways = /** @type {Record<string, () => void>} */ ({
    'lock directory deleted': () => rmSync(path, { recursive: true }),
    'lock directory moved away': () => renameSync(path, join(parent, 'moved')),
    'owner.json deleted': () => rmSync(join(path, 'owner.json')),
    'parent deleted': () => rmSync(parent, { recursive: true }),
  });
  for (const [situation, remove] of Object.entries(ways)) {
    mkdirSync(parent, { recursive: true });
    const [owner, other] = [await start(), await start()];
    expectValue(await owner.ask('acquire', { path }));
    remove();
    const failures = [];
    const next = await other.ask('acquire', { path, options: { timeout: PATIENCE } });
    const expected = situation === 'parent deleted' ? 'ENOENT' : undefined;
    if (next.error?.code !== expected) failures.push(`acquire: ${next.error?.message}`);
    if (expectValue(await owner.ask('verify', { path })) !== false)
      failures.push('the owner still believes it');
    const { error } = await owner.ask('release', { path });
    if (error?.code !== 'ERR_LOCK_LOST') failures.push(`release: ${error?.message}`);
    if (next.value && expectValue(await other.ask('verify', { path })) !== true)
      failures.push('the next one lost it');
    report.row({
      runtime: 'ext4',
      situation: `${situation} while held`,
      result: `verify false, release ERR_LOCK_LOST; the next one: ${next.error?.code ?? 'acquired'}`,
      ms: next.wallMs === undefined ? [] : [next.wallMs],
      failures,
    });
    await Promise.all([owner.kill(), other.kill()]);
    rmSync(work, { recursive: true });
  }
}

/** The observer's wall clock differs from the owner's: once with a witness and, on FUSE, with a lease. */
async function clocks(/** @type {Report} */ report, /** @type {string} */ work) {
  for (const [runtime, missing] of /** @type {const} */ ([
    ['ext4', null],
    ['bindfs', program('bindfs', 'failing-disks')],
  ])) {
    for (const hours of ['+1h', '-1h']) {
      const situation = `the observer's clock is ${hours} off`;
      const reason = missing ?? hasFaketime('failing-disks');
      if (reason !== null) {
        report.skip(runtime, situation, reason);
        continue;
      }
      const at = join(work, runtime, hours);
      mkdirSync(at, { recursive: true });
      if (runtime === 'bindfs') {
        const under = join(work, 'under', hours);
        mkdirSync(under, { recursive: true });
        execFileSync('bindfs', [under, at]);
      }
      const path = join(at, NAME);
      const owner = await start();
      const other = await startLocalAgent({ through: APART, env: { LD_PRELOAD: FAKETIME, FAKETIME: hours } });
      expectValue(await owner.ask('acquire', { path, options: { lease: LEASE } }));
      const left = await leaveAlone(owner, other, path, LEASE);
      const ms = await inherit(owner, other, path, LEASE);
      report.row({ runtime, situation, result: 'alive: left alone; killed: reclaimed', ms: [ms], ...left });
      await other.kill();
    }
  }
}
