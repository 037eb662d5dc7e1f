// Searches the C++ sources for mistakes: clang checks the locking rules of native/linux/thread_annotations.h, then
// clang-tidy and cppcheck check the rest. It takes two minutes, and needs these programs and Node's headers. On Debian:
// apt-get install clang clang-tidy cppcheck.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeSources } from './native-source-hash.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = nativeSources('linux').filter((file) => file.endsWith('.cc'));
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
  // System calls take several numbers in a row.
  '-bugprone-easily-swappable-parameters',
  // System calls without a wrapper are made through a variadic function.
  '-cert-dcl50-cpp',
  // Plain structures have public members.
  '-misc-non-private-member-variables-in-classes',
  // napi_env and napi_value are pointers to unknown types: the handle is constant, not the object behind it.
  '-misc-misplaced-const',
  // snprintf writes to a buffer that holds the longest number, so its result need not be checked.
  '-cert-err33-c',
  // readdir reads from a stream that no other thread knows.
  '-concurrency-mt-unsafe',
];
const OPTIONS = [
  ...['-std=c++20', '-fno-exceptions', '-fno-rtti', '-isystem', HEADERS, '-isystem', ADDON_API],
  ...['-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
  '-DKERNEL_IDENTITY_SOURCE_HASH="0"',
];

if (!existsSync(join(HEADERS, 'node_api.h'))) throw new Error(`no headers of Node in ${HEADERS}`);
const guarded = run('clang++', [
  '-fsyntax-only',
  '-Wthread-safety',
  '-Wthread-safety-beta',
  '-Werror',
  ...OPTIONS,
  ...SOURCES,
]);
const tidied = run('clang-tidy', [
  ...['--quiet', `--checks=${CHECKS.join(',')}`, '--warnings-as-errors=*', '--header-filter=native/'],
  ...[...SOURCES, '--', ...OPTIONS],
]);
const checked = run('cppcheck', [
  ...['--enable=warning,performance,portability,style', '--std=c++20', '--quiet', '--error-exitcode=1'],
  // cppcheck does not read the system headers, and does not see members that are initialised elsewhere.
  ...['--suppress=missingIncludeSystem', '--suppress=noConstructor', '--suppress=unmatchedSuppression'],
  // This buffer is only read where it was written before.
  '--suppress=uninitMemberVarPrivate:native/binding/file_content.h',
  // These are matters of taste: a variable with the name of a member function, a loop that could be an algorithm.
  ...['--suppress=shadowFunction', '--suppress=useStlAlgorithm'],
  ...['-Inative/linux', ...SOURCES],
]);
process.exitCode = guarded && tidied && checked ? 0 : 1;

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
  // clang-tidy counts, for each file, the warnings in headers of others.
  const said = (stderr ?? '').replaceAll(/^\d+ warnings? generated\.\n/gm, '');
  if (said !== '') process.stderr.write(said);
  if (error) console.error(error.message);
  console.log(`${command}: ${status === 0 ? 'nothing found' : `exit code ${status}`}`);
  return status === 0;
}
