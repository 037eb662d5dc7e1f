import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { file, program, root } from '../frame/needs.mjs';
import { bootQemu, installedKernel } from '../guests/qemu.mjs';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const KERNELS = ['6.1', '6.12'];
/** The folders of tests that ask the kernel about processes, or draw conclusions from the answers. */
const FOLDERS = ['identity', 'judge', 'record', 'formats', 'native', 'backend', 'watch'];
/** ms; these machines are emulated, instruction by instruction. */
const TEST_MS = 600_000;
const SUITE_MS = 50 * 60_000;
const RESULTS = '/run/tmp/results.json';

export const about = 'the suite’s tests of identity under Debian’s kernels 6.1 and 6.12, in qemu';
export const needs = () => [
  root(),
  program('qemu-system-x86_64', 'qemu-suite'),
  file('/bin/busybox', 'npm run test:deep:install qemu-suite'),
  file('/usr/lib/qemu/virtiofsd', 'npm run test:deep:install qemu-suite'),
  file(join(PROJECT, 'node_modules/vitest'), 'npm ci'),
  ...KERNELS.map((line) =>
    installedKernel(line) === null ? `needs a kernel ${line}: npm run test:deep:install qemu-suite` : null,
  ),
];
export const minutes = 60;

/** @param {import('../frame/report.mjs').Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  await Promise.all(
    KERNELS.map(async (line) => {
      const work = join(directory, line);
      mkdirSync(work);
      const guest = await bootQemu({ kernel: installedKernel(line) ?? '', work });
      for (const folder of FOLDERS) {
        const { passed, skipped, failures } = await runTests(guest, `test/${folder}/`);
        report.row({
          runtime: `Debian’s kernel ${line} in qemu`,
          situation: `the suite: ${folder}`,
          result: `${passed} tests passed, ${skipped} skipped`,
          failures: passed === 0 ? ['no test ran'] : failures,
        });
      }
      await guest.powerCut();
    }),
  );
}

/** @param {import('../guests/guest.mjs').Guest} guest @param {string} folder */
async function runTests(guest, folder) {
  const limits = [`--testTimeout=${TEST_MS}`, `--hookTimeout=${TEST_MS}`, '--retry=2', '--maxWorkers=1'];
  // The tests run without isolation, because loading everything anew for each file takes longer here than the
  // tests.
  const options = [...limits, '--no-isolate', '--reporter=json', `--outputFile=${RESULTS}`];
  const command = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...options, folder];
  await guest.run(['rm', '-f', RESULTS]);
  await guest.call('run', { command: ['sh', '-c', 'cd "$0" && "$@"', PROJECT, ...command] }, SUITE_MS);
  const { testResults } = JSON.parse(await guest.run(['cat', RESULTS]));
  const tests = testResults.flatMap((/** @type {any} */ result) => result.assertionResults);
  const count = (/** @type {string} */ status) =>
    tests.filter((/** @type {any} */ test) => test.status === status);
  const failures = [
    ...count('failed').map(
      ({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n')[0]}`,
    ),
    // A file that does not load has no tests.
    ...testResults
      .filter(
        (/** @type {any} */ result) => result.status === 'failed' && result.assertionResults.length === 0,
      )
      .map(({ name, message }) => `${name}: ${message}`),
  ];
  return {
    passed: count('passed').length,
    skipped: tests.length - count('passed').length - count('failed').length,
    failures,
  };
}
