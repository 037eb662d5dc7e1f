// Several processes compete for one lock and are killed at any moment. Runs on whatever system it is started on, and
// prints one line of JSON.
// Arguments: seconds; `flawed` for the control, which ends when it has found enough overlaps; how many are enough
// (default 10); or `briefly`, not to look for what is left behind.
import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const CONTENDER = fileURLToPath(new URL('contender.mjs', import.meta.url));
const CONTENDERS = 4;
/** The share of acquisitions after which the new owner is killed, and ms within which that happens. */
const DEATHS = 0.15;
const LONGEST_LIFE = 220;
/** ms; longer than the grace of what a killed acquirer leaves behind. */
const GRACE = 6_000;

const [seconds = '60', how = 'ours', enough = '10'] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'kernel-identity-systems-'));
const figures = { acquisitions: 0, kills: 0, overlaps: 0, longestGapMs: 0 };
/** @type {string[]} */
const troubles = [];
/** @type {Set<import('node:child_process').ChildProcess>} */
const contenders = new Set();
let isOver = false;
let lastAt = performance.now();

function start() {
  const contender = fork(CONTENDER, [directory, how], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  contenders.add(contender);
  contender.on('message', (/** @type {Record<string, unknown>} */ report) => {
    if (isOver) return;
    if (report.overlap) figures.overlaps += 1;
    if (report.lost || report.error) troubles.push(String(report.lost ?? report.error));
    if (report.got) {
      figures.acquisitions += 1;
      figures.longestGapMs = Math.max(figures.longestGapMs, Math.round(performance.now() - lastAt));
      lastAt = performance.now();
      if (Math.random() < DEATHS) setTimeout(() => kill(contender), LONGEST_LIFE * Math.random());
    }
  });
  contender.on('exit', () => {
    contenders.delete(contender);
    if (!isOver) start();
  });
}

/** @param {import('node:child_process').ChildProcess} contender */
function kill(contender) {
  if (!isOver && contender.kill('SIGKILL')) figures.kills += 1;
}

for (let index = 0; index < CONTENDERS; index += 1) start();
const until = performance.now() + 1000 * Number(seconds);
const isEnough = () =>
  (how === 'flawed' && figures.overlaps >= Number(enough)) ||
  (how === 'briefly' && figures.acquisitions >= Number(enough));
while (performance.now() < until && !isEnough()) await sleep(20);
isOver = true;
const ended = [...contenders].map((contender) => new Promise((resolve) => contender.once('exit', resolve)));
for (const contender of contenders) contender.kill('SIGKILL');
await Promise.all(ended);

// What killed processes left behind is swept by the next that acquires.
let leftovers = ['not looked for'];
if (how === 'ours') {
  await sleep(GRACE);
  const sweeper = fork(CONTENDER, [directory, 'sweeper']);
  await new Promise((resolve) => sweeper.once('exit', resolve));
  leftovers = readdirSync(directory).filter((name) => name !== 'oracle');
}
rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
console.log(JSON.stringify({ ...figures, troubles: troubles.slice(0, 5), lost: troubles.length, leftovers }));
