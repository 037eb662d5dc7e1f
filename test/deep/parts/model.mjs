// The largest teams of the model, which take minutes and gigabytes.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const about =
  'the largest teams of the model: three programs that begin anew, four with one that takes over';
export const needs = () => [];
export const minutes = 5;

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

/** @param {import('../frame/report.mjs').Report} report */
export function run(report) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'test/model'];
  const options = ['--execArgv=--max-old-space-size=8192', '--reporter=json'];
  const { status, stdout } = spawnSync(process.execPath, [...vitest, ...options], {
    cwd: PROJECT,
    encoding: 'utf8',
    env: { ...process.env, KI_MODEL: 'large' },
    maxBuffer: 2 ** 26,
  });
  const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = resultIn(stdout);
  const failures = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status: state }) => state === 'failed').map(({ fullName }) => fullName),
  );
  if (status !== 0 && failures.length === 0) failures.push(`the tests ended with code ${status}`);
  report.row({
    runtime: `Node ${process.version}`,
    situation: 'test/model with KI_MODEL=large',
    result: `${numPassedTests} passed, ${numFailedTests} failed`,
    failures,
  });
}

/**
 * @typedef {object} Result
 * @property {number} [numPassedTests]
 * @property {number} [numFailedTests]
 * @property {{ assertionResults: { status: string, fullName: string }[] }[]} [testResults]
 */

/**
 * @param {string} text
 * @returns {Result}
 */
function resultIn(text) {
  const start = text.indexOf('{"numTotalTestSuites"');
  return start < 0 ? {} : JSON.parse(text.slice(start).split('\n')[0] ?? '');
}
