// kernel-identity/proper-lockfile in fleets whose members are killed, beside the original, and below packages from npm.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runFleet } from '../proper-lockfile/fleet.mjs';

export const about =
  'in place of proper-lockfile: fleets with kill -9, beside the original, below packages from npm';
export const needs = () => [];
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
  await runFleets(report, directory, cycles);
  const project = install(directory);
  if (project === null) return report.skip('npm', 'packages that depend on it', 'npm could not install them');
  for (const name of Object.keys(PACKAGES)) await runDependent(report, project, name);
}

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {string} directory
 * @param {number} cycles
 */
async function runFleets(report, directory, cycles) {
  const setting = { seconds: 6 * cycles, holdMs: 8 };
  const fleets = {
    'four of this': [OURS, OURS, OURS, OURS],
    'two of each': [OURS, THEIRS, OURS, THEIRS],
    'four of the original': [THEIRS, THEIRS, THEIRS, THEIRS],
  };
  let overlapsMixed = 0;
  for (const [situation, modules] of Object.entries(fleets)) {
    const file = join(directory, situation.replaceAll(' ', '-'));
    const { got, kills, overlaps, longestGapMs, others } = await runFleet(modules, file, setting);
    const result = `${got} locks, ${kills} kills, ${overlaps} overlaps, longest gap ${longestGapMs.toFixed(0)} ms, ${JSON.stringify(others)}`;
    console.log(`  ${situation}: ${result}`);
    const isOwn = !modules.includes(THEIRS);
    if (situation === 'two of each') overlapsMixed = overlaps;
    // What the original does to itself is no failure of ours, but the measure for the mixed fleet.
    const failures =
      situation === 'four of the original' && overlapsMixed > overlaps + 3
        ? [`the mixed fleet had ${overlapsMixed} overlaps, the original alone ${overlaps}`]
        : isOwn && longestGapMs > 1_000
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
 * @param {string} directory
 */
function install(directory) {
  const project = join(directory, 'project');
  mkdirSync(project);
  /** @param {string} folder */
  const pack = (folder) => {
    const { stdout, status } = spawnSync(
      'npm',
      ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
      { cwd: folder, encoding: 'utf8' },
    );
    return status === 0 ? `file:./${stdout.trim().split('\n').at(-1)}` : null;
  };
  const [own, standIn] = [pack(TOP), pack(join(TOP, 'packages/proper-lockfile'))];
  if (own === null || standIn === null) throw new Error('npm pack failed');
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { 'kernel-identity': own },
      overrides: {
        'proper-lockfile': standIn,
        '@alcalzone/proper-lockfile': standIn,
        'kernel-identity': own,
        undici: '7.10.0',
      },
    }),
  );
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...Object.values(PACKAGES)];
  const { status } = spawnSync('npm', args, { cwd: project, stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? project : null;
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
  const child = spawn(process.execPath, [DEPENDENT, project, name, file, action], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // It may be gone before it reads.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout);
  /** @type {string[]} */
  const said = [];
  lines.on('line', (line) => said.push(line));
  let read = 0;
  return {
    child,
    /** @returns {Promise<string>} the next line, or that it ended */
    async line() {
      while (said.length <= read) {
        const ended = await Promise.race([
          once(lines, 'line').then(() => false),
          once(lines, 'close').then(() => true),
        ]);
        if (ended && said.length <= read) return 'ended';
      }
      return said[read++] ?? 'ended';
    },
  };
}
