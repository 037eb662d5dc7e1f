// Every function that the addon exports, called with random arguments, under the sanitizers.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from '../frame/needs.mjs';
import { buildAddon, copyProject, plant, sanitizerLibrary } from '../native/addon-copy.mjs';

const SECONDS = Number(process.env.KI_FUZZ_SECONDS ?? 60);
const SEEDS = [1, 2, 3, 4];
const FUZZER = fileURLToPath(new URL('../fuzz/addon.mjs', import.meta.url));

export const about = `random calls of every function of the addon, ${SECONDS} s for each of ${SEEDS.length} seeds (KI_FUZZ_SECONDS)`;
export const needs = () => [program('g++', 'addon-fuzz'), program('make', 'addon-fuzz')];
export const minutes = (SEEDS.length * SECONDS) / 60 + 15;

const BUILD = {
  CXXFLAGS: '-fsanitize=address,undefined -fno-sanitize-recover=undefined -g -O1',
  LDFLAGS: '-fsanitize=address,undefined',
};

/** @type {import('../native/addon-copy.mjs').Plant} */
const PLANTED = {
  what: 'a write behind the end, for some sizes of an argument',
  file: 'native/binding/random.cc',
  from: '    ThrowArgumentType(env, "bytes", "a Uint8Array");\n    return;\n  }\n',
  more: '  static char* volatile four;\n  four = new char[4];\n  four[size % 8] = 1;\n  delete[] four;\n',
  said: /AddressSanitizer: heap-buffer-overflow/,
};

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export function run(report, { directory }) {
  chmodSync(directory, 0o755);
  const copy = join(directory, 'project');
  copyProject(copy);
  const addon = buildAddon(copy, BUILD);
  for (const seed of SEEDS) {
    const { counts, wrong } = fuzz(addon, SECONDS, seed, directory);
    const all = Object.entries(counts);
    const least = Math.min(...all.map(([, count]) => count.calls));
    const calls = all.reduce((sum, [, count]) => sum + count.calls, 0);
    const silent = all.filter(([, count]) => count.answers === 0).map(([name]) => name);
    const failures = [...wrong, ...silent.map((name) => `${name} never answered`)];
    const result =
      wrong.length > 0 ? 'ended' : `${all.length} functions, each called at least ${least} times`;
    report.row({
      runtime: 'ASan, UBSan',
      situation: `seed ${seed}, ${SECONDS} s`,
      cycles: calls,
      result,
      failures,
    });
  }

  plant(copy, [PLANTED]);
  const { wrong } = fuzz(buildAddon(copy, BUILD), 10, 1, directory);
  report.row({
    runtime: 'control',
    situation: `planted: ${PLANTED.what}`,
    result: 'found, as must be',
    failures: wrong.some((text) => PLANTED.said.test(text)) ? [] : ['not found', ...wrong],
  });
}

/**
 * @param {string} addon
 * @param {number} seconds
 * @param {number} seed
 * @param {string} directory
 * @returns {{ counts: Record<string, { calls: number, answers: number }>, wrong: string[] }}
 */
function fuzz(addon, seconds, seed, directory) {
  const reports = join(directory, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [FUZZER, addon, String(seconds), String(seed)],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: (seconds + 60) * 1000,
      env: {
        ...process.env,
        LD_PRELOAD: sanitizerLibrary(),
        ASAN_OPTIONS: `detect_leaks=0:log_path=${join(reports, 'found')}`,
        UBSAN_OPTIONS: 'print_stacktrace=1',
      },
    },
  );
  const wrong = readdirSync(reports).map((name) => readFileSync(join(reports, name), 'utf8').slice(0, 4000));
  if (status === 0) return { counts: JSON.parse(stdout).counts, wrong };
  return { counts: {}, wrong: [...wrong, `exit code ${status}, signal ${signal}: ${stderr.slice(-4000)}`] };
}
