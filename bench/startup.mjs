// Compares the start-up of two builds of this package: loading, the first lock of a process, and the command `run`. The
// builds take turns, each in a process of its own: `npm run bench:startup -- DIR_A DIR_B`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiled } from './harness/compiled.mjs';
import { describeMachine } from './harness/machine.mjs';
import { machineLine, tableText } from './harness/report.mjs';
import { defaultParent, makeScratch, newPath } from './harness/scratch.mjs';
import { quartiles } from './harness/statistics.mjs';
import { endUnbuilt, readTwoBuilds } from './harness/two-builds.mjs';

const USAGE = `npm run bench:startup -- DIR_A DIR_B [--rounds N] [--node FILE]

  DIR_A, DIR_B   two checkouts of this package, both built
  --rounds N     how often each is started, in turns; by default 25
  --node FILE    the Node to start; by default this one

Times are ms, the smallest and the lower quartile: other work of the machine only ever adds to them. CPU time is
that of all threads. B/A is the ratio of the lower quartiles.`;

const FIRST_LOCK = fileURLToPath(new URL('start/first-lock.cjs', import.meta.url));
const RUN = 'run LOCK -- true';
const WITHOUT = 'the same without a lock';
const CLOCKS = ['wall', 'cpu'];
/** The least that any such program in Node does: it starts one command. */
const FLOOR = ['-e', "require('node:child_process').spawn('true', { stdio: 'inherit' })"];

const HEAD = ['A min', 'A p25', 'B min', 'B p25', 'B/A'];

const { builds, rounds, node } = readArguments();
const timer = compiled('start/timed');
if (timer === null) console.log('There is no C compiler, without which the command `run` is not measured.');
const parent = defaultParent();
const directory = makeScratch(parent);
console.log(machineLine(describeMachine(parent)));
console.log(`${started(['--version']).stdout.trim()}, A: ${builds.A.folder}, B: ${builds.B.folder}`);

/** The samples of A and B, in ms, by what was measured. */
const samples = new Map();
for (let round = 0; round < rounds; round += 1) {
  // The build that starts first is another one each time, so that the order favours neither.
  for (const name of round % 2 === 0 ? ['A', 'B'] : ['B', 'A']) measureOnce(name, builds[name]);
}
const lines = [...samples].map(lineOf);
if (timer !== null) lines.push(...CLOCKS.map(ownShare));
console.log(`\n${tableText({ title: `${rounds} rounds`, head: HEAD, lines })}`);

function measureOnce(name, { entries, program }) {
  for (const [how, entry] of Object.entries(entries)) {
    const { stdout, stderr } = started([FIRST_LOCK, entry, newPath(directory)]);
    if (stdout === '') throw new Error(`${entry}: ${stderr}`);
    const { load, lock } = JSON.parse(stdout);
    note(how, name, load);
    note(`first lock after ${how}`, name, lock);
  }
  if (timer === null) return;
  note(RUN, name, timed([program, 'run', newPath(directory), '--', 'true']));
  note(WITHOUT, name, timed(FLOOR));
}

/** @param ms by clock. */
function note(what, name, ms) {
  for (const clock of CLOCKS) {
    const row = rowOf(what, clock);
    if (!samples.has(row)) samples.set(row, { A: [], B: [] });
    samples.get(row)[name].push(ms[clock]);
  }
}

function rowOf(what, clock) {
  return `${what}, ${clock} time`;
}

function lineOf([what, { A, B }]) {
  return line(what, [statisticsOf(A), statisticsOf(B)]);
}

/** What `run` takes more than a program that only starts a command. */
function ownShare(clock) {
  const [run, without] = [RUN, WITHOUT].map((what) => samples.get(rowOf(what, clock)));
  const difference = (name) => {
    const floor = statisticsOf(without[name]);
    return statisticsOf(run[name]).map((ms, index) => ms - floor[index]);
  };
  return line(rowOf('own share of run', clock), [difference('A'), difference('B')]);
}

/** The smallest, and the lower quartile; NaN where nothing was measured. */
function statisticsOf(values) {
  return values.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...values), quartiles(values).p25];
}

function line(what, [a, b]) {
  const texts = [...a, ...b].map((ms) => (Number.isNaN(ms) ? '-' : ms.toFixed(1)));
  const ratio = b[1] / a[1];
  return [what, ...texts, Number.isNaN(ratio) ? '-' : ratio.toFixed(2)];
}

/** The ms that Node took with these arguments, by clock. */
function timed(args) {
  const { status, stdout, stderr } = spawnSync(timer, [node, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

function started(args) {
  return spawnSync(node, args, { encoding: 'utf8' });
}

function readArguments() {
  const options = { node: { type: 'string', default: process.execPath } };
  const { folders, rounds: count, values } = readTwoBuilds(USAGE, { rounds: 25, options });
  const [A, B] = folders.map(buildIn);
  return { builds: { A, B }, rounds: count, node: values.node };
}

/** The files of a build, which older ones do not all have. */
function buildIn(path) {
  const folder = resolve(path);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = { import: join(folder, 'dist/index.js'), require: join(folder, 'dist/index.cjs') };
  if (!existsSync(entries.require)) delete entries.require;
  if (existsSync(entries.import)) return { folder, entries, program: join(folder, bin['kernel-identity']) };
  return endUnbuilt(folder, entries.import);
}
