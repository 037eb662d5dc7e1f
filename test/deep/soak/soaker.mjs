// node --expose-gc soaker.mjs DIRECTORY SECONDS INTERVAL_SECONDS: does, at a leisurely pace, everything that
// a long-lived program does with locks. Each interval it writes a line of JSON with its memory, descriptors
// and threads.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as api from '../../../dist/index.js';

const THIS = fileURLToPath(import.meta.url);
/** ms between two rounds. */
const PACE = 25;

if (!isMainThread) {
  const lock = api.acquireLockSync(workerData);
  parentPort?.postMessage(lock.verify());
  lock.releaseSync();
} else if (process.argv[2] === 'hold') {
  await api.acquireLock(process.argv[3] ?? '');
  process.send?.('held');
  setInterval(() => {}, 60_000);
} else {
  await soak(process.argv[2] ?? '', Number(process.argv[3]), Number(process.argv[4]));
}

/**
 * @param {string} directory
 * @param {number} seconds
 * @param {number} interval
 */
async function soak(directory, seconds, interval) {
  const started = performance.now();
  let rounds = 0;
  let sampleAt = interval;
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - started) / 1000) {
    await round(directory, rounds++);
    if (elapsed < sampleAt) continue;
    sampleAt += interval;
    // Threads that were asked to end may still be doing so.
    await sleep(200);
    console.log(JSON.stringify({ seconds: Math.round(elapsed), rounds, ...usage() }));
  }
}

function usage() {
  global.gc?.();
  global.gc?.();
  return {
    rssKiB: Math.round(process.memoryUsage.rss() / 1024),
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  };
}

/**
 * @param {string} directory
 * @param {number} number
 */
async function round(directory, number) {
  const path = join(directory, 'a.lock');
  const lock = await api.acquireLock(path);
  api.inspectLockSync(path);
  expect(api.tryAcquireLockSync(path) === null, 'a lock was given twice');
  // Two processes wait here, of which one gives up.
  const waiting = api.acquireLock(path, { timeout: 10_000 });
  const impatient = await api.acquireLock(path, { timeout: 1 }).catch(() => null);
  expect(impatient === null, 'a lock was given twice');
  await lock.release();
  await (await waiting).release();
  await sleep(PACE);
  api.acquireLockSync(join(directory, 'b.lock')).releaseSync();
  const self = api.selfIdentity();
  api.parseIdentity(api.formatIdentity(self));
  expect(api.judgeOwner(self).state !== 'dead', 'this process was called dead');
  if (number % 20 === 0) api.dumpDiagnostics({ locks: [path] });
  if (number % 40 === 0) await reclaim(directory);
  if (number % 60 === 0) await inWorker(directory);
}

/**
 * Reclaims from an owner that is watched, and killed while this process waits for its lock.
 * @param {string} directory
 */
async function reclaim(directory) {
  const path = join(directory, 'c.lock');
  const owner = spawn(process.execPath, [THIS, 'hold', path], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(owner, 'message');
  const { owner: record } = api.inspectLockSync(path);
  const watch = record?.identity ? api.watchOwner(record.identity) : null;
  expect(watch?.alive !== false, 'a living owner was called dead');
  const waiting = api.acquireLock(path, { timeout: 30_000 });
  await sleep(20);
  const exited = once(owner, 'exit');
  owner.kill('SIGKILL');
  await (await waiting).release();
  await exited;
  // The thread that learns of the exit may not have run yet.
  for (let waited = 0; watch?.alive && waited < 5000; waited += 10) await sleep(10);
  expect(watch?.alive === false, 'a dead owner was called alive');
  watch?.close();
}

/** @param {string} directory */
async function inWorker(directory) {
  const worker = new Worker(THIS, { workerData: join(directory, 'd.lock') });
  const exited = once(worker, 'exit');
  const [verified] = await once(worker, 'message');
  expect(verified === true, 'a worker lost its lock');
  await exited;
}

/**
 * @param {boolean} fact
 * @param {string} otherwise
 */
function expect(fact, otherwise) {
  if (!fact) throw new Error(otherwise);
}
