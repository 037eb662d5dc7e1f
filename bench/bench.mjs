// Measures in one run what this package costs, beside other packages and beside the same system calls in C.
// docs/performance.md says what each row is and how it is measured.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { describeMachine } from './harness/machine.mjs';
import { barsText, machineLine, tablesOf, tableText } from './harness/report.mjs';
import { Result } from './harness/result.mjs';
import { defaultParent, makeScratch } from './harness/scratch.mjs';
import { measureAcquire } from './parts/acquire.mjs';
import { measureLeaks, measureSize } from './parts/footprint.mjs';
import { measureInspect } from './parts/inspect.mjs';
import { measureCompare, measureJudge } from './parts/judge.mjs';
import { measureLifeline } from './parts/lifeline.mjs';
import { measurePoll } from './parts/poll.mjs';
import { measureScaling } from './parts/scaling.mjs';
import { measureImport, measureQueue } from './parts/start.mjs';
import { measureIdle, measureWake } from './parts/wake.mjs';
import { NOT_INSTALLED } from './peers/load.mjs';

const USAGE = `npm run bench -- [--quick] [--only PART,...] [--dir DIR] [--json FILE]

  --quick        ends within 20 s; the figures are rough, and some rows are left out
  --only PARTS   measures only some of: PARTS
  --dir DIR      makes the locks there; by default in /dev/shm if that is a tmpfs, else in the temporary directory
  --json FILE    writes { machine, rows, bars }; with --only, the other parts in the file stay`;

/** The parts, in the order of the report. */
const PARTS = {
  poll: measurePoll,
  lifeline: measureLifeline,
  judge: measureJudge,
  compare: measureCompare,
  inspect: measureInspect,
  acquire: measureAcquire,
  wake: measureWake,
  idle: measureIdle,
  import: measureImport,
  queue: measureQueue,
  scaling: measureScaling,
  leaks: measureLeaks,
  size: measureSize,
};

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    dir: { type: 'string', default: defaultParent() },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const wanted = Object.keys(PARTS).filter((name) => options.only.split(',').includes(name));
const unknown = options.only.split(',').filter((name) => !Object.hasOwn(PARTS, name));
if (options.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`there is no part ${unknown.join(', ')}\n`);
  console.log(USAGE.replace('PARTS\n', `${Object.keys(PARTS).join(', ')}\n`));
  process.exit(unknown.length > 0 ? 2 : 0);
}

const { quick } = options;
const directory = makeScratch(options.dir);
const machine = describeMachine(options.dir);
console.log(machineLine(machine));
const plan = quick ? { rounds: 5, turnMs: 5 } : { rounds: 25, turnMs: 20 };
const result = new Result(options.json, machine, Object.keys(PARTS));
for (const name of wanted) {
  const [load] = loadavg();
  const measured = await PARTS[name]({ quick, directory, plan });
  for (const table of tablesOf(measured.rows)) console.log(`\n${tableText(table)}`);
  result.put(name, load, measured);
}
console.log(`\n${barsText(result.bars.filter(({ part }) => wanted.includes(part)))}`);
if (result.rows.some(({ missing }) => missing === NOT_INSTALLED)) {
  console.log('\nThe other packages are not all installed: npm run bench:install');
}
process.exit();
