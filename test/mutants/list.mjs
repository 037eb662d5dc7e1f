// The mutants, and whether each can still be made.
import { readFileSync } from 'node:fs';
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
 * @property {readonly string[]} tests the files, or folders, whose tests should kill the mutants
 * @property {readonly Mutant[]} mutants
 */

/** @typedef {Mutant & { file: string, source: string, tests: readonly string[] }} Job */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Those whose file or description holds one of the texts; all without any.
 * @param {readonly string[]} wanted
 */
export function listJobs(wanted) {
  return [...judge, ...lock, ...native]
    .flatMap(jobsOf)
    .filter(
      ({ file, what }) => wanted.length === 0 || wanted.some((text) => `${file}: ${what}`.includes(text)),
    );
}

/**
 * What a change to the sources has made impossible, in words.
 * @param {readonly Job[]} jobs
 */
export function brokenJobs(jobs) {
  return jobs.flatMap(({ file, what, from, source }) => {
    const count = source.split(from).length - 1;
    return count === 1 ? [] : [`${file} holds the text of "${what}" ${count} times`];
  });
}

/**
 * @param {MutatedFile} mutated
 * @returns {Job[]}
 */
function jobsOf({ file, tests, mutants }) {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return mutants.map((mutant) => ({ tests, ...mutant, file, source }));
}
