import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { file, program, root } from '../frame/needs.mjs';
import { bootClonable, ETCD_WORKER, HOST } from '../guests/clonable.mjs';
import { startNfsServer } from '../guests/nfs-server.mjs';
import { installedKernel } from '../guests/qemu.mjs';
import { copyTwice, nextTwins } from '../guests/twins.mjs';
import { makeImage } from '../locks/images.mjs';
import { expectValue } from '../locks/situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */
/** @typedef {import('../guests/guest.mjs').GuestAgent} GuestAgent */

export const about =
  'a running machine is copied while workers have sessions on etcd; one copy has locks, the other wants them';
export const needs = () => [
  root(),
  ...['qemu-system-x86_64', 'mkfs.ext4', 'ganesha.nfsd', 'rpcbind', 'etcd'].map((name) =>
    program(name, 'etcd-clones'),
  ),
  file('/bin/busybox', 'npm run test:deep:install etcd-clones'),
  installedKernel(LINE) === null ? `needs a kernel ${LINE}: npm run test:deep:install etcd-clones` : null,
];
export const minutes = 15;

const LINE = '6.12';
const RUNTIME = `etcd, two copies of warm workers, kernel ${LINE}`;
const ADDRESS = `etcd://${HOST}:2379/locks/`;
/** ms. An emulated machine is slow, and stands still while it is copied. */
const TTL = 60_000;
const WORKERS = 6;
/** ms that a waiter lets pass after a death, in which a copy of the owner renews the lease. */
const SETTLE = TTL / 3 + 3_000;
/** ms for which the second copy waits for locks that are held. */
const PATIENCE = 20_000;
/** ms within which an owner must have heard that its entry is gone: it looks every third of its lease. */
const TOLD = TTL / 3 + 5_000;
/** ms that a call may take beyond that. */
const SLACK = 120_000;

/**
 * @typedef {object} Scene
 * @property {Report} report
 * @property {number} cycles the number of locks in each situation
 * @property {GuestAgent} caller a worker in the second copy
 */
/** @typedef {{ name: string, words: string, owner: GuestAgent }} Situation */
/** @typedef {import('../guests/twins.mjs').Twins} Twins */

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory, cycles }) {
  const share = join(directory, 'share');
  mkdirSync(share);
  const { through } = await startNfsServer(share, join(directory, 'nfs'));
  startEtcd(through, directory);
  const [a, b] = await twoCopies({ work: join(directory, 'machine'), share, through, cycles });
  const caller = b.workers.pop();
  if (caller === undefined) throw new Error('no workers');
  const next = () => nextTwins([a, b]);
  // No process of the second copy has this number.
  const young = await a.guest.start({ pid: 900, script: ETCD_WORKER });
  expectValue(await young.ask('warmUp', { address: ADDRESS, options: { ttl: TTL } }, SLACK));
  const scene = { report, cycles, caller };
  await heldBefore(scene, next());
  await settled(scene, next());
  await twins(scene, next());
  const living = { name: 'living', words: 'the owner’s double lives', owner: next().owner };
  const ended = next();
  await ended.double.kill();
  const gone = { name: 'gone', words: 'the owner’s double has ended', owner: ended.owner };
  const late = { name: 'late', words: 'the owner was started after the copy', owner: young };
  await leaveAlone(scene, [living, gone, late]);
  await control(scene, [gone, late]);
  await inherit(scene, gone);
  await Promise.all([a, b].map(({ guest }) => guest.powerCut()));
}

/** An etcd of one node in the network of the machines. @param {readonly string[]} through @param {string} directory */
function startEtcd(through, directory) {
  const log = openSync(join(directory, 'etcd.log'), 'w');
  const [program = '', ...words] = [...through, 'etcd', '--data-dir', join(directory, 'etcd')];
  spawn(program, words, { stdio: ['ignore', log, log] });
}

/** @param {{ work: string, share: string, through: readonly string[], cycles: number }} setting */
async function twoCopies({ work, share, through, cycles }) {
  mkdirSync(work);
  const disk = makeImage('ext4', join(work, 'image'));
  const kernel = installedKernel(LINE) ?? '';
  const { guest, save } = await bootClonable({ kernel, work, disk, share, through });
  /** @type {GuestAgent[]} */
  const warm = [];
  while (warm.length < WORKERS) {
    const worker = await guest.start({ script: ETCD_WORKER });
    expectValue(await worker.ask('warmUp', { address: ADDRESS, options: { ttl: TTL } }, SLACK));
    warm.push(worker);
  }
  for (const [index, prefix] of ['before', 'settled'].entries()) {
    const request = { names: namesOf(prefix, cycles), timeout: PATIENCE };
    expectValue(await /** @type {GuestAgent} */ (warm[index]).ask('acquire', request, SLACK));
  }
  return copyTwice(save, work, (one, sameAs) => ({ guest: one, workers: warm.map(sameAs) }));
}

/**
 * The locks were held when the machine was copied, so that they have two owners. One of these ends, while a waiter beside
 * it looks on, which takes its locks: their renewals came at the same moments. The other one must hear of that soon.
 * @param {Scene} scene
 * @param {Twins} twins
 */
async function heldBefore({ report, cycles, caller }, { owner, double }) {
  const names = namesOf('before', cycles);
  const waiting = caller.ask('acquire', { names, timeout: PATIENCE }, PATIENCE + SLACK);
  await sleep(PATIENCE / 4);
  await double.kill();
  const words = expectValue(await waiting);
  const takenAt = performance.now();
  const taken = names.filter((name) => String(words[name]).startsWith('taken'));
  const failures = [];
  while (expectValue(await owner.ask('held')).some((/** @type {string} */ name) => taken.includes(name))) {
    if (performance.now() < takenAt + TOLD) continue;
    failures.push('the owner was not told');
    break;
  }
  const ms = [performance.now() - takenAt];
  const said = tally(names.map((name) => String(words[name])));
  const result = `a documented limit: ${said}; the other owner was told after ${ms[0]?.toFixed(0)} ms`;
  const situation = 'acquire, held since before the copy, the owner’s double ends meanwhile';
  report.row({ runtime: RUNTIME, situation, cycles, result, ms, failures });
  for (const worker of [caller, owner]) expectValue(await worker.ask('leave', {}, SLACK));
}

/**
 * The same, and the waiter lets some time pass. In that the other owner renews the lease, which no dead one does.
 * @param {Scene} scene
 * @param {Twins} twins
 */
async function settled({ report, cycles, caller }, { owner, double }) {
  const names = namesOf('settled', cycles);
  const timeout = SETTLE + PATIENCE;
  const more = { address: ADDRESS, options: { ttl: TTL, settle: SETTLE } };
  const waiting = caller.ask('acquire', { names, timeout, ...more }, timeout + SLACK);
  await sleep(PATIENCE / 4);
  await double.kill();
  const words = expectValue(await waiting);
  const said = names.map((name) => String(words[name]));
  const held = expectValue(await owner.ask('held'));
  const result = `${tally(said)}; the other owner has ${held.length}`;
  const thefts = said.filter((text) => text.startsWith('taken')).length;
  const failures = held.length < cycles ? ['the other owner lost a lock'] : [];
  const situation = 'the same, with settle';
  report.row({ runtime: RUNTIME, situation, cycles, result, thefts, failures });
  for (const worker of [caller, owner]) expectValue(await worker.ask('leave', {}, SLACK));
}

/**
 * A worker and its double, which share a session, want the same locks.
 * @param {Scene} scene
 * @param {Twins} twins
 */
async function twins({ report, cycles }, { owner, double }) {
  const names = namesOf('twins', cycles);
  expectValue(await owner.ask('acquire', { names, timeout: PATIENCE }, SLACK));
  const words = expectValue(await double.ask('acquire', { names, timeout: PATIENCE }, PATIENCE + SLACK));
  const [ofOwner, ofDouble] = [await owner.ask('held'), await double.ask('held')].map(expectValue);
  const both = names.filter((name) => ofOwner.includes(name) && ofDouble.includes(name)).length;
  const result = `${tally(names.map((name) => String(words[name])))}; the owner has ${ofOwner.length}`;
  report.row({ runtime: RUNTIME, situation: 'acquire, by the owner’s double', cycles, result, thefts: both });
  for (const worker of [owner, double]) expectValue(await worker.ask('leave', {}, SLACK));
}

/**
 * Equal boot ids, and lifelines that nobody holds here, do not prove that there is one kernel.
 * @param {Scene} scene
 * @param {readonly Situation[]} situations
 */
async function leaveAlone({ report, cycles, caller }, situations) {
  for (const { words, said, both } of await attempt(cycles, caller, situations, {})) {
    const failures = said.some((text) => text.startsWith('taken')) ? ['a lock was taken'] : [];
    const row = { runtime: RUNTIME, situation: `acquire, ${words}`, cycles, result: tally(said) };
    report.row({ ...row, thefts: both, failures });
  }
}

/**
 * The option takes equal boot ids for a proof, and robs the owners, which the oracle must see.
 * @param {Scene} scene
 * @param {readonly Situation[]} situations
 */
async function control({ report, cycles, caller }, situations) {
  const options = { ttl: TTL, trustBootId: true };
  for (const { words, said } of await attempt(cycles, caller, situations, options)) {
    const robbed = said.filter((text) => text.startsWith('taken')).length;
    const failures = robbed === 0 ? ['the oracle sees no theft'] : [];
    const situation = `control: acquire with trustBootId, ${words}`;
    const result = `the wrong cure, ${robbed} owners are robbed: ${tally(said)}`;
    report.row({ runtime: RUNTIME, situation, cycles, result, failures });
  }
}

/**
 * Locks that are never taken would pass all rows above. So an owner is killed, and after its lease the other copy has
 * them.
 * @param {Scene} scene
 * @param {Situation} situation whose owner is killed
 */
async function inherit({ report, cycles, caller }, { owner }) {
  const names = namesOf('inherited', cycles);
  expectValue(await owner.ask('acquire', { names, timeout: PATIENCE }, SLACK));
  await owner.kill();
  const killedAt = performance.now();
  const timeout = TTL + PATIENCE;
  const words = expectValue(await caller.ask('acquire', { names, timeout }, timeout + SLACK));
  const ms = [performance.now() - killedAt];
  const said = names.map((name) => words[name] ?? '');
  const wedges = said.filter((text) => !text.startsWith('taken')).length;
  const situation = 'acquire, the owner is killed after its double has ended';
  report.row({ runtime: RUNTIME, situation, cycles, result: tally(said), ms, wedges });
}

/**
 * The owners take locks in the first copy and keep them. The second copy waits for all.
 * @param {number} cycles
 * @param {GuestAgent} caller
 * @param {readonly Situation[]} situations
 * @param {Record<string, unknown>} options of the caller's locks; empty: those that it had opened before the copy
 */
async function attempt(cycles, caller, situations, options) {
  const isNew = Object.keys(options).length > 0;
  const named = situations.map((one) => ({
    ...one,
    names: namesOf(`${one.name}-${isNew ? 'control' : 'default'}`, cycles),
  }));
  for (const { owner, names } of named)
    expectValue(await owner.ask('acquire', { names, timeout: PATIENCE }, SLACK));
  const request = { names: named.flatMap(({ names }) => names), timeout: PATIENCE };
  const more = isNew ? { address: ADDRESS, options } : {};
  const words = expectValue(await caller.ask('acquire', { ...request, ...more }, PATIENCE + SLACK));
  const outcomes = [];
  for (const { words: situation, owner, names } of named) {
    const [ofOwner, ofCaller] = [await owner.ask('held'), await caller.ask('held')].map(expectValue);
    const both = names.filter((name) => ofOwner.includes(name) && ofCaller.includes(name)).length;
    outcomes.push({ words: situation, said: names.map((name) => String(words[name])), both });
  }
  for (const worker of [caller, ...situations.map(({ owner }) => owner)])
    expectValue(await worker.ask('leave', {}, SLACK));
  return outcomes;
}

/** @param {string} prefix @param {number} count */
function namesOf(prefix, count) {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** Says how often each text occurs. @param {readonly string[]} texts */
function tally(texts) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `${count} × ${text}`).join(', ');
}
