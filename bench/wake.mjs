// How long a waiter sleeps on after the lock became free, and what it costs to wait: this package beside proper-lockfile
// and a poller, side by side in one run. `npm run bench:wake`; `-- --quick` for a tenth of the rounds, `-- --only x` for
// the lines that have x in their name.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { filesystemName } from '../dist/backend/procfs/filesystem.js';
import { probeIdentity } from '../dist/index.js';
import { formatOwnerRecord } from '../dist/record/format.js';
import { cpuTimeOf, startContender, Talker } from './wake/processes.mjs';

const quick = process.argv.includes('--quick');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '';
const isWanted = (name) => name.includes(only);
const ROUNDS = quick ? 20 : 200;
/** ms over which CPU time is measured. */
const CPU_MS = quick ? 5_000 : 15_000;
const MANY = 100;
/** ms after its start by which node has ended its own housekeeping: V8 looks once whether it can free memory. */
const SETTLED_MS = 12_000;
/** Any moment of a polling interval is as likely as another. */
const waitAWhile = () => sleep(20 + 100 * Math.random());

const scratch = mkdtempSync(join(tmpdir(), 'kernel-identity-bench-'));
const directories = [
  scratch,
  ...(isTmpfs('/dev/shm') ? [mkdtempSync('/dev/shm/kernel-identity-bench-')] : []),
];
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
const mortal = join(scratch, 'mortal');
execFileSync('cc', ['-O2', '-o', mortal, fileURLToPath(new URL('wake/mortal.c', import.meta.url))]);

/** Where the locks are just now. */
let root = scratch;
let paths = 0;
function newPath() {
  paths += 1;
  return join(root, `${paths}.lock`);
}

/** ms from `earlier` to `later`, times of CLOCK_MONOTONIC. */
function msBetween(earlier, later) {
  return Number(BigInt(later) - BigInt(earlier)) / 1e6;
}

function filesystemOf(path) {
  return filesystemName(statfsSync(path, { bigint: true }).type);
}

function isTmpfs(path) {
  try {
    return filesystemOf(path) === 'tmpfs';
  } catch {
    return false;
  }
}

function hasProperLockfile() {
  try {
    createRequire(import.meta.url).resolve('proper-lockfile');
    return true;
  } catch {
    return false;
  }
}

// Owners that are small, for the deaths.

/** A lock of ours, held by a process that does nothing else. */
async function holdOurs(path) {
  mkdirSync(path);
  const file = join(path, 'owner.json');
  closeSync(openSync(file, 'wx'));
  const owner = new Talker(mortal, 'hold', file);
  await owner.line();
  const { dev, ino } = statSync(file, { bigint: true });
  const record = {
    starttime: null,
    createdAtMs: Date.now(),
    nonce: process.hrtime.bigint().toString(16).padStart(32, '0'),
    identity: probeIdentity(owner.pid),
    filesystem: filesystemOf(path),
    witness: { device: `${dev}`, fsid: null, inode: `${ino}` },
    lease: null,
    label: undefined,
  };
  writeFileSync(file, formatOwnerRecord(record));
  return owner;
}

/** What the poller can read. */
async function holdOld(path) {
  mkdirSync(path);
  const file = join(path, 'owner.json');
  writeFileSync(file, '');
  const owner = new Talker(mortal, 'hold', file);
  await owner.line();
  writeFileSync(file, JSON.stringify({ pid: owner.pid, createdAtMs: Date.now() }));
  return owner;
}

/** @returns when it was killed, and when the kernel said that it is dead. */
async function killAndSee(owner) {
  const killer = new Talker(mortal, 'kill', String(owner.pid));
  const [killed, dead] = (await killer.line()).split(' ');
  await Promise.all([owner.exited(), killer.exited()]);
  return { killed, dead };
}

// The rounds.

/** ms from the call of release to the waiter's having the lock. `fresh`: a new waiter process each time. */
async function afterRelease(way, fresh) {
  const delays = [];
  const owner = await startContender(way);
  let waiter = await startContender(way);
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = newPath();
    owner.send({ command: 'acquire', path });
    await owner.until('acquired');
    waiter.send({ command: 'acquire', path });
    await waiter.until('waiting');
    await waitAWhile();
    owner.send({ command: 'release', path });
    const [released, acquired] = await Promise.all([owner.until('released'), waiter.until('acquired')]);
    delays.push(msBetween(released.at, acquired.at));
    waiter.send({ command: 'release', path });
    await waiter.until('released');
    if (fresh) {
      await waiter.kill();
      waiter = await startContender(way);
    }
  }
  await Promise.all([owner.kill(), waiter.kill()]);
  return delays;
}

/** ms from the death of the owner, and from the call of kill(2), to the waiter's having the lock. */
async function afterKill(way, hold) {
  const fromDeath = [];
  const fromKill = [];
  const waiter = await startContender(way);
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = newPath();
    const owner = await hold(path);
    waiter.send({ command: 'acquire', path });
    await waiter.until('waiting');
    await waitAWhile();
    const [{ killed, dead }, acquired] = await Promise.all([killAndSee(owner), waiter.until('acquired')]);
    fromDeath.push(msBetween(dead, acquired.at));
    fromKill.push(msBetween(killed, acquired.at));
    waiter.send({ command: 'release', path });
    await waiter.until('released');
  }
  await waiter.kill();
  return { fromDeath, fromKill };
}

/**
 * The same where only a timeout tells of a death: proper-lockfile's default is 10 s, so each owner takes many locks
 * with it at once, and one process waits for all of them.
 */
async function afterKillByTimeout(way) {
  const locks = quick ? 10 : 50;
  const fromDeath = [];
  const fromKill = [];
  const waiter = await startContender(way);
  for (let round = 0; round < ROUNDS / locks; round += 1) {
    const owner = await startContender(way);
    const all = Array.from({ length: locks }, newPath);
    for (const path of all) owner.send({ command: 'acquire', path });
    for (const _ of all) await owner.until('acquired');
    for (const path of all) waiter.send({ command: 'acquire', path });
    await waitAWhile();
    const { killed, dead } = await killAndSee(owner);
    for (const _ of all) {
      const { at } = await waiter.until('acquired');
      fromDeath.push(msBetween(dead, at));
      fromKill.push(msBetween(killed, at));
    }
    for (const path of all) waiter.send({ command: 'release', path });
    for (const _ of all) await waiter.until('released');
  }
  await waiter.kill();
  return { fromDeath, fromKill };
}

/** % of a core that `locks` waits in each of `processes` processes take, all for different locks of one owner. */
async function costOfWaiting(way, hold, processes, locks) {
  const waiters = [];
  for (let i = 0; i < processes; i += 1) waiters.push(await startContender(way));
  const owners = [];
  for (const waiter of waiters) {
    for (let i = 0; i < locks; i += 1) {
      const path = newPath();
      owners.push(await hold(path));
      waiter.send({ command: 'acquire', path });
      await waiter.until('waiting');
    }
  }
  await sleep(SETTLED_MS);
  const used = () => waiters.reduce((sum, { pid }) => sum + cpuTimeOf(pid), 0);
  const before = used();
  const started = performance.now();
  await sleep(CPU_MS);
  const percent = ((used() - before) / 1e6 / (performance.now() - started)) * 100;
  await Promise.all([...waiters, ...owners].map((child) => child.kill()));
  return percent;
}

// What is printed.

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

function row(name, delays, bars) {
  const sorted = delays.toSorted((a, b) => a - b);
  const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1)];
  const missed = bars && (p50 > bars.p50 || p99 > bars.p99);
  console.log(
    `  ${name.padEnd(44)}${p50.toFixed(3).padStart(10)}${p99.toFixed(3).padStart(11)}${max.toFixed(3).padStart(11)}` +
      `  n=${sorted.length}${bars ? (missed ? '  MISSED' : '  ok') : ''}`,
  );
  if (missed) process.exitCode = 1;
}

function heading(text) {
  console.log(
    `\n${text}\n  ${'ms'.padEnd(44)}${'p50'.padStart(10)}${'p99'.padStart(11)}${'max'.padStart(11)}`,
  );
}

function load() {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
}

/** ms that the filesystem alone takes to delete what a dead owner leaves: whoever reclaims a lock pays it. */
function deletions() {
  return Array.from({ length: ROUNDS }, () => {
    const path = newPath();
    const file = join(path, 'owner.json');
    mkdirSync(path);
    writeFileSync(file, '{}');
    const started = performance.now();
    unlinkSync(file);
    rmdirSync(path);
    return performance.now() - started;
  });
}

const BARS = { p50: 1, p99: 5 };
const others = hasProperLockfile();
if (!others) console.log('proper-lockfile is not installed: its lines are left out');
console.log(`Linux ${release()}, ${cpus().length} cores, node ${process.version}, load ${load()}`);

for (const directory of directories) {
  root = directory;
  const compared = directory === scratch;
  console.log(`\nlocks in ${root} (${filesystemOf(root)})`);

  heading('from the call of release to having the lock');
  const released = async (name, way, fresh, bars) => {
    if (isWanted(name)) row(name, await afterRelease(way, fresh), bars);
  };
  await released('kernel-identity, async', 'async', false, BARS);
  await released('kernel-identity, sync', 'sync', false, BARS);
  await released('kernel-identity, async, first of its process', 'async', true);
  await released('kernel-identity, sync, first of its process', 'sync', true);
  if (compared && others) await released('proper-lockfile, retry every 100 ms', 'proper-lockfile', false);
  if (compared) await released('poller, 100 ms', 'poller', false);

  heading('from the death of the owner (its pidfd is readable) to having the lock');
  const killed = async (name, measure, bars) => {
    if (!isWanted(name)) return;
    const { fromDeath, fromKill } = await measure();
    row(name, fromDeath, bars);
    row('    from the call of kill(2)', fromKill);
  };
  await killed('kernel-identity, async', () => afterKill('async', holdOurs), BARS);
  await killed('kernel-identity, sync', () => afterKill('sync', holdOurs), BARS);
  // On a host it looks through all processes for a container's that bears the number.
  await killed(`kernel-identity, async, older program's lock`, () => afterKill('async', holdOld));
  if (compared && others) {
    await killed('proper-lockfile, stale after 10 s', () => afterKillByTimeout('proper-lockfile'));
  }
  if (compared) await killed('poller, 100 ms', () => afterKill('poller', holdOld));
  row('(the filesystem alone: unlink and rmdir)', deletions());
}

console.log(`\nCPU time of waiting, % of a core over ${CPU_MS / 1000} s`);
const costs = [
  ['kernel-identity, async, 1 waiter', 'async', holdOurs, 1, 1, 0.1],
  ['kernel-identity, sync, 1 waiter', 'sync', holdOurs, 1, 1, 0.1],
  [`kernel-identity, async, ${MANY} in one process`, 'async', holdOurs, 1, MANY, 1],
  [`kernel-identity, async, ${MANY} processes`, 'async', holdOurs, MANY, 1, 1],
  [`kernel-identity, sync, ${MANY} processes`, 'sync', holdOurs, MANY, 1, 1],
  ['poller, 1 waiter', 'poller', holdOld, 1, 1],
  [`poller, ${MANY} processes`, 'poller', holdOld, MANY, 1],
];
for (const [name, way, hold, processes, locks, bar] of costs) {
  if (!isWanted(name)) continue;
  const percent = await costOfWaiting(way, hold, processes, locks);
  const missed = bar !== undefined && percent >= bar;
  const verdict = bar === undefined ? '' : missed ? `  MISSED ${bar}` : `  < ${bar}  ok`;
  if (missed) process.exitCode = 1;
  console.log(`  ${name.padEnd(44)}${percent.toFixed(4).padStart(10)}${verdict}`);
}
console.log(`\nload ${load()}`);
