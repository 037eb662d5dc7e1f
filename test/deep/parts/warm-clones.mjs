import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { file, program, root } from '../frame/needs.mjs';
import { bootClonable, SHARED, WORKER } from '../guests/clonable.mjs';
import { locksOfBoth } from '../guests/insiders.mjs';
import { startNfsServer } from '../guests/nfs-server.mjs';
import { installedKernel } from '../guests/qemu.mjs';
import { copyTwice, nextTwins } from '../guests/twins.mjs';
import { makeImage } from '../locks/images.mjs';
import { expectValue } from '../locks/situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */
/** @typedef {import('../guests/guest.mjs').GuestAgent} GuestAgent */

export const about =
  'a running machine is copied while workers use the package; one copy has locks on NFS, the other wants them';
export const needs = () => [
  root(),
  ...['qemu-system-x86_64', 'mkfs.ext4', 'ganesha.nfsd', 'rpcbind'].map((name) =>
    program(name, 'warm-clones'),
  ),
  file('/bin/busybox', 'npm run test:deep:install warm-clones'),
  installedKernel(LINE) === null ? `needs a kernel ${LINE}: npm run test:deep:install warm-clones` : null,
];
export const minutes = 20;

/** This kernel has pidfd inodes, and a process and its double have the same one. */
const LINE = '6.12';
/** ms. One emulated machine keeps all leases, and must not lose one because it is slow. */
const LEASE = 10_000;
/** ms for which the second copy makes a call. More than a lease is left when a double has ended meanwhile. */
const PATIENCE = 2 * LEASE;
/** ms that a call may take beyond that. */
const SLACK = 120_000;
/** The calls of the package that the second copy makes. */
const CALLS = /** @type {const} */ (['tryAcquireLock', 'acquireLock', 'judgeOwner']);
const RUNTIME = `two copies of warm workers, kernel ${LINE}`;

/** @typedef {typeof CALLS[number]} Call */

/**
 * Who has the locks in the first copy, and what becomes of its double in the second.
 * @typedef {object} Situation
 * @property {string} name of the locks
 * @property {string} words
 * @property {GuestAgent} owner
 * @property {GuestAgent} [ending] its double, which is killed while others wait
 */

/**
 * @typedef {object} Scene
 * @property {Report} report
 * @property {number} cycles the number of locks in each situation
 * @property {string} share directory on this machine that both copies see
 * @property {GuestAgent} caller worker in the second copy
 */

/** @typedef {{ result: string, thefts: number, failures: string[] }} Outcome */

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory, cycles }) {
  const share = join(directory, 'share');
  mkdirSync(share);
  const { through } = await startNfsServer(share, join(directory, 'nfs'));
  const setting = { work: join(directory, 'machine'), share, through, count: 3 + 2 * CALLS.length };
  const [a, b] = await twoCopies(setting);
  // No process of the second copy has this number.
  const young = await a.guest.start({ pid: 900, script: WORKER });
  for (const worker of [...a.workers, young]) await keepSaying('a', worker);
  for (const worker of b.workers) await keepSaying('b', worker);

  const next = () => nextTwins([a, b]);
  const [one, two, three] = [next(), next(), next()];
  const scene = { report, cycles, share, caller: one.double };
  await three.double.kill();
  const itself = { name: 'itself', words: 'the owner’s double is the caller', owner: one.owner };
  const living = { name: 'living', words: 'the owner’s double lives', owner: two.owner };
  const gone = { name: 'gone', words: 'the owner’s double has ended', owner: three.owner };
  const late = { name: 'late', words: 'the owner was started after the copy', owner: young };
  const ending = () => {
    const { owner, double } = next();
    return { name: 'ending', words: 'the owner’s double ends meanwhile', owner, ending: double };
  };
  for (const call of CALLS) await leaveAlone(scene, call, [itself, living, gone, late, ending()]);
  for (const call of CALLS) await control(scene, call, [gone, late, ending()]);
  await inherit(scene, gone);
  await Promise.all([a, b].map(({ guest }) => guest.powerCut()));
}

/**
 * @param {{ work: string, share: string, through: readonly string[], count: number }} setting
 * @returns two copies, each with `count` workers
 */
async function twoCopies({ work, share, through, count }) {
  mkdirSync(work);
  const disk = makeImage('ext4', join(work, 'image'));
  const kernel = installedKernel(LINE) ?? '';
  const { guest, save } = await bootClonable({ kernel, work, disk, share, through });
  /** @type {GuestAgent[]} */
  const warm = [];
  while (warm.length < count) {
    const worker = await guest.start({ script: WORKER });
    expectValue(await worker.ask('warmUp', { path: `${SHARED}/warm.lock`, options: { lease: LEASE } }));
    warm.push(worker);
  }
  await guest.run(['sync']);
  return copyTwice(save, work, (one, sameAs) => ({ guest: one, workers: warm.map(sameAs) }));
}

/**
 * Equal boot ids do not prove that there is one kernel, so no living owner may be robbed.
 * @param {Scene} scene
 * @param {Call} call
 * @param {readonly Situation[]} situations
 */
async function leaveAlone(scene, call, situations) {
  const outcomes = await attempt(scene, call, situations, {});
  for (const [index, { words }] of situations.entries()) {
    const row = { runtime: RUNTIME, situation: `${call}, ${words}`, cycles: scene.cycles };
    scene.report.row({ ...row, .../** @type {Outcome} */ (outcomes[index]) });
  }
}

/**
 * The option takes equal boot ids for a proof. That is right for a machine that is never copied, and robs the
 * owners here, which the oracle must see.
 * @param {Scene} scene
 * @param {Call} call
 * @param {readonly Situation[]} situations
 */
async function control(scene, call, situations) {
  const outcomes = await attempt(scene, call, situations, { trustBootId: true });
  for (const [index, { words }] of situations.entries()) {
    const { result, thefts, failures } = /** @type {Outcome} */ (outcomes[index]);
    if (thefts === 0) failures.push('the oracle sees no theft');
    const situation = `control: ${call} with trustBootId, ${words}`;
    const said = `the wrong cure, ${thefts} owners are robbed: ${result}`;
    scene.report.row({ runtime: RUNTIME, situation, cycles: scene.cycles, result: said, failures });
  }
}

/**
 * Locks that are never taken would pass all rows above. So an owner is killed, and after its lease the other copy
 * must have them.
 * @param {Scene} scene
 * @param {Situation} situation whose owner is killed
 */
async function inherit({ report, cycles, caller }, { owner }) {
  const paths = Array.from({ length: cycles }, (_, index) => `${SHARED}/inherited.${index}.lock`);
  expectValue(await owner.ask('hold', { paths, options: { lease: LEASE } }, SLACK));
  await owner.kill();
  const request = { paths, options: {}, durationMs: PATIENCE, mark: `${SHARED}/inherited.seen` };
  const words = expectValue(await caller.ask('acquireLock', request, PATIENCE + SLACK));
  const said = paths.map((path) => words[path] ?? '');
  const wedges = said.filter((text) => !text.startsWith('taken')).length;
  const situation = 'acquireLock, the owner is killed after its double has ended';
  report.row({ runtime: RUNTIME, situation, cycles, result: tally(said), wedges });
}

/**
 * The owners take locks in the first copy and keep them. The second copy makes the call with each.
 * @param {Scene} scene
 * @param {Call} call
 * @param {readonly Situation[]} situations
 * @param {Record<string, unknown>} options of the call
 * @returns {Promise<Outcome[]>} one for each situation
 */
async function attempt({ cycles, share, caller }, call, situations, options) {
  const prefix = `${call}.${Object.keys(options).join('.') || 'default'}`;
  const pathsOf = (/** @type {Situation} */ { name }) =>
    Array.from({ length: cycles }, (_, index) => `${SHARED}/${prefix}.${name}.${index}.lock`);
  const ask = async (/** @type {GuestAgent} */ worker, /** @type {string} */ what, request = {}) =>
    expectValue(await worker.ask(what, request, PATIENCE + SLACK));

  const lease = { lease: LEASE };
  const holding = situations.map((one) => ask(one.owner, 'hold', { paths: pathsOf(one), options: lease }));
  await Promise.all(holding);
  const mark = `${prefix}.seen`;
  const paths = situations.flatMap(pathsOf);
  const calling = ask(caller, call, { paths, options, durationMs: PATIENCE, mark: `${SHARED}/${mark}` });
  await appears(join(share, mark));
  await Promise.all(situations.map(({ ending }) => ending?.kill()));
  /** @type {Record<string, string>} */
  const words = await calling;

  const outcomes = situations.map(async (one) => {
    const said = pathsOf(one).map((path) => words[path] ?? '');
    // The oracle also finds out that the owner lives, where the call takes nothing.
    const files = [fileOf('a', one.owner), fileOf('b', caller)].map((name) => join(share, name));
    const robbed = await locksOfBoth(files[0] ?? '', files[1] ?? '');
    const taken = robbed.filter((path) => pathsOf(one).includes(path)).length;
    const claimed = said.filter((text) => text.startsWith('taken')).length;
    // A verdict takes no lock. Its reader acts on it though, so a living owner that is called dead counts.
    const condemned = said.filter((text) => /\bdead,/.test(text)).length;
    const failures = taken === claimed ? [] : [`${claimed} were taken, the oracle sees ${taken}`];
    return { result: tally(said), thefts: taken + condemned, failures };
  });
  const ended = await Promise.all(outcomes);
  for (const worker of [caller, ...situations.map(({ owner }) => owner)]) await ask(worker, 'leave');
  return ended;
}

/**
 * From now on the worker says which locks it is inside of.
 * @param {'a' | 'b'} copy
 * @param {GuestAgent} worker
 */
async function keepSaying(copy, worker) {
  expectValue(await worker.ask('sayIn', { path: `${SHARED}/${fileOf(copy, worker)}` }));
}

/** @param {'a' | 'b'} copy @param {GuestAgent} worker */
function fileOf(copy, { pid }) {
  return `${copy}.${pid}.said`;
}

/** @param {string} path */
async function appears(path) {
  const until = performance.now() + SLACK;
  while (!existsSync(path)) {
    if (performance.now() > until) throw new Error(`${path} does not appear`);
    await sleep(50);
  }
}

/** Says how often each text occurs. @param {readonly string[]} texts */
function tally(texts) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `${count} × ${text}`).join(', ');
}
