// The tests of everything that uses the addon, with one that AddressSanitizer and UBSan check.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../frame/needs.mjs';
import { buildAddon, copyProject, plant, sanitizerLibrary } from '../native/addon-copy.mjs';

export const about = 'the suite with an addon built with ASan and UBSan';
export const needs = () => [program('g++', 'sanitized-suite'), program('make', 'sanitized-suite')];
export const minutes = 60;

/**
 * test/traps is not among them: it makes PID namespaces and expects to run in the initial one, which a part
 * does not.
 */
const FOLDERS = ['native', 'backend', 'identity', 'watch', 'lock', 'lease', 'waiting'];
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
  // Some tests run as an ordinary user, who must be able to enter.
  chmodSync(directory, 0o755);
  const copy = join(directory, 'project');
  copyProject(copy);
  buildAddon(copy, BUILD);
  for (const folder of FOLDERS) {
    const { summary, wrong } = runTests(copy, `test/${folder}`);
    report.row({
      runtime: 'ASan, UBSan',
      situation: `test/${folder}`,
      result: summary,
      failures: wrong,
    });
  }

  for (const planted of PLANTED) {
    const bad = join(directory, planted.what.replaceAll(' ', '-'));
    copyProject(bad);
    plant(bad, [planted]);
    buildAddon(bad, BUILD);
    const { wrong } = runTests(bad, 'test/native/processes.test.ts');
    report.row({
      runtime: 'control',
      situation: `planted: ${planted.what}`,
      result: 'found, as must be',
      failures: wrong.some((text) => planted.said.test(text)) ? [] : ['not found', ...wrong],
    });
  }
}

/**
 * @param {string} copy
 * @param {string} tests
 * @returns {{ summary: string, wrong: string[] }}
 */
function runTests(copy, tests) {
  const [json, reports] = [join(copy, 'report.json'), join(copy, 'reports')];
  rmSync(json, { force: true });
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);
  chmodSync(reports, 0o777);
  const options = ['--retry=2', '--testTimeout=120000', '--reporter=json', `--outputFile=${json}`];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', tests, ...options],
    {
      cwd: copy,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        LD_PRELOAD: sanitizerLibrary(),
        // Memory that Node itself leaves at its end is not the subject.
        ASAN_OPTIONS: `detect_leaks=0:log_path=${join(reports, 'found')}`,
        // UBSan reports to stderr, because that of gcc knows no log_path beside ASan. It ends the process, so
        // that at least a test fails.
        UBSAN_OPTIONS: 'print_stacktrace=1',
      },
    },
  );
  const wrong = readdirSync(reports).map((name) => readFileSync(join(reports, name), 'utf8'));
  wrong.push(...(`${stdout}${stderr}`.match(/^.*runtime error: .*(?:\n +#.*){0,9}/gm) ?? []));
  if (!existsSync(json)) return { summary: 'no report', wrong: [...wrong, stderr.slice(-4000)] };
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(json, 'utf8'),
  );
  for (const { message, assertionResults } of testResults) {
    for (const { status: how, fullName, failureMessages } of assertionResults) {
      if (how === 'failed') wrong.push(`${fullName}: ${failureMessages[0]?.split('\n')[0]}`);
    }
    if (message !== '') wrong.push(message);
  }
  if (status !== 0 && wrong.length === 0)
    wrong.push(`exit code ${status}: ${`${stdout}${stderr}`.slice(-4000)}`);
  return { summary: `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`, wrong };
}
