// kernel-identity/proper-lockfile in fleets whose members are killed, beside the original, and below packages from npm.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { program } from '../frame/needs.mjs';
import { runCalls } from '../proper-lockfile/calls.mjs';
import { runFleet } from '../proper-lockfile/fleet.mjs';
import { install, NPM_INSTALL, packOurs, replacing } from '../proper-lockfile/install.mjs';
import { runPauses } from '../proper-lockfile/pauses.mjs';
import { runPrograms } from '../proper-lockfile/programs.mjs';
import { talkTo } from '../proper-lockfile/talk.mjs';

export const about =
  'in place of proper-lockfile: pauses, fleets with kill -9, beside the original, from npm, at each system call';
export const needs = () => [program('strace', 'proper-lockfile')];
export const minutes = 60;

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const OURS = join(TOP, 'dist/proper-lockfile/index.cjs');
const THEIRS = createRequire(import.meta.url).resolve('proper-lockfile');
const DEPENDENT = fileURLToPath(new URL('../proper-lockfile/dependent.cjs', import.meta.url));
/** Milliseconds for which an owner stands still: longer than any threshold of these packages. */
const PAUSE = 15_000;
const PACKAGES = {
  'jsonl-db': '@alcalzone/jsonl-db@4.0.2',
  testcontainers: 'testcontainers@12.0.4',
  '@salesforce/core': '@salesforce/core@8.32.6',
};

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, cycles }) {
  const setting = { top: TOP, ours: OURS, theirs: THEIRS, directory };
  await runPauses(report, setting);
  runPrograms(report, setting);
  await runFleets(report, directory, cycles);
  const project = installDependents(report, directory);
  if (project !== null) for (const name of Object.keys(PACKAGES)) await runDependent(report, project, name);
  await runCalls(report, setting);
}

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {string} directory
 * @param {number} cycles
 */
async function runFleets(report, directory, cycles) {
  const calm = { seconds: 6 * cycles, holdMs: 8 };
  // It goes on until it has had so many, and holds each as briefly as it can.
  const brisk = { seconds: 60 * cycles, holdMs: 0, most: 10_000 * cycles };
  /** @type {Record<string, { modules: string[], setting: import('../proper-lockfile/fleet.mjs').Setting }>} */
  const fleets = {
    'four of this': { modules: [OURS, OURS, OURS, OURS], setting: calm },
    'four of this, without a pause': { modules: [OURS, OURS, OURS, OURS], setting: brisk },
    'two of each': { modules: [OURS, THEIRS, OURS, THEIRS], setting: calm },
    'four of the original': { modules: [THEIRS, THEIRS, THEIRS, THEIRS], setting: calm },
  };
  let overlapsMixed = 0;
  for (const [situation, { modules, setting }] of Object.entries(fleets)) {
    const file = join(directory, situation.replaceAll(/\W/g, '-'));
    const { got, kills, overlaps, longestGapMs, longGaps, others } = await runFleet(modules, file, setting);
    const result = `${got} locks, ${kills} kills, ${overlaps} overlaps, longest gap ${longestGapMs.toFixed(0)} ms, ${longGaps} above 1 s, ${JSON.stringify(others)}`;
    console.log(`  ${situation}: ${result}`);
    const isOwn = !modules.includes(THEIRS);
    if (situation === 'two of each') overlapsMixed = overlaps;
    // What the original does to itself is no failure of ours, but the measure for the mixed fleet.
    const failures =
      situation === 'four of the original' && overlapsMixed > overlaps + 3
        ? [`the mixed fleet had ${overlapsMixed} overlaps, the original alone ${overlaps}`]
        : isOwn && longGaps > 0
          ? [`nobody had the lock for ${longestGapMs.toFixed(0)} ms`]
          : [];
    report.row({
      runtime: 'fleet',
      situation,
      cycles: kills,
      result,
      thefts: isOwn ? overlaps : 0,
      failures,
    });
  }
}

/**
 * Installs the packages with this one in the place of proper-lockfile.
 * @param {import('../frame/report.mjs').Report} report
 * @param {string} directory
 */
function installDependents(report, directory) {
  const project = join(directory, 'project');
  const packed = packOurs(TOP, join(directory, 'packed'));
  const standIn = `file:${packed.standIn}`;
  const overrides = replacing(packed, { '@alcalzone/proper-lockfile': standIn, undici: '7.10.0' });
  const manifest = { dependencies: { 'kernel-identity': overrides['kernel-identity'] }, overrides };
  const failure = install(project, manifest, [...NPM_INSTALL, ...Object.values(PACKAGES)]);
  if (failure === null) return project;
  report.skip('npm', 'packages that depend on it', failure);
  return null;
}

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {string} project
 * @param {string} name
 */
async function runDependent(report, project, name) {
  for (const situation of ['killed', 'blocked event loop', 'stopped']) {
    const file = join(project, `${name.replaceAll('/', '-')}-${situation.replaceAll(' ', '-')}.json`);
    writeFileSync(file, '');
    const owner = start(project, name, file, 'hold');
    const failures = [];
    if ((await owner.line()) !== 'held') failures.push('the owner did not get the lock');
    const started = performance.now();
    if (situation === 'killed') owner.child.kill('SIGKILL');
    if (situation === 'stopped') owner.child.kill('SIGSTOP');
    if (situation === 'blocked event loop') owner.child.stdin.write(`${PAUSE}\n`);
    const contender = start(project, name, file, 'try');
    const first = contender.line();
    const early = situation === 'killed' ? null : await Promise.race([first, sleep(PAUSE - 500, null)]);
    if (early === 'got') failures.push('another got the lock while its owner lived');
    if (situation === 'stopped') owner.child.kill('SIGCONT');
    if (situation !== 'killed') {
      owner.child.stdin.write('0\n');
      const end = await owner.line();
      if (end !== 'done') failures.push(`the owner ended with ${end}`);
    }
    const outcome = await first;
    const ms = Math.round(performance.now() - started);
    if (situation === 'killed' && (outcome !== 'got' || ms > 5_000))
      failures.push(`${outcome} after ${ms} ms`);
    console.log(`  ${name}, owner ${situation}: the next one says ${outcome} after ${ms} ms`);
    report.row({ runtime: name, situation, result: `${outcome} after ${ms} ms`, failures });
    for (const { child } of [owner, contender]) child.kill('SIGKILL');
  }
}

/**
 * @param {string} project
 * @param {string} name
 * @param {string} file
 * @param {'hold' | 'try'} action
 */
function start(project, name, file, action) {
  return talkTo([process.execPath, DEPENDENT, project, name, file, action]);
}
