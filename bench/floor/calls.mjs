// Prints the system calls of each operation as strace(1) sees them, those of the package beside those of floor.c. The
// two lists must be the same, because otherwise the ratio to C means nothing. Usage:
// `node bench/floor/calls.mjs [OPERATION...]`; the exit code is 1 if the lists differ.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireLockSync, inspectLockSync, judgeOwner, probeIdentity } from '../../dist/index.js';
import { compiled } from '../harness/compiled.mjs';
import { GONE_PID } from '../harness/floor.mjs';
import { holdOurs } from '../harness/owners.mjs';
import { defaultParent, makeScratch, newPath } from '../harness/scratch.mjs';

/** The same operations with this package, by their names in floor.c. */
const OURS = {
  judge: ({ identity }) => judgeOwner(identity),
  'judge-gone': ({ identity }) => judgeOwner({ ...identity, pid: GONE_PID }),
  inspect: ({ lock }) => inspectLockSync(lock),
  'acquire-and-release': ({ free }) => acquireLockSync(free).releaseSync(),
};
/**
 * System calls that the package does not make itself: V8 and its allocator make them at any time, and OpenSSL checks
 * with getpid whether the process was forked before it makes random bytes.
 */
const NOT_OURS = /^(brk|mmap|munmap|mprotect|madvise|futex|getrandom|sched_yield|getpid)$/;
const MARK = 'calls.mjs: now';

/** Runs under strace. Performs the operation once between two marks, when all caches are warm. */
function perform(operation, pid, lock, free) {
  const given = { identity: probeIdentity(Number(pid)), lock, free };
  for (let i = 0; i < 3; i += 1) OURS[operation](given);
  writeSync(2, MARK);
  OURS[operation](given);
  writeSync(2, MARK);
}

/** Returns the names of the system calls between the two marks. */
function traced(command, args, { input, isMark }) {
  const log = join(scratch, 'strace.log');
  const { error } = spawnSync('strace', ['-o', log, command, ...args], {
    input,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (error !== undefined) throw error;
  const lines = readFileSync(log, 'latin1').split('\n');
  const [start, end] = lines.flatMap((line, i) => (isMark(line) ? [i] : []));
  return lines
    .slice(start + 1, end)
    .map((line) => /^\w+/.exec(line)?.[0])
    .filter((name) => name !== undefined && !NOT_OURS.test(name));
}

function compare(operation, pid, lock, free) {
  const ours = traced(
    process.execPath,
    [fileURLToPath(import.meta.url), '--perform', operation, pid, lock, free],
    {
      isMark: (line) => line.includes(MARK),
    },
  );
  const directory = join(lock, '..');
  const inC = traced(compiled('floor/floor'), [pid, String(GONE_PID), directory, basename(lock)], {
    input: `${operation} 1 0\n`,
    isMark: (line) => line.startsWith('read(0') || line.startsWith('write(1'),
  });
  console.log(`\n${operation}\n  ${'this package'.padEnd(24)}floor.c`);
  for (let i = 0; i < Math.max(ours.length, inC.length); i += 1) {
    console.log(`  ${(ours[i] ?? '').padEnd(24)}${inC[i] ?? ''}`);
  }
  return ours.join() === inC.join();
}

let scratch;
if (process.argv[2] === '--perform') {
  perform(...process.argv.slice(3));
} else {
  scratch = makeScratch(defaultParent());
  const wanted = process.argv.slice(2);
  const lock = newPath(scratch);
  const owner = await holdOurs(lock);
  for (const operation of wanted.length > 0 ? wanted : Object.keys(OURS)) {
    if (compare(operation, String(owner.pid), lock, newPath(scratch))) continue;
    console.log('  the two lists differ');
    process.exitCode = 1;
  }
  await owner.kill();
}
