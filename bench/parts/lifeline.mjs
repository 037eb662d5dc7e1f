import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadAddon } from '../../build/modules/backend/native.js';
import { acquireLockSync } from '../../dist/index.js';
import { atMost, atMostFloor } from '../harness/bars.mjs';
import { compiled } from '../harness/compiled.mjs';
import { Floor, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup, missingRow, row } from '../harness/group.mjs';
import { Talker } from '../harness/processes.mjs';
import { inBatches, interleave, oneByOne } from '../harness/sample.mjs';
import { newPath } from '../harness/scratch.mjs';
import { summary } from '../harness/statistics.mjs';
import { byLifeline, deathsSeen } from '../poll/deaths.mjs';
import { whyNoNamespaces } from '../poll/namespaces.mjs';
import { BIRTHS, SCALING } from '../scaling/groups.mjs';

const MS = 1e6;
const BATCH = 100;

const DEATH = 'a lifeline, in a container that shares nothing';
const TEST = 'lifeline test';
const IN_C = 'F_OFD_GETLK in C';
const SLEEPER = 'a watcher that sleeps';

/** Measures what lifelines cost: a test, the time until a death is heard, and all of it in a crowd. */
export async function measureLifeline({ quick, directory, plan }) {
  if (compiled('lifeline/kin') === null) {
    return { rows: [missingRow(SCALING.lifelines, TEST, NO_COMPILER)], bars: [] };
  }
  const deaths = await deathRow(quick ? 5 : 100, directory);
  const { lifeline } = loadAddon();
  const rows = [];
  const tests = await withKin(1, 0, async (offset) => {
    const floor = Floor.start({ lifeline: offset });
    try {
      return await measureGroup(
        {
          group: 'test a lifeline that is held',
          own: TEST,
          floor: IN_C,
          subjects: {
            [TEST]: testSubject(lifeline, `time:${offset}`),
            [IN_C]: floor.subject('test-lifeline', BATCH),
          },
        },
        plan,
      );
    } finally {
      await floor.end();
    }
  });
  rows.push(deaths, ...tests);
  const numbers = quick ? [10] : [10, 100, 1000];
  for (const number of numbers) rows.push(...(await crowdRows(number, lifeline, { quick, directory, plan })));
  const sleepers = rows.filter(({ series }) => series === SLEEPER);
  return {
    rows,
    bars: [
      atMost(`the death of ${DEATH}: p50 <= 2 ms`, [deaths], DEATH, 2 * MS),
      atMostFloor('a test of a lifeline: at most 1.5 x C', tests, TEST, 1.5),
      ...sleepers.map(({ name, at }) =>
        atMost(`${SLEEPER}, ${at} processes and ${BIRTHS} births a second: < 0.5 %`, sleepers, name, 0.5),
      ),
    ],
  };
}

async function deathRow(rounds, directory) {
  const group = 'a death, seen by a loop that polls: lifelines';
  const obstacle = await whyNoNamespaces();
  if (obstacle !== null) return missingRow(group, DEATH, obstacle);
  const { p50, p99, samples } = summary(await deathsSeen(rounds, () => byLifeline(directory)));
  return row({ group, name: DEATH, p50, p99, ratio: 1, samples });
}

/** The cost of each thing while so many processes of the kernel hold a lifeline, and others come and go. */
function crowdRows(number, lifeline, { quick, directory, plan }) {
  return withKin(number, BIRTHS, async (offset) => {
    const watched = `time:${BigInt(offset) + BigInt(Math.floor(number / 2))}`;
    const path = newPath(directory);
    const results = await interleave(
      {
        [TEST]: testSubject(lifeline, watched),
        'acquire and release a lock': oneByOne(() => acquireLockSync(path).releaseSync()),
      },
      { ...plan, rounds: quick ? 2 : 5 },
    );
    const inSeries = (name, values) => ({
      ...row({ group: SCALING.lifelines, name: `${name}, ${number}`, ratio: 1, ...values }),
      series: name,
      at: number,
    });
    const rows = Object.entries(results).map(([name, { p50, p99, batch, samples }]) =>
      inSeries(name, { p50, p99, batch, samples }),
    );
    const percent = await costOfSleeping(watched, quick ? 1000 : 10_000);
    return [...rows, inSeries(SLEEPER, { unit: '%', p50: percent })];
  });
}

/** The share of a core, in %, that the thread takes which watches one lifeline. */
async function costOfSleeping(watched, ms) {
  const script = fileURLToPath(new URL('../lifeline/sleeper.mjs', import.meta.url));
  const sleeper = new Talker(process.execPath, script, watched);
  try {
    await sleeper.until('ready');
    const used = async () => {
      sleeper.write('used');
      return (await sleeper.until('ns')).ns;
    };
    const before = await used();
    const started = performance.now();
    await sleep(ms);
    return (((await used()) - before) / MS / (performance.now() - started)) * 100;
  } finally {
    await sleeper.kill();
  }
}

function testSubject(lifeline, text) {
  return inBatches(BATCH, (count) => {
    for (let i = 0; i < count; i += 1) {
      if (lifeline.test(text) !== 'held') throw new Error('the lifeline of a living process is not held');
    }
  });
}

/** Runs `use` with the offset of the first lifeline of a crowd (lifeline/kin.c). */
async function withKin(processes, births, use) {
  const kin = new Talker(compiled('lifeline/kin'), String(processes), String(births));
  try {
    return await use(await kin.line());
  } finally {
    await kin.kill();
  }
}
