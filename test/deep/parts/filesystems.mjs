import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program, root } from '../frame/needs.mjs';
import { APART, startLocalAgent } from '../locks/agent.mjs';
import { MOUNTS } from '../locks/mounts.mjs';
import { expectValue, inherit, leaveAlone } from '../locks/situations.mjs';
import { tryLock } from '../locks/try-lock.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */

export const about = 'what a lock stands on, filesystem by filesystem, between owners in two containers';
export const needs = () => [root(), program('unshare', 'filesystems')];
export const minutes = 20;

/** ms */
const LEASE = 1_000;

const start = () => startLocalAgent({ through: APART });

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { slice, directory }) {
  for (const mount of MOUNTS) {
    const missing = mount.program === undefined ? null : program(mount.program, 'filesystems');
    if (missing !== null) {
      report.skip(mount.name, 'a lock', missing);
      continue;
    }
    const work = join(directory, mount.name);
    const at = join(work, 'mounted');
    mkdirSync(at, { recursive: true });
    try {
      mount.mount(at, work);
    } catch (error) {
      report.skip(mount.name, 'a lock', `cannot be mounted: ${String(error).split('\n')[0]}`);
      continue;
    }
    report.row(await tryLock(mount, join(at, 'a.lock'), start, slice ? 1_000 : 5_000));
  }
  await throughTwoMounts(report, join(directory, 'two mounts'));
}

/**
 * Two mounts of one directory are like two machines to each other. Each remembers a file's status for an
 * hour.
 * @param {Report} report
 * @param {string} work
 */
async function throughTwoMounts(report, work) {
  const names = { runtime: 'bindfs', situation: 'two mounts that remember for an hour' };
  const missing = program('bindfs', 'filesystems');
  if (missing !== null) return report.skip(names.runtime, names.situation, missing);
  const [under = '', here = '', there = ''] = ['under', 'here', 'there'].map((name) => join(work, name));
  for (const folder of [under, here, there]) mkdirSync(folder, { recursive: true });
  for (const at of [here, there]) {
    execFileSync('bindfs', ['-o', 'attr_timeout=3600,kernel_cache', under, at]);
  }
  const [owner, heir] = [await start(), await start()];
  const ours = { path: join(here, 'a.lock') };
  const theirs = join(there, 'a.lock');
  expectValue(await owner.ask('acquire', { ...ours, options: { lease: LEASE } }));
  const asSeenHere = /** @type {typeof owner} */ ({
    ...owner,
    pid: owner.pid,
    ask: (call, request = {}) => owner.ask(call, { ...request, ...ours }),
    kill: () => owner.kill(),
  });
  const left = await leaveAlone(asSeenHere, heir, theirs, LEASE);
  const ms = await inherit(asSeenHere, heir, theirs, LEASE);
  await heir.kill();
  report.row({
    ...names,
    result: 'alive: left alone for three leases; killed: reclaimed',
    ms: [ms],
    ...left,
  });
}
