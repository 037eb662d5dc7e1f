import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program, root } from '../frame/needs.mjs';
import { bootUml } from '../guests/uml.mjs';
import { startLocalAgent } from '../locks/agent.mjs';
import { makeImage } from '../locks/images.mjs';
import { expectValue, inherit, leaveAlone } from '../locks/situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */
/** @typedef {import('../guests/guest.mjs').Guest} Guest */
/** @typedef {import('../locks/agent.mjs').Agent} Agent */

export const about = 'user-mode Linux 6.1: power cuts, and two kernels on one directory';
export const needs = () => [root(), program('linux.uml', 'uml'), program('mkfs.xfs', 'uml')];
export const minutes = 40;

const RUNTIME = 'user-mode Linux 6.1';
const VOLUME = '/run/volume';
const LOCK = `${VOLUME}/a.lock`;
/** ms */
const LEASE = 2_000;
/** The number of every owner, before and after the reboot. */
const PID = 750;
/** s after the boot at which an owner is started. */
const UPTIME = 8;

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { cycles, directory }) {
  for (const type of ['ext4', 'xfs', 'btrfs']) {
    const disk = makeImage(type, join(directory, type));
    const mount = ['mount', '-t', type, '/dev/ubda', VOLUME];
    const count = type === 'ext4' ? cycles : Math.ceil(cycles / 4);
    await powerCuts(report, `own ${type} disk`, { disks: [disk], mount, cycles: count, limit: 1_000 });
    await cutsAmidTurns(report, `own ${type} disk`, { disks: [disk], mount, cycles: Math.ceil(cycles / 4) });
  }
  await clockSteps(report, makeImage('ext4', join(directory, 'clock')));
  const shared = join(directory, 'shared');
  mkdirSync(shared);
  const mount = ['mount', '-t', 'hostfs', '-o', shared, 'none', VOLUME];
  await twoKernels(report, { mount, cycles: Math.ceil(cycles / 4) });
  await withTheHost(report, { mount, shared });
}

/**
 * @typedef {object} Setting
 * @property {readonly string[]} disks
 * @property {readonly string[]} mount
 * @property {number} cycles
 */

/** @param {Pick<Setting, 'disks' | 'mount'>} setting */
async function boot({ disks, mount }) {
  const guest = await bootUml({ disks });
  await guest.run(mount);
  return guest;
}

/**
 * The owner of each boot is the heir of the one before, with its number and, but for some ticks, its start
 * time.
 * @param {Report} report
 * @param {string} volume
 * @param {Setting & { limit: number }} setting
 */
async function powerCuts(report, volume, { cycles, limit, ...setting }) {
  const ms = [];
  const failures = [];
  const reasons = new Set();
  /** @type {any} */
  let last = null;
  let farthest = 0;
  for (let cycle = 0; cycle <= cycles; cycle += 1) {
    const guest = await boot(setting);
    const owner = await guest.start({ pid: PID, uptime: UPTIME });
    if (last !== null) {
      const { owner: found, verdict } = expectValue(await owner.ask('inspect', { path: LOCK }));
      reasons.add(verdict?.reason ?? 'no verdict');
      if (found?.nonce !== last.nonce) failures.push(`found ${found?.nonce}, not the lock of ${last.nonce}`);
    }
    const {
      value,
      error,
      wallMs = 0,
    } = await owner.ask('acquire', {
      path: LOCK,
      options: { lease: LEASE, timeout: 2 * limit },
    });
    if (error !== undefined) failures.push(error.message);
    else if (last !== null) {
      ms.push(wallMs);
      if (wallMs > limit) failures.push(`took ${wallMs} ms`);
      const { pid, startTicks, bootId } = value.identity;
      if (pid !== last.identity.pid) failures.push(`the number is ${pid}`);
      if (bootId === last.identity.bootId) failures.push('the boot id did not change');
      farthest = Math.max(farthest, Math.abs(startTicks - last.identity.startTicks));
    }
    last = value;
    await guest.run(['sync']);
    await guest.powerCut();
  }
  const wedges = failures.filter((failure) => failure.includes('ERR_LOCK_TIMEOUT')).length;
  const result = `same PID, ticks within ${farthest}: reclaimed, ${[...reasons].join(', ')}`;
  report.row({
    runtime: RUNTIME,
    situation: `${volume}, power cut mid-hold`,
    cycles,
    result,
    ms,
    wedges,
    failures,
  });
}

/**
 * The power goes while the lock changes hands and the disk is being written, so that any part of it may be
 * left.
 * @param {Report} report
 * @param {string} volume
 * @param {Setting} setting
 */
async function cutsAmidTurns(report, volume, { cycles, ...setting }) {
  const ms = [];
  const failures = [];
  /** @type {Record<string, number>} */
  const found = {};
  for (let cycle = 0; cycle <= cycles; cycle += 1) {
    const guest = await boot(setting);
    const owner = await guest.start();
    if (cycle > 0) {
      const { state } = expectValue(await owner.ask('inspect', { path: LOCK }));
      found[state] = (found[state] ?? 0) + 1;
      // The timeout is longer than the grace that an older program is given to write its owner.json.
      const { error, wallMs = 0 } = await owner.ask('acquire', { path: LOCK, options: { timeout: 15_000 } });
      if (error === undefined) {
        ms.push(wallMs);
        expectValue(await owner.ask('release', { path: LOCK }));
      } else failures.push(error.message);
    }
    const syncing = guest.run(['sh', '-c', 'while :; do sync; done']).catch(() => {});
    const until = performance.now() + 500 + Math.random() * 1_000;
    while (performance.now() < until) {
      expectValue(await owner.ask('acquire', { path: LOCK, options: { timeout: 15_000 } }));
      if (performance.now() < until) expectValue(await owner.ask('release', { path: LOCK }));
    }
    await guest.powerCut();
    await syncing;
  }
  const result = `found ${Object.entries(found)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')}: acquired`;
  const wedges = failures.length;
  report.row({
    runtime: RUNTIME,
    situation: `${volume}, power cut amid turns`,
    cycles,
    result,
    ms,
    wedges,
    failures,
  });
}

/**
 * The machine's clock is set while one process waits for another.
 * @param {Report} report
 * @param {string} disk
 */
async function clockSteps(report, disk) {
  const guest = await boot({ disks: [disk], mount: ['mount', '-t', 'ext4', '/dev/ubda', VOLUME] });
  for (const step of ['+1 hour', '-2 hours']) {
    const [owner, other] = [await guest.start(), await guest.start()];
    expectValue(await owner.ask('acquire', { path: LOCK }));
    const setting = sleep(LEASE).then(() => guest.run(['sh', '-c', `date -s '${step}'`]));
    const left = await leaveAlone(owner, other, LOCK, LEASE);
    await setting;
    const ms = await inherit(owner, other, LOCK, LEASE);
    report.row({
      runtime: RUNTIME,
      situation: `own ext4 disk, the clock is set by ${step} while one waits`,
      result: 'alive: left alone; killed: reclaimed',
      ms: [ms],
      ...left,
    });
    await other.kill();
  }
  await guest.powerCut();
}

/**
 * hostfs shows no kernel what another one changes in a file, renewals included. Neither side can judge the
 * other, so neither takes the lock.
 * @param {Report} report
 * @param {Pick<Setting, 'mount' | 'cycles'>} setting
 */
async function twoKernels(report, { mount, cycles }) {
  const [here, there] = await Promise.all([boot({ disks: [], mount }), boot({ disks: [], mount })]);
  const found = { thefts: 0, failures: /** @type {string[]} */ ([]) };
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const sides = cycle % 2 === 0 ? [here, there] : [there, here];
    const [owner, other] = await Promise.all(sides.map((guest) => guest.start({ pid: PID + 50 * cycle })));
    if (owner === undefined || other === undefined) throw new Error('no agents');
    const path = `${VOLUME}/${cycle}.lock`;
    expectValue(await owner.ask('acquire', { path, options: { lease: LEASE } }));
    const { thefts, failures } = await leaveAlone(owner, other, path, LEASE);
    found.thefts += thefts;
    found.failures.push(...failures);
    expectValue(await owner.ask('release', { path }));
    await Promise.all([owner.kill(), other.kill()]);
  }
  const result = 'same PID in both; alive: left alone for three leases';
  report.row({
    runtime: RUNTIME,
    situation: 'two kernels on one directory (hostfs)',
    cycles,
    result,
    ...found,
  });
  await Promise.all([here.powerCut(), there.powerCut()]);
}

/**
 * The host sees the directory on its own filesystem, the guest on one that others share.
 * @param {Report} report
 * @param {{ mount: readonly string[], shared: string }} setting
 */
async function withTheHost(report, { mount, shared }) {
  const runtime = `${RUNTIME} and its host`;
  const path = join(shared, 'a.lock');
  const first = await boot({ disks: [], mount });
  const inGuest = await first.start();
  const onHost = await startLocalAgent();
  expectValue(await inGuest.ask('acquire', { path: LOCK, options: { lease: LEASE } }));
  // The lock has two paths, and each side uses its own.
  const owner = { ...inGuest, ask: alwaysWith(inGuest, { path: LOCK }) };
  const left = await leaveAlone(owner, onHost, path, LEASE);
  await first.powerCut();
  const cut = await onHost.ask('acquire', { path, options: { timeout: 3 * LEASE } });
  if (cut.error?.code !== 'ERR_LOCK_TIMEOUT') left.failures.push(`the host took it: ${cut.error?.message}`);
  const result = 'alive or cut off, the host cannot tell and waits, until a person removes the lock';
  report.row({ runtime, situation: 'guest holds, host waits', result, ...left });
  rmSync(path, { recursive: true });
  expectValue(await onHost.ask('acquire', { path }));

  const guest = await boot({ disks: [], mount });
  const waiter = await guest.start();
  const failures = [];
  const options = { timeout: 3 * LEASE };
  const alive = await waiter.ask('acquire', { path: LOCK, options });
  await onHost.kill();
  const dead = await waiter.ask('acquire', { path: LOCK, options });
  for (const { error } of [alive, dead]) {
    if (error?.code !== 'ERR_LOCK_TIMEOUT') failures.push(error?.message ?? 'the guest took it');
  }
  const observer = await startLocalAgent();
  if (!expectValue(await observer.ask('reclaim', { path })).reclaimed)
    failures.push('the host did not reclaim it');
  expectValue(await waiter.ask('acquire', { path: LOCK, options }));
  report.row({
    runtime,
    situation: 'host holds by a witness alone, guest waits',
    result: 'alive or dead, the guest cannot tell and waits; a process of the host clears it',
    thefts: alive.error === undefined ? 1 : 0,
    failures,
  });
  await observer.kill();
  await guest.powerCut();
}

/**
 * @param {Agent} agent
 * @param {Record<string, unknown>} fixed
 * @returns {Agent['ask']}
 */
function alwaysWith(agent, fixed) {
  return (call, request = {}, timeoutMs) => agent.ask(call, { ...request, ...fixed }, timeoutMs);
}
