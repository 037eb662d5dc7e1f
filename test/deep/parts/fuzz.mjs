// Coverage-guided fuzzing of the parsers of kernel files (libFuzzer) and of other programs' files (V8's
// counters).
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from '../frame/needs.mjs';
import { buildProgram } from '../native/build.mjs';

const SECONDS = Number(process.env.KI_FUZZ_SECONDS ?? 120);
const NATIVE = { fuzz_stat: 'stat', fuzz_status: 'status' };
const SCRIPTED = ['records', 'files', 'identities'];

export const about = `coverage-guided fuzzing, ${SECONDS} s for each of five targets (KI_FUZZ_SECONDS)`;
export const needs = () => [program('clang++', 'fuzz')];
export const minutes = (5 * SECONDS) / 60 + 5;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export function run(report, { directory }) {
  for (const [name, folder] of Object.entries(NATIVE)) {
    const fuzzer = buildProgram('clang++', name, 'fuzzer,address,undefined', directory);
    // libFuzzer writes new inputs to the first corpus named, so that must not be the committed one.
    const corpus = join(directory, folder);
    mkdirSync(corpus);
    cpSync(pathOf(`../native/corpus/${folder}`), corpus, { recursive: true });
    const args = [
      `-max_total_time=${SECONDS}`,
      '-max_len=4096',
      '-timeout=10',
      `-artifact_prefix=${directory}/`,
      corpus,
    ];
    const { status, stderr } = spawnSync(fuzzer, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    const [, executions] = /Done (\d+) runs/.exec(stderr) ?? [];
    const [, coverage] = /DONE +(cov: \d+ ft: \d+ corp: \d+)/.exec(stderr) ?? [];
    show(report, `libFuzzer, ${name}`, Number(executions), `${coverage}`, status === 0 ? '' : stderr);
  }
  for (const target of SCRIPTED) {
    const args = [pathOf('../fuzz/guided.mjs'), target, String(SECONDS)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const found = status === 0 ? JSON.parse(stdout) : { executions: 0 };
    const result = `blocks ${found.start} to ${found.blocks}, corpus ${found.corpus}, seed ${found.seed}`;
    show(report, `V8 coverage, ${target}`, found.executions, result, status === 0 ? '' : stderr);
  }
}

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {string} runtime
 * @param {number} executions
 * @param {string} result
 * @param {string} problem
 */
function show(report, runtime, executions, result, problem) {
  const failures = problem === '' ? [] : [problem.slice(-4000)];
  report.row({ runtime, situation: `fuzzing, ${SECONDS} s`, cycles: executions, result, failures });
}

/** @param {string} path */
function pathOf(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
