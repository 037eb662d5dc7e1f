#!/usr/bin/env node
// npm run test:mutants [-- text...]: makes one mistake after the other in a copy of the project, and runs the tests that
// should notice it. Of several texts, mutants whose file or description holds one of them are run.
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { files as judge } from './judge.mjs';
import { files as lock } from './lock.mjs';
import { files as native } from './native.mjs';

/**
 * @typedef {object} Mutant
 * @property {string} what the mistake, in words
 * @property {string} from text that the file holds exactly once
 * @property {string} to
 * @property {readonly string[]} [tests] in place of the file's
 */

/**
 * @typedef {object} MutatedFile
 * @property {string} file
 * @property {readonly string[]} tests the smallest set that should kill the mutants
 * @property {readonly Mutant[]} mutants
 */

/** @typedef {Mutant & { file: string, source: string, tests: readonly string[] }} Job */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['src', 'native', 'test', 'scripts', 'build', 'dist', 'prebuilds', 'examples'];
const COPIED_FILES = ['package.json', 'tsconfig.json', 'vitest.config.ts', 'binding.gyp'];
/** A mutant that makes a test hang is dead as well. */
const LIMIT_MS = 240_000;

const wanted = process.argv.slice(2);
const jobs = [...judge, ...lock, ...native].flatMap(jobsOf).filter(({ file, what }) => {
  return wanted.length === 0 || wanted.some((text) => `${file}: ${what}`.includes(text));
});
const copies = await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, makeCopy));
try {
  process.exitCode = (await runAll()) ? 0 : 1;
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}

/** @param {MutatedFile} mutated */
function jobsOf({ file, tests, mutants }) {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return mutants.map((mutant) => {
    const count = source.split(mutant.from).length - 1;
    if (count !== 1) throw new Error(`${file} holds the text of "${mutant.what}" ${count} times`);
    return { tests, ...mutant, file, source };
  });
}

async function runAll() {
  // A set of tests that fails by itself would kill anything. On a busy machine one may fail once; hence `--retry` below.
  const sets = [...new Set(jobs.map(({ tests }) => tests.join(' ')))];
  const failing = (await onEachCopy(sets, (copy, set) => runTests(copy, set.split(' ')))).filter(
    (failure) => failure !== null,
  );
  if (failing.length > 0) {
    console.error(`fails without any mutant: ${failing.join(', ')}`);
    return false;
  }
  const killers = await onEachCopy(jobs, async (copy, job) => {
    const killer = await runMutant(copy, job);
    console.log(
      `${killer === null ? 'SURVIVED' : 'killed'}  ${job.file}: ${job.what}${killer === null ? '' : `  [${killer}]`}`,
    );
    return killer;
  });
  const survivors = killers.filter((killer) => killer === null).length;
  console.log(`\n${jobs.length - survivors} of ${jobs.length} mutants killed`);
  return survivors === 0;
}

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {(copy: string, item: T) => Promise<R>} work
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

/**
 * @param {string} copy
 * @param {Job} job
 * @returns {Promise<string | null>} what noticed it; null: nothing did
 */
async function runMutant(copy, { file, source, from, to, tests }) {
  const path = join(copy, file);
  try {
    writeFileSync(
      path,
      source.replace(from, () => to),
    );
    const built = await build(copy, file);
    return built ? await runTests(copy, tests) : 'the compiler';
  } finally {
    writeFileSync(path, source);
    await build(copy, file);
  }
}

/**
 * Processes that tests start run dist/ and the addon. Types are not checked: most mutants would fall there.
 * @param {string} copy
 * @param {string} file
 */
async function build(copy, file) {
  if (!file.startsWith('native/')) {
    await run(copy, process.execPath, [
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.json',
      '--noCheck',
    ]);
    return true;
  }
  // Not by build-addon.mjs, which would give the addon another hash and so compile all of it.
  const { code, output } = await run(copy, 'make', ['-C', 'build', 'BUILDTYPE=Release']);
  if (code !== 0) console.error(output);
  return code === 0;
}

/**
 * @param {string} copy
 * @param {readonly string[]} tests
 * @returns {Promise<string | null>} the test that failed first; null: none
 */
async function runTests(copy, tests) {
  const report = join(copy, 'report.json');
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...tests,
    '--bail=1',
    '--retry=1',
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  rmSync(report, { force: true });
  const { code, output } = await run(copy, process.execPath, args);
  if (code === 0) return null;
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    for (const { assertionResults } of testResults) {
      const failed = assertionResults.find(
        (/** @type {{ status: string }} */ { status }) => status === 'failed',
      );
      if (failed !== undefined) return failed.fullName;
    }
  } catch {
    // It hung, or fell before it could report.
  }
  return code === null ? 'the time limit' : `exit code ${code}: ${output.trim().split('\n').at(-1)}`;
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(cwd, command, args) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what a hanging test has started goes with it.
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const limit = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), LIMIT_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-10_000);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({ code, output });
    });
  });
}

async function makeCopy() {
  const copy = mkdtempSync(join(tmpdir(), 'ki-mutants-'));
  // Some tests run as an ordinary user.
  chmodSync(copy, 0o755);
  for (const name of [...COPIED, ...COPIED_FILES]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
