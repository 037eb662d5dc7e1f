// Looks for mistakes in the C++ sources with clang-tidy and cppcheck. Takes a minute; needs both, and Node's headers.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeSources } from './native-source-hash.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = nativeSources().filter((file) => file.endsWith('.cc'));
const ADDON_API = dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
const HEADERS = join(dirname(dirname(process.execPath)), 'include/node');

const CHECKS = [
  ...[
    'bugprone-*',
    'cert-*',
    'clang-analyzer-*',
    'concurrency-*',
    'misc-*',
    'performance-*',
    'portability-*',
  ],
  // Two numbers in a row are what system calls take.
  '-bugprone-easily-swappable-parameters',
  // A variadic function is how system calls without a wrapper are made.
  '-cert-dcl50-cpp',
  // Plain structures have public members.
  '-misc-non-private-member-variables-in-classes',
  // napi_env and napi_value are pointers that are not looked into: the handle is what is constant.
  '-misc-misplaced-const',
  // snprintf into a buffer that holds the longest number.
  '-cert-err33-c',
  // readdir on a stream of its own, which no other thread knows.
  '-concurrency-mt-unsafe',
];
const OPTIONS = [
  ...['-std=c++20', '-fno-exceptions', '-fno-rtti', '-isystem', HEADERS, '-isystem', ADDON_API],
  ...['-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
  '-DKERNEL_IDENTITY_SOURCE_HASH="0"',
];

if (!existsSync(join(HEADERS, 'node_api.h'))) throw new Error(`no headers of Node in ${HEADERS}`);
const tidied = run('clang-tidy', [
  ...['--quiet', `--checks=${CHECKS.join(',')}`, '--warnings-as-errors=*', '--header-filter=native/'],
  ...[...SOURCES, '--', ...OPTIONS],
]);
const checked = run('cppcheck', [
  ...['--enable=warning,performance,portability,style', '--std=c++20', '--quiet', '--error-exitcode=1'],
  // Its own reading of headers that it does not get; and it takes members with an initialiser elsewhere for none.
  ...['--suppress=missingIncludeSystem', '--suppress=noConstructor', '--suppress=unmatchedSuppression'],
  // A buffer, of which nothing is looked at but what was read into it.
  '--suppress=uninitMemberVarPrivate:native/binding/file_content.h',
  // Another thread changes it while the lock is let go.
  '--suppress=knownConditionTrueFalse:native/linux/change_watch.cc',
  // Matters of taste: a variable named as a member function is, and a loop that could be an algorithm.
  ...['--suppress=shadowFunction', '--suppress=useStlAlgorithm'],
  ...['-Inative/linux', ...SOURCES],
]);
process.exitCode = tidied && checked ? 0 : 1;

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  // Counts what it found in other people's headers, file by file.
  const said = (stderr ?? '').replaceAll(/^\d+ warnings? generated\.\n/gm, '');
  if (said !== '') process.stderr.write(said);
  if (error) console.error(error.message);
  console.log(`${command}: ${status === 0 ? 'nothing found' : `exit code ${status}`}`);
  return status === 0;
}
