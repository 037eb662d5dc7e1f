// Takes and releases the lock again and again until SIGTERM, in every possible way. Its one argument is its
// part, as JSON: see `WorkerPart` in torture.ts.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, threadId, Worker } from 'node:worker_threads';
import * as internals from '../../build/modules/internals.js';
import { answerLate, takeCopy } from './disturbances.mjs';
import { acquireDeletingByPath, acquireRenamingAside } from './flawed.mjs';
import { acquireAsOlder } from './older.mjs';
import { dieBeforeOperation, judgeAllDead } from './operations.mjs';
import { randomFrom } from './random.mjs';
import { Section } from './section.mjs';
import { watchDeletions } from './watch-deletions.mjs';

const part = JSON.parse(process.argv[2]);
const { api, currentBackend } = part.modules === null ? internals : await ofOtherBuild(part.modules);
const random = randomFrom(part.seed + 7919 * threadId);
const path = join(part.directory, 'locks', 'x.lock');
const who = `${part.name}/${process.pid}.${threadId}.${part.seed}/${part.kind}/${part.backend}`;
const copies = join(part.directory, 'copies');
const section = new Section(part.directory, who);
const fault = (text) => section.fault(text);
const looks = { ownerlessGrace: part.grace };
const options = { ...looks, lease: part.lease };

/** The share of acquisitions, and of sections, in which a disturbed worker copies the lock. */
const COPIES = 0.05;

let ending = false;

const WAYS = [
  () => api.acquireLock(path, { ...options, timeout: part.patience }),
  () => api.acquireLock(path, { ...options, timeout: part.patience }),
  () => api.acquireLock(path, { ...options, timeout: 20 * random() }),
  () => api.acquireLock(path, { ...options, signal: AbortSignal.timeout(1 + Math.floor(40 * random())) }),
  () => api.acquireLockSync(path, { ...options, timeout: part.patience / 4 }),
  () => api.tryAcquireLockSync(path, options),
];

/** The same modules of another version, from its build/modules. */
async function ofOtherBuild(modules) {
  const { currentBackend } = await import(join(modules, 'backend/select.js'));
  return { api: await import(join(modules, 'index.js')), currentBackend };
}

async function acquireOurs() {
  try {
    if (random() < 0.03) api.inspectLockSync(path, looks);
    if (random() < 0.03) api.reclaimLockSync(path, looks);
    if (part.disturbed && random() < COPIES) takeCopy(api, path, copies, options);
    return await WAYS[Math.floor(random() * WAYS.length)]();
  } catch (error) {
    if (error.code === 'ERR_LOCK_TIMEOUT' || error.name === 'TimeoutError') return null;
    // The directory of the locks has another name for a moment.
    if (part.disturbed && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** The owner itself can take a copy of its lock, and keeps the lock. */
function checkOwnCopy(lock) {
  const wasFree = takeCopy(api, path, copies, options);
  if (wasFree === false && lock.owner.witness !== null) fault('a copy of its own lock was not free');
  if (!lock.verify()) fault('it lost its lock');
}

const KINDS = {
  ours: acquireOurs,
  'judge-all-dead': acquireOurs,
  'delete-by-path': () => acquireDeletingByPath(path, part.patience),
  'rename-aside': () => acquireRenamingAside(path, part.patience),
  older: () => acquireAsOlder(path, part.patience, false, fault),
  'older-reclaiming': () => acquireAsOlder(path, part.patience, true, fault),
};

/** The pause is mostly next to nothing, and now and then long enough for other waiters to queue up. */
function pauseMs() {
  const draw = random();
  return draw < 0.5 ? 0 : draw < 0.95 ? 3 * random() : 25 * random();
}

async function pass(ms) {
  if (ms === 0) return;
  if (random() < 0.5) await sleep(ms);
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function main() {
  const acquire = KINDS[part.kind];
  while (!ending) {
    const lock = await acquire();
    if (lock !== null) {
      const visit = section.enter();
      await pass(random() < part.longSections ? 1.5 * part.lease : pauseMs());
      if (random() < part.deaths) process.kill(process.pid, 'SIGKILL');
      if (part.disturbed && random() < COPIES) checkOwnCopy(lock);
      section.leave(visit);
      lock.releaseSync();
      section.released();
    }
    await sleep(2 * pauseMs());
  }
}

if (part.kind === 'ours') {
  const backend = currentBackend();
  if (part.watched) watchDeletions(backend, part.grace, fault);
  if (part.disturbed) answerLate(backend, random, 0.03, part.lease);
  if (part.operations !== null) dieBeforeOperation(1 + Math.floor(2 * part.operations * random()), backend);
}
if (part.kind === 'judge-all-dead') judgeAllDead(currentBackend());

if (isMainThread) {
  const threads = Array.from({ length: part.threads }, () => {
    return new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  });
  process.on('SIGTERM', () => {
    ending = true;
    for (const thread of threads) thread.postMessage('end');
  });
} else {
  const { parentPort } = await import('node:worker_threads');
  parentPort.once('message', () => {
    ending = true;
  });
  parentPort.unref();
}

try {
  await main();
} catch (error) {
  fault(`threw: ${error.stack}`);
  process.exit(1);
}
