// The list of mutants, and the check whether each can still be made.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { files as engine } from './engine.mjs';
import { files as judge } from './judge.mjs';
import { files as lock } from './lock.mjs';
import { files as native } from './native.mjs';
import { files as properLockfile } from './proper-lockfile.mjs';
import { files as record } from './record.mjs';
import { files as release } from './release.mjs';
import { files as start } from './start.mjs';
import { files as systems } from './systems.mjs';

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
 * @property {readonly string[]} tests the files, or folders, whose tests should kill the mutants
 * @property {readonly Mutant[]} mutants
 */

/**
 * @typedef {object} Job
 * @property {string} list the file of test/mutants that names the mutant
 * @property {string} file
 * @property {boolean} isGone there is no such file
 * @property {string} source the content of the file
 * @property {string} what
 * @property {string} from
 * @property {string} to
 * @property {readonly string[]} tests
 */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @type {Readonly<Record<string, readonly MutatedFile[]>>} */
const LISTS = {
  'test/mutants/judge.mjs': judge,
  'test/mutants/record.mjs': record,
  'test/mutants/lock.mjs': lock,
  'test/mutants/engine.mjs': engine,
  'test/mutants/native.mjs': native,
  'test/mutants/start.mjs': start,
  'test/mutants/release.mjs': release,
  'test/mutants/proper-lockfile.mjs': properLockfile,
  'test/mutants/systems.mjs': systems,
};

/**
 * Lists the mutants whose file or description contains one of the texts, or all when there are no texts.
 * @param {readonly string[]} wanted
 * @param {Readonly<Record<string, readonly MutatedFile[]>>} [lists]
 * @returns {Job[]}
 */
export function listJobs(wanted, lists = LISTS) {
  return Object.entries(lists)
    .flatMap(([list, files]) => files.flatMap((mutated) => jobsOf(list, mutated)))
    .filter(
      ({ file, what }) => wanted.length === 0 || wanted.some((text) => `${file}: ${what}`.includes(text)),
    );
}

/**
 * Lists the mutants that cannot be made any more after a change to the project, each with the way to mend it.
 * @param {readonly Job[]} jobs
 * @returns {string[]}
 */
export function brokenJobs(jobs) {
  return [...new Set(jobs.flatMap((job) => [...sourceProblems(job), ...testProblems(job)]))];
}

/**
 * @param {Job} job
 * @returns {string[]}
 */
function sourceProblems({ list, file, what, from, isGone, source }) {
  if (isGone) {
    return [
      `${list} names ${file}, which is gone: if it was renamed, write its new path there; ` +
        'if its code went elsewhere, move the mutants to that file',
    ];
  }
  const count = source.split(from).length - 1;
  if (count === 1) return [];
  const found = count === 0 ? 'does not hold' : `holds ${count} times`;
  const remedy =
    count === 0
      ? 'write there how the code reads now, with the same mistake in it'
      : 'pin a longer text, which is there only once';
  return [
    `${list}: ${file} ${found} the text of "${what}": ${remedy}.\n    ${from.replaceAll('\n', '\n    ')}`,
  ];
}

/**
 * @param {Job} job
 * @returns {string[]}
 */
function testProblems({ list, file, tests }) {
  return tests
    .filter((path) => !existsSync(join(ROOT, path)))
    .map(
      (path) =>
        `${list} names ${path} as a test of ${file}, but it is gone: if it was renamed, write its new path there`,
    );
}

/**
 * @param {string} list
 * @param {MutatedFile} mutated
 * @returns {Job[]}
 */
function jobsOf(list, { file, tests, mutants }) {
  const path = join(ROOT, file);
  const isGone = !existsSync(path);
  const source = isGone ? '' : readFileSync(path, 'utf8');
  return mutants.map((mutant) => ({ tests, ...mutant, list, file, isGone, source }));
}
