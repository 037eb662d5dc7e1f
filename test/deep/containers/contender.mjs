// The program in the containers: it contends for the lock of a volume, holds it, and writes a journal there,
// one line of JSON for each event. All contenders append to one file, so that the kernel gives all lines one
// order.
// node contender.mjs '{ "who": "b", ... }'
import { randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, CHANNELS, selfIdentity } from '../../../dist/index.js';

/**
 * @typedef {object} Task
 * @property {string} who
 * @property {string} [lock] its path. Default: one in the volume
 * @property {import('../../../dist/index.js').AcquireOptions} [acquire]
 * @property {'lock' | 'pid-only' | 'delete'} [style] pid-only: the lock of an older program, with a PID and
 * nothing else;
 * delete: the same, but its entrypoint deletes the lock first
 * @property {'until killed' | 'until terminated' | 'eating memory'} [hold] terminated: SIGTERM makes it
 * release the lock
 */

const BEAT_MS = 5;
const MEAL_BYTES = 8 * 1024 * 1024;

/** @type {Task} */
const {
  who,
  lock: path = '/vol/install.lock',
  acquire = {},
  style = 'lock',
  hold = 'until killed',
} = JSON.parse(process.argv[2] ?? '{}');
const run = randomUUID();
const journal = openSync('/vol/journal', 'a');

/**
 * @param {string} event
 * @param {object} [more]
 */
function tell(event, more) {
  const at = performance.timeOrigin + performance.now();
  writeSync(journal, `${JSON.stringify({ who, run, at, event, ...more })}\n`);
}

/** Takes the lock as test/fixtures/old-runtime-lock.mjs does. */
async function holdAsBefore() {
  if (style === 'delete') rmSync(path, { recursive: true, force: true });
  const called = performance.now();
  while (!tryDirectory()) {
    if (isOwnerThere()) await sleep(BEAT_MS);
    else rmSync(path, { recursive: true, force: true });
  }
  const record = { pid: process.pid, createdAtMs: Date.now() };
  writeFileSync(`${path}/owner.json`, JSON.stringify(record, null, 2));
  tell('entered', { ms: performance.now() - called, reclaimed: null });
  setInterval(() => tell('inside'), BEAT_MS);
}

function tryDirectory() {
  try {
    mkdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function isOwnerThere() {
  try {
    process.kill(JSON.parse(readFileSync(`${path}/owner.json`, 'utf8')).pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
}

async function holdLock() {
  /** @type {string | null} */
  let reclaimed = null;
  subscribe(CHANNELS.reclaim, (message) => {
    const { verdict, description } = /** @type {import('../../../dist/index.js').ReclaimEvent} */ (message);
    reclaimed = verdict === null || verdict.state === 'unknown' ? description : verdict.reason;
  });
  const called = performance.now();
  const elapsed = () => performance.now() - called;
  /** @type {import('../../../dist/index.js').Lock} */
  let lock;
  try {
    lock = await acquireLock(path, {
      label: who,
      onWait: ({ verdict, description }) => tell('waiting', { reason: verdict?.reason ?? description }),
      ...acquire,
    });
  } catch (error) {
    const { code, verdict } = /** @type {import('../../../dist/index.js').LockTimeoutError} */ (error);
    tell(code === 'ERR_LOCK_TIMEOUT' ? 'refused' : 'failed', {
      ms: elapsed(),
      state: verdict?.state ?? null,
      reason: verdict?.reason ?? String(error),
    });
    return;
  }
  tell('entered', { ms: elapsed(), reclaimed });

  const timer = setInterval(() => {
    if (!lock.verify()) {
      clearInterval(timer);
      tell('lost');
      return;
    }
    tell('inside');
    if (hold === 'eating memory') eaten.push(Buffer.alloc(MEAL_BYTES, 1));
  }, BEAT_MS);
  if (hold === 'until terminated') {
    process.once('SIGTERM', async () => {
      clearInterval(timer);
      await lock.release();
      tell('released');
      process.exit();
    });
  }
}

/** @type {Buffer[]} */
const eaten = [];
const { pid, pidNamespace, bootId, bootIdNative } = selfIdentity();
tell('born', { pid, namespace: pidNamespace.inode, bootId, bootIdNative, hostname: hostname() });
if (style === 'lock') await holdLock();
else await holdAsBefore();
