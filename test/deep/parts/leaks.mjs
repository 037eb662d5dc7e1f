// The memory, descriptors and other things that the addon keeps must not be more after a thousand calls than
// after one.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { file, program } from '../frame/needs.mjs';
import { PLANTED } from '../leaks/planted.mjs';
import { buildAddon, copyProject, plant } from '../native/addon-copy.mjs';

export const about = 'memory and descriptors of the addon: LeakSanitizer, and what grows';
export const needs = () => [program('g++', 'leaks'), program('make', 'leaks'), leakSanitizer(), addon()];

export const slice = true;

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ADDON = join(ROOT, 'build/Release/kernel_identity.node');
const EXERCISE = fileURLToPath(new URL('../leaks/exercise.mjs', import.meta.url));
const SOAKER = fileURLToPath(new URL('../soak/soaker.mjs', import.meta.url));
/** The exit code by which LeakSanitizer reports a leak. */
const LEAKY = 23;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export function run(report, { directory, slice }) {
  const lost = exercise('lost', ADDON, join(directory, 'lost'));
  report.row({
    runtime: 'LeakSanitizer',
    situation: 'each function of the addon 200 times, 20 environments',
    result: 'no memory lost, no descriptor more',
    failures: lost === '' ? [] : [lost],
  });
  const seconds = slice ? 5 : 60;
  mkdirSync(join(directory, 'soak'));
  const soaked = underLeakSanitizer([
    '--expose-gc',
    SOAKER,
    join(directory, 'soak'),
    String(seconds),
    '1000',
  ]);
  report.row({
    runtime: 'LeakSanitizer',
    situation: `a program that lives with locks, ${seconds} s`,
    result: 'no memory lost',
    failures: soaked.wrong === '' ? [] : [soaked.wrong],
  });
  const kept = exercise('kept', ADDON, join(directory, 'kept'));
  report.row({
    runtime: 'RSS',
    situation: 'each function of the addon 20 000 times and more',
    result: 'no memory kept',
    failures: kept === '' ? [] : [kept],
  });

  const copy = join(directory, 'copy');
  copyProject(copy);
  plant(copy, PLANTED);
  const leaky = buildAddon(copy);
  const said = ['lost', 'kept']
    .map((mode) => exercise(mode, leaky, join(directory, `leaky-${mode}`)))
    .join('\n');
  for (const { what, said: expected } of PLANTED) {
    report.row({
      runtime: 'control',
      situation: `planted: ${what}`,
      result: 'found, as must be',
      failures: expected.test(said) ? [] : [`not found: ${said}`],
    });
  }
}

/**
 * @param {string} mode
 * @param {string} addon
 * @param {string} directory
 * @returns {string} the problems; empty when there are none
 */
function exercise(mode, addon, directory) {
  mkdirSync(directory);
  const args = ['--expose-gc', EXERCISE, mode, addon, directory];
  const { stdout, wrong } = mode === 'lost' ? underLeakSanitizer(args) : runNode(args, {});
  if (stdout === '') return wrong;
  return [...JSON.parse(stdout), ...(wrong === '' ? [] : [wrong])].join('\n');
}

/** @param {readonly string[]} args */
function underLeakSanitizer(args) {
  return runNode(args, { LD_PRELOAD: sanitizerLibrary(), LSAN_OPTIONS: `exitcode=${LEAKY}` });
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ stdout: string, wrong: string }} `wrong` is empty when nothing is
 */
function runNode(args, env) {
  const options = /** @type {const} */ ({ encoding: 'utf8', maxBuffer: 1 << 28 });
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    ...options,
    env: { ...process.env, ...env },
  });
  if (status === 0) return { stdout, wrong: '' };
  return {
    stdout,
    wrong: status === LEAKY ? leaksIn(stderr) : `${signal ?? `exit code ${status}`}: ${stderr}`,
  };
}

/**
 * Describes how much was lost, and the calls that led there, without those of Node.
 * @param {string} report
 */
function leaksIn(report) {
  const leaks = report.split('\n\n').filter((paragraph) => paragraph.includes(' leak of '));
  return leaks.map((leak) => leak.split('\n').slice(0, 5).join('\n')).join('\n');
}

function sanitizerLibrary() {
  return spawnSync('g++', ['-print-file-name=liblsan.so'], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

function leakSanitizer() {
  return file(sanitizerLibrary(), 'LeakSanitizer, which comes with g++');
}

/** An addon that is built here has names for the functions on the stack. */
function addon() {
  return file(ADDON, 'npm run build');
}
