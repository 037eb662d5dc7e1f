// The tests of everything that uses the addon, with one that AddressSanitizer and UBSan watch.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../frame/needs.mjs';
import { buildAddon, copyProject, plant } from '../native/addon-copy.mjs';

export const about = 'the suite with an addon built with ASan and UBSan';
export const needs = () => [program('g++', 'sanitized-suite'), program('make', 'sanitized-suite')];
export const minutes = 60;

const FOLDERS = ['native', 'backend', 'identity', 'watch', 'lock', 'lease', 'waiting', 'traps'];
const BUILD = {
  CXXFLAGS: '-fsanitize=address,undefined -fno-sanitize-recover=undefined -g -O1',
  LDFLAGS: '-fsanitize=address,undefined',
};

/** @type {readonly import('../native/addon-copy.mjs').Plant[]} */
const PLANTED = [
  {
    what: 'a write behind the end',
    file: 'native/binding/processes.cc',
    from: '  system::TimeOffset offset;\n',
    more: '  static char* volatile four;\n  four = new char[4];\n  four[4] = 1;\n  delete[] four;\n',
    said: /AddressSanitizer: heap-buffer-overflow/,
  },
  {
    what: 'a sum that overflows',
    file: 'native/binding/processes.cc',
    from: '  system::BootId boot_id;\n',
    more: '  static volatile int largest = 0x7fffffff;\n  largest = largest + 1;\n',
    said: /runtime error: signed integer overflow/,
  },
];

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export function run(report, { directory }) {
  // Some tests run as an ordinary user.
  chmodSync(directory, 0o755);
  const copy = join(directory, 'project');
  copyProject(copy);
  buildAddon(copy, BUILD);
  const reports = join(directory, 'reports');
  mkdirSync(reports);
  chmodSync(reports, 0o777);
  for (const folder of FOLDERS) {
    const { summary, failed } = runTests(copy, [`test/${folder}`], reports);
    const found = readdirSync(reports).map((name) => readFileSync(join(reports, name), 'utf8'));
    report.row({
      runtime: 'ASan, UBSan',
      situation: `test/${folder}`,
      result: summary,
      failures: [...found, ...failed],
    });
  }

  for (const planted of PLANTED) {
    const bad = join(directory, planted.what.replaceAll(' ', '-'));
    copyProject(bad);
    plant(bad, [planted]);
    buildAddon(bad, BUILD);
    const own = join(bad, 'reports');
    mkdirSync(own);
    runTests(bad, ['test/native/processes.test.ts'], own);
    const found = readdirSync(own).map((name) => readFileSync(join(own, name), 'utf8'));
    const isFound = found.some((text) => planted.said.test(text));
    report.row({
      runtime: 'control',
      situation: `planted: ${planted.what}`,
      result: 'found, as must be',
      failures: isFound ? [] : [`not found: ${found.join('\n')}`],
    });
  }
}

/**
 * @param {string} copy
 * @param {readonly string[]} tests
 * @param {string} reports where the sanitizers write what they find
 */
function runTests(copy, tests, reports) {
  const json = join(copy, 'report.json');
  const options = ['--retry=2', '--testTimeout=120000', '--reporter=json', `--outputFile=${json}`];
  // The memory that Node itself leaves at its end is not the question here.
  const common = `log_path=${join(reports, 'found')}`;
  spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests, ...options], {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      LD_PRELOAD: sanitizerLibrary(),
      ASAN_OPTIONS: `detect_leaks=0:${common}`,
      UBSAN_OPTIONS: `print_stacktrace=1:${common}`,
    },
  });
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(json, 'utf8'),
  );
  const summary = `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
  /** @type {string[]} */
  const failed = testResults.flatMap(
    (
      /** @type {{ assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }} */ file,
    ) =>
      file.assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n')[0]}`),
  );
  return { summary, failed };
}

function sanitizerLibrary() {
  return spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
}
