// A held lifeline is never seen free, however many others are taken, dropped and closed around it, and a free one is
// never seen held. Some of the tests run while this process itself takes and drops lifelines of locks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadAddon } from '../../../build/modules/backend/native.js';
import { program } from '../frame/needs.mjs';

export const about = 'lifelines tested while others are born, die and are dropped: none is misread';
export const needs = () => [program('gcc', 'lifelines')];
export const slice = true;

const SOURCE = fileURLToPath(new URL('../lifelines/churn.c', import.meta.url));
const CHURNERS = 6;
const HELD = 100;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, slice }) {
  const churn = join(directory, 'churn');
  await once(spawn('gcc', ['-O2', '-Wall', '-o', churn, SOURCE], { stdio: 'inherit' }), 'exit');
  const children = [
    spawn(churn, ['hold', String(HELD)]),
    ...Array.from({ length: CHURNERS }, () => spawn(churn, ['churn'])),
  ];
  try {
    const [holder] = children;
    const [line] = await once(createInterface({ input: /** @type {any} */ (holder).stdout }), 'line');
    const rounds = slice ? 100_000 : 3_000_000;
    const { counts, failures } = misread(BigInt(line), rounds);
    report.row({
      runtime: `${CHURNERS} processes that take, drop and close`,
      situation: `${rounds} tests of held lifelines, as many of free ones`,
      result: counts,
      failures,
    });
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/**
 * @param {bigint} first the offset of the first of the lifelines that are held
 * @param {number} rounds
 */
function misread(first, rounds) {
  const { lifeline } = loadAddon();
  const counts = { free: 0, untestable: 0, heldThoughFree: 0 };
  const own = String(first - 2n);
  for (let round = 0; round < rounds; round += 1) {
    const held = lifeline.test(`time:${first + BigInt(round % HELD)}`);
    if (held !== 'held') counts[held] += 1;
    if (lifeline.test(`time:${first - 1n}`) === 'held') counts.heldThoughFree += 1;
    if (round % 1000 === 0) lifeline.drop(lifeline.take(own) ?? '');
  }
  const wrong = Object.entries(counts).filter(([, count]) => count > 0);
  return {
    counts: `free ${counts.free}, untestable ${counts.untestable}; free ones held ${counts.heldThoughFree}`,
    failures: wrong.map(([what, count]) => `${what}: ${count} of ${rounds}`),
  };
}
