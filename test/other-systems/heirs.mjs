// A lock that is handed over, and one of `run`: the process that acquired it is killed, and whoever inherited it holds it
// for as long as it lives. Runs on whatever system it is started on, and prints one line of JSON.
// Argument: how many processes are killed in each of the two ways.
import { fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { acquireLock, inspectLock } from '../../dist/index.js';

const [count = '20', role, path = '', file = ''] = process.argv.slice(2);
const self = fileURLToPath(import.meta.url);
const CLI = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));
/** ms in which a system that ends a command together with its parent has done so. */
const FOR_THE_END = 300;

if (role === undefined) await main();
else if (role === 'owner') await handOver();
else live();

/** The heir: it says which number it has, and lives. */
function live() {
  writeFileSync(`${file}.new`, String(process.pid));
  renameSync(`${file}.new`, file);
  setInterval(() => {}, 1_000);
}

async function handOver() {
  const lock = await acquireLock(path, { handOver: true });
  // Otherwise Node for Windows ends a process together with its parent.
  lock.handOver(process.execPath, [self, count, 'heir', path, file], { detached: true, stdio: 'ignore' });
  setInterval(() => {}, 1_000);
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'kernel-identity-heirs-'));
  const lockPath = join(directory, 'x.lock');
  const pidFile = join(directory, 'heir');
  const report = { handedOver: 0, run: 0, runOutlived: 0, robbed: 0, slowestMs: 0 };
  for (let round = 0; round < 2 * Number(count); round += 1) {
    rmSync(pidFile, { force: true });
    const way = round % 2 === 0 ? 'handedOver' : 'run';
    const owner = way === 'run' ? run(lockPath, pidFile) : fork(self, [count, 'owner', lockPath, pidFile]);
    while (!existsSync(pidFile)) await sleep(20);
    const heir = Number(readFileSync(pidFile, 'utf8'));
    const ended = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await ended;
    if (way === 'run') await sleep(FOR_THE_END);
    const { state } = await inspectLock(lockPath);
    // It is asked afterwards, because a process that is not there yet cannot come back.
    const isAlive = lives(heir);
    if (isAlive && state !== 'held') report.robbed += 1;
    if (isAlive && way === 'run') report.runOutlived += 1;
    if (isAlive) process.kill(heir, 'SIGKILL');
    const killedAt = performance.now();
    const lock = await acquireLock(lockPath, { timeout: 20_000 });
    report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - killedAt));
    if (isAlive || way === 'run') report[way] += 1;
    await lock.release();
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  console.log(JSON.stringify(report));
}

/** @param {string} lockPath @param {string} pidFile */
function run(lockPath, pidFile) {
  const command = [process.execPath, self, count, 'heir', lockPath, pidFile];
  return spawn(process.execPath, [CLI, 'run', lockPath, '--', ...command], { stdio: 'ignore' });
}

/** @param {number} pid */
function lives(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
