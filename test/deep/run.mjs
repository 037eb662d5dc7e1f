#!/usr/bin/env node
// npm run test:deep [-- [--slice] [--cycles N] [--json FILE] [--results DIRECTORY] [--list] [part...]]; see README.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPart, sweep } from './frame/enclosure.mjs';
import { loadPart, partNames } from './frame/parts.mjs';
import { writeResults } from './frame/results.mjs';
import { formatTable } from './frame/table.mjs';

/** @typedef {import('./frame/report.mjs').Row} Row */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slice: { type: 'boolean', default: false },
    cycles: { type: 'string', default: '20' },
    json: { type: 'string' },
    results: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const cycles = Number(values.cycles);
const unknown = positionals.filter((name) => !partNames().includes(name));
if (unknown.length > 0 || !(Number.isInteger(cycles) && cycles > 0)) {
  console.error(
    unknown.length > 0 ? `no such part: ${unknown.join(', ')}` : '--cycles takes a number above 0',
  );
  console.error(`parts: ${partNames().join(' ')}`);
  process.exit(2);
}

/** @type {Row[]} */
const rows = [];
let interrupted = false;
let stop = () => {};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    stop();
  });
}

await sweep();
for (const name of positionals.length > 0 ? positionals : partNames()) {
  const part = await loadPart(name);
  if (values.list) console.log(`${name.padEnd(12)} ${part.about}`);
  if (values.list || interrupted || (values.slice && !part.slice)) continue;

  console.log(`== ${name}: ${part.about}`);
  const settings = { slice: values.slice, cycles, minutes: part.minutes ?? 30 };
  /** @type {Row[]} */
  const own = [];
  const running = startPart(name, settings, (row) => {
    own.push(row);
    console.log(`${row.status.padEnd(8)}${row.runtime}, ${row.situation}: ${row.result}`);
  });
  stop = running.stop;
  const startedAt = new Date();
  const started = performance.now();
  const problem = await running.ended;
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`   ${name} took ${seconds} s`);
  if (problem !== null) own.push(failedPart(name, problem));
  rows.push(...own);
  if (values.results !== undefined) {
    const run = { name, about: part.about, rows: own, startedAt, seconds, cycles, slice: values.slice };
    const page = writeResults(values.results, run);
    if (page !== null) console.log(`   written: ${page}`);
  }
}

if (!values.list) {
  const count = (/** @type {Row['status']} */ status) => rows.filter((row) => row.status === status).length;
  console.log(`\n${formatTable(rows)}`);
  console.log(`\n${count('ok')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  process.exitCode = interrupted ? 130 : count('failed') > 0 ? 1 : 0;
}

/**
 * @param {string} name
 * @param {string} problem
 * @returns {Row}
 */
function failedPart(name, problem) {
  const nothing = { cycles: 1, p50: null, max: null, thefts: 0, wedges: 0 };
  return { runtime: name, situation: 'the part itself', result: problem, status: 'failed', ...nothing };
}
