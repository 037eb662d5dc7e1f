// Measures the wake-ups of `npm run bench` alone, but on the disk too, and for waiters, too, that wait for the first time
// in their process: `npm run bench:wake`.
import { tmpdir } from 'node:os';
import { describeMachine } from './harness/machine.mjs';
import { barsText, machineLine, tablesOf, tableText } from './harness/report.mjs';
import { defaultParent, filesystemOf, makeScratch } from './harness/scratch.mjs';
import { measureIdle, wakeRows } from './parts/wake.mjs';

const parents = [...new Set([defaultParent(), tmpdir()])];
console.log(machineLine(describeMachine(parents[0])));
const bars = [];
function show(measured) {
  for (const table of tablesOf(measured.rows)) console.log(`\n${tableText(table)}`);
  bars.push(...measured.bars);
}
for (const parent of parents) {
  const setting = { directory: makeScratch(parent), rounds: 300, slowRounds: 40, locks: 100, pauseMs: 100 };
  show(await wakeRows(setting, ` on ${filesystemOf(parent)}`, true, true));
}
show(await measureIdle({ quick: false, directory: makeScratch(parents[0]) }));
console.log(`\n${barsText(bars)}`);
process.exitCode = bars.some(({ met }) => met === false) ? 1 : 0;
