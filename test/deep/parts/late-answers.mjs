// An owner that only its beats show to be alive, because it is plain Node in another container, on a filesystem where no
// witness can be tested. Nothing that delays its observer may be taken for its silence.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program, root } from '../frame/needs.mjs';
import { APART, startLocalAgent } from '../locks/agent.mjs';
import { MOUNTS } from '../locks/mounts.mjs';
import { expectValue } from '../locks/situations.mjs';

/** @typedef {import('../locks/agent.mjs').Agent} Agent */
/** @typedef {{ robbed: boolean, failure: string | null }} Course */

export const about =
  'an owner known by its lease alone, and observers that are late, stopped or frozen with it: not robbed';
export const needs = () => [
  root(),
  program('strace', 'late-answers'),
  program('bindfs', 'late-answers'),
  program('unshare', 'late-answers'),
];
export const minutes = 20;

/** ms */
const LEASE = 3_000;
/** ms by which one answer is late. */
const DELAY = 4_000;
/** ms for which both are stopped. */
const STOP = 5_000;
/** ms for which the observer tries. */
const PATIENCE = 12_000;
/** Which of the observer's calls are late: those while it looks for the first beats. */
const FIRST = 4;
const CHOICES = 6;
/** So many cycles run at once. They mostly wait. */
const ABREAST = 5;

/** @param {import('../frame/report.mjs').Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory, cycles }) {
  for (const name of ['ramfs', 'bindfs']) {
    const mount = MOUNTS.find((one) => one.name === name);
    const [at, work] = [join(directory, name), join(directory, `under-${name}`)];
    for (const folder of [at, work]) mkdirSync(folder);
    mount?.mount(at, work);
    const late = await abreast(cycles, (cycle) =>
      answeredLate(join(at, `late-${cycle}.lock`), directory, cycle),
    );
    report.row(findings(name, `one answer comes ${DELAY / 1000} s late`, late));
    const stopped = await abreast(cycles / 2, (cycle) => bothStopped(join(at, `stopped-${cycle}.lock`)));
    report.row(findings(name, `owner and observer are stopped for ${STOP / 1000} s`, stopped));
  }
}

/**
 * @param {number} count
 * @param {(cycle: number) => Promise<Course>} cycle
 */
async function abreast(count, cycle) {
  /** @type {Course[]} */
  const courses = [];
  let next = 0;
  const lane = async () => {
    for (next += 1; next <= count; next += 1) courses.push(await cycle(next));
  };
  await Promise.all(Array.from({ length: ABREAST }, lane));
  return courses;
}

/** @param {string} runtime @param {string} situation @param {readonly Course[]} courses */
function findings(runtime, situation, courses) {
  const robbed = courses.filter((course) => course.robbed).length;
  return {
    runtime,
    situation: `plain Node, lease of ${LEASE / 1000} s: ${situation}`,
    cycles: courses.length,
    result: `robbed ${robbed} of ${courses.length}`,
    thefts: robbed,
    failures: courses.flatMap(({ failure }) => failure ?? []),
  };
}

/** @param {string} path */
async function startOwner(path) {
  const owner = await startLocalAgent({ through: APART, env: { KERNEL_IDENTITY_BACKEND: 'procfs' } });
  const { witness, lifeline, lease } = expectValue(
    await owner.ask('acquire', { path, options: { lease: LEASE } }),
  );
  if (witness !== null || (lifeline ?? null) !== null || lease === null) throw new Error('more than a lease');
  return owner;
}

/**
 * @param {string} path
 * @param {string} directory
 * @param {number} cycle
 * @returns {Promise<Course>}
 */
async function answeredLate(path, directory, cycle) {
  const owner = await startOwner(path);
  const log = join(directory, 'strace.log');
  const n = FIRST + (cycle % CHOICES);
  const strace = [
    ...['strace', '-f', '-o', `${log}.${cycle}`, '-P', join(path, 'owner.json'), '-e', 'trace=statx'],
    ...['-e', `inject=statx:delay_exit=${DELAY * 1000}:when=${n}`],
  ];
  const observer = await startLocalAgent({ through: [...APART, ...strace] });
  const course = await tryInVain(owner, observer, path);
  const wasLate = readFileSync(`${log}.${cycle}`, 'utf8').includes('(DELAYED)');
  return wasLate ? course : { ...course, failure: `call ${n} was not late` };
}

/**
 * Both are stopped at any moment of a beat. The observer goes on first.
 * @param {string} path
 * @returns {Promise<Course>}
 */
async function bothStopped(path) {
  const owner = await startOwner(path);
  const observer = await startLocalAgent({ through: APART });
  const course = tryInVain(owner, observer, path);
  await sleep(LEASE / 2 + Math.random() * LEASE);
  for (const agent of [owner, observer]) signal(agent, 'SIGSTOP');
  await sleep(STOP);
  signal(observer, 'SIGCONT');
  await sleep(Math.random() * 100);
  signal(owner, 'SIGCONT');
  return course;
}

/**
 * @param {Agent} owner
 * @param {Agent} observer
 * @param {string} path
 * @returns {Promise<Course>}
 */
async function tryInVain(owner, observer, path) {
  const { error } = await observer.ask('acquire', { path, options: { timeout: PATIENCE } }, 5 * PATIENCE);
  const holds = expectValue(await owner.ask('verify', { path }));
  await Promise.all([owner.kill(), observer.kill()]);
  const isRefused = error?.code === 'ERR_LOCK_TIMEOUT';
  return {
    robbed: error === undefined || holds !== true,
    failure: isRefused ? null : (error?.message ?? null),
  };
}

/**
 * Sends a signal to what runs in the agent's container.
 * @param {Agent} agent
 * @param {NodeJS.Signals} name
 */
function signal({ pid }, name) {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean);
    for (const child of children) process.kill(Number(child), name);
  }
}
