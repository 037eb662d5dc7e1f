#!/usr/bin/env node
// npm run test:mutants [-- [--check | --list] [text...]]: makes one mistake after the other in a copy of the project, and runs the
// tests that should notice it. Of several texts, mutants whose file or description holds one of them are run: `src/judge`
// is a slice. --check only looks whether each can still be made; --list prints them as docs/testing.md shows them.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Copy } from './copy.mjs';
import { brokenJobs, listJobs } from './list.mjs';

/** @typedef {import('./list.mjs').Job} Job */

/** A mutant that makes a test hang is dead as well: after this, and after so many times what it takes without. */
const SHORTEST_LIMIT_MS = 60_000;
const PATIENCE = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
});
const jobs = listJobs(positionals);
const broken = brokenJobs(jobs);
if (jobs.length === 0) broken.push('there is no such mutant');
if (broken.length > 0 || values.check) {
  console.log(broken.length > 0 ? broken.join('\n') : `${jobs.length} mutants can be made`);
  process.exit(broken.length > 0 ? 1 : 0);
}
if (values.list) {
  for (const file of new Set(jobs.map((job) => job.file))) {
    const mistakes = jobs.filter((job) => job.file === file).map(({ what }) => what);
    console.log(`| \`${file}\` | ${mistakes.length} | ${mistakes.join('; ')} |`);
  }
  process.exit();
}

const copies = Array.from({ length: Math.min(availableParallelism(), 4) }, () => new Copy());
try {
  process.exitCode = (await runAll()) ? 0 : 1;
} finally {
  for (const copy of copies) copy.remove();
}

async function runAll() {
  /** @type {Map<string, number>} */
  const limits = new Map();
  /** @type {string[]} */
  const failing = [];
  // Tests that fail by themselves would kill anything.
  await onEachCopy([...new Set(jobs.flatMap(({ tests }) => tests))], async (copy, tests) => {
    const started = performance.now();
    const failure = await copy.runTests(tests, 10 * SHORTEST_LIMIT_MS);
    limits.set(tests, Math.max(SHORTEST_LIMIT_MS, PATIENCE * (performance.now() - started)));
    if (failure !== null) failing.push(`${tests}: ${failure}`);
  });
  if (failing.length > 0) {
    console.error(`fails without any mutant:\n${failing.join('\n')}`);
    return false;
  }

  /** How many each has killed: the likeliest killer comes first. @type {Map<string, number>} */
  const kills = new Map();
  const killed = await onEachCopy(jobs, async (copy, job) => {
    const started = performance.now();
    const killer = await copy.withMutant(job, async () => {
      for (const tests of [...job.tests].sort((a, b) => (kills.get(b) ?? 0) - (kills.get(a) ?? 0))) {
        const failure = await copy.runTests(tests, limits.get(tests) ?? SHORTEST_LIMIT_MS);
        if (failure === null) continue;
        kills.set(tests, (kills.get(tests) ?? 0) + 1);
        return failure;
      }
      return null;
    });
    const seconds = Math.round((performance.now() - started) / 1000);
    const by = killer === null ? '' : `  [${killer}]`;
    console.log(`${killer === null ? 'SURVIVED' : 'killed'}  ${job.file}: ${job.what}${by}  ${seconds} s`);
    return killer !== null;
  });
  report(killed);
  return killed.every(Boolean);
}

/** @param {readonly boolean[]} killed in the order of the jobs */
function report(killed) {
  console.log();
  for (const file of new Set(jobs.map((job) => job.file))) {
    const own = killed.filter((_, index) => jobs[index]?.file === file);
    console.log(`${file}: ${own.filter(Boolean).length} of ${own.length}`);
  }
  console.log(`\n${killed.filter(Boolean).length} of ${killed.length} mutants killed`);
}

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {(copy: Copy, item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
async function onEachCopy(items, work) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  await Promise.all(
    copies.map(async (copy) => {
      for (let index = next++; index < items.length; index = next++) {
        results[index] = await work(copy, /** @type {T} */ (items[index]));
      }
    }),
  );
  return results;
}
