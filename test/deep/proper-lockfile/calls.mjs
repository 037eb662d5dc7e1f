// A process is killed, or stopped, at each of its system calls; then others want the lock. strace(1) sends the signal.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { talkTo } from './talk.mjs';

const require = createRequire(import.meta.url);
const LOCKER = fileURLToPath(new URL('locker.cjs', import.meta.url));
const SYSCALLS =
  'mkdirat openat fstat newfstatat statx flock fstatfs fcntl fsetxattr fgetxattr renameat2 unlinkat close'.split(
    ' ',
  );
const STALE = 2_000;
/** Milliseconds from a death to the lock: the bar is `stale` and one second. */
const LONGEST = STALE + 1_000;
/** Chains of cases that go on at the same time. */
const AT_ONCE = 6;

const SITUATIONS = {
  'takes a free lock': { isOld: false, work: 'lock' },
  'takes a lock that is old': { isOld: true, work: 'lock' },
  'releases its lock': { isOld: false, work: 'release' },
};
/** @typedef {keyof typeof SITUATIONS} Situation */

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {{ ours: string, theirs: string, directory: string }} setting
 */
export async function runCalls(report, { ours, theirs, directory }) {
  const base = join(directory, 'calls');
  mkdirSync(base);
  for (const situation of /** @type {Situation[]} */ (Object.keys(SITUATIONS))) {
    const killed = newTally();
    const stopped = newTally();
    const besideOriginal = newTally();
    const chains = SYSCALLS.flatMap((syscall) => [
      chain(killed, (n) => killAt({ ours, base, situation, syscall, n }, killed)),
      chain(stopped, (n) => stopAt({ ours, other: ours, base, situation, syscall, n }, stopped)),
      chain(besideOriginal, (n) =>
        stopAt({ ours, other: theirs, base, situation, syscall, n }, besideOriginal),
      ),
    ]);
    await inPool(chains);
    const late = killed.ms.filter((ms) => ms > LONGEST);
    report.row({
      runtime: 'strace',
      situation: `killed at each system call while it ${situation}`,
      cycles: killed.cases,
      result: 'another has it within stale + 1 s',
      ms: killed.ms,
      wedges: late.length,
      failures: killed.failures,
    });
    report.row({
      runtime: 'strace',
      situation: `stopped at each system call while it ${situation}`,
      cycles: stopped.cases,
      result: `another got it meanwhile ${stopped.taken} times, never both`,
      thefts: stopped.both + stopped.robbed,
      failures: stopped.failures,
    });
    report.row({
      runtime: 'strace',
      situation: `stopped at each system call while it ${situation}, beside the original`,
      cycles: besideOriginal.cases,
      result: `the original got it meanwhile ${besideOriginal.taken} times, both had it ${besideOriginal.both}, the original lost it ${besideOriginal.robbed}`,
      failures: besideOriginal.failures,
    });
  }
}

/** @typedef {{ cases: number, ms: number[], taken: number, both: number, robbed: number, failures: string[] }} Tally */

/** @returns {Tally} */
function newTally() {
  return { cases: 0, ms: [], taken: 0, both: 0, robbed: 0, failures: [] };
}

/**
 * The first call of a kind, the second, ... until there is none.
 * @param {Tally} tally
 * @param {(n: number) => Promise<boolean>} playCase false: there is no such call
 */
function chain(tally, playCase) {
  return async () => {
    for (let n = 1; await playCase(n); n += 1) tally.cases += 1;
  };
}

/** @param {(() => Promise<void>)[]} chains */
async function inPool(chains) {
  const rest = [...chains];
  const worker = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

let made = 0;

/**
 * A process that is to do its work under strace(1), and a lock for it.
 * @param {{ ours: string, base: string, situation: Situation, syscall: string, n: number }} which
 * @param {string} signal
 */
async function prepare({ ours, base, situation, syscall, n }, signal) {
  made += 1;
  const file = join(base, `data-${made}`);
  writeFileSync(file, '');
  const { isOld, work } = SITUATIONS[situation];
  if (isOld) {
    mkdirSync(`${file}.lock`);
    utimesSync(`${file}.lock`, new Date(0), new Date(0));
  }
  const locker = talkTo([process.execPath, LOCKER, ours, file]);
  await locker.line();
  if (work === 'release') await locker.ask('lock');
  const log = `${file}.strace`;
  const args = ['-p', String(locker.child.pid), '-o', log, `--trace=${syscall}`];
  const strace = spawn('strace', [...args, `--inject=${syscall}:signal=${signal}:when=${n}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const straceEnded = new Promise((resolve) => strace.once('close', resolve));
  await new Promise((resolve) => strace.stderr.once('data', resolve));
  return {
    file,
    locker,
    work,
    isInjected: () => readFileSync(log, 'utf8').includes(`--- ${signal}`),
    async end() {
      locker.child.kill('SIGKILL');
      await straceEnded;
    },
  };
}

/**
 * @param {Parameters<typeof prepare>[0]} which
 * @param {Tally} tally
 */
async function killAt(which, tally) {
  const { file, locker, work, end } = await prepare(which, 'SIGKILL');
  const answer = await locker.ask(work);
  const started = performance.now();
  await end();
  if (answer !== 'ended') return false;
  const release = await until(() => attempt(require(which.ours), file), 2 * LONGEST);
  tally.ms.push(performance.now() - started);
  if (release === null) tally.failures.push(`${work}, ${which.syscall} ${which.n}: nobody gets it`);
  else release();
  return true;
}

/**
 * @param {Parameters<typeof prepare>[0] & { other: string }} which
 * @param {Tally} tally
 */
async function stopAt(which, tally) {
  const { file, locker, work, isInjected, end } = await prepare(which, 'SIGSTOP');
  const path = `${file}.lock`;
  const answer = locker.ask(work);
  const isStopped = async () => isInjected() && (await Promise.race([answer, sleep(20, null)])) === null;
  const stopped = await until(
    async () => (await isStopped()) || (await Promise.race([answer, sleep(5, null)])) !== null,
    5_000,
  );
  if (!stopped || !isInjected()) {
    await end();
    return false;
  }
  const release = await until(() => attempt(require(which.other), file), STALE + 500);
  const identity = release === null ? '' : identityOf(path);
  locker.child.kill('SIGCONT');
  const said = await answer;
  if (release !== null) {
    tally.taken += 1;
    if (said === 'got') tally.both += 1;
    if (identityOf(path) !== identity) tally.robbed += 1;
    try {
      release();
    } catch {
      // It was robbed.
    }
  }
  if (said === 'ended') tally.failures.push(`${work}, ${which.syscall} ${which.n}: it ended`);
  await end();
  return true;
}

/**
 * @param {{ lockSync: (file: string, options: object) => () => void }} contender
 * @param {string} file
 */
function attempt({ lockSync }, file) {
  try {
    return lockSync(file, { stale: STALE, onCompromised: () => {} });
  } catch {
    return null;
  }
}

/** @param {string} path */
function identityOf(path) {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return `${found?.ino}:${found?.birthtimeNs}`;
}

/**
 * @template T
 * @param {() => T | null | false | Promise<T | null | false>} look
 * @param {number} ms
 * @returns {Promise<T | null>}
 */
async function until(look, ms) {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) return null;
    await sleep(10);
  }
}
