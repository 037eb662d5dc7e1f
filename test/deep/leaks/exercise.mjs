// node --expose-gc exercise.mjs lost|kept ADDON DIRECTORY: uses everything that the addon can do, again and
// again. Run `lost` under LeakSanitizer, which reports at the end the memory that nothing points to any more.
// `kept` checks for memory that grows although something points to it. Prints the problems as a JSON array.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { roundsOf } from './rounds.mjs';

const LOST_TIMES = 200;
const ENVIRONMENTS = 20;
const PATIENCE_MS = 3000;
const PAUSE_MS = 10;

const KEPT_TIMES = 10_000;
/** V8's memory grows now and then, but a leak grows at every check. */
const LOOKS = 12;
/** malloc's smallest block is 32 bytes. */
const TOLERATED_BYTES_A_CALL = 24;

const [mode = '', path = '', directory = ''] = process.argv.slice(2);
/** @type {import('../../helpers/unbranded.js').Unbranded<import('../../../src/backend/native.js').Addon>} */
const addon = createRequire(import.meta.url)(path);
/** @type {string[]} */
const wrong = [];
await (mode === 'lost' ? loseNothing() : keepNothing());
console.log(JSON.stringify(wrong));

async function loseNothing() {
  /** @type {Set<string>} */
  const called = new Set();
  for (const [what, round] of Object.entries(roundsOf(noting(addon, called), directory))) {
    round();
    const before = descriptors();
    for (let times = 0; times < LOST_TIMES; times++) round();
    const more = await moreDescriptorsThan(before);
    if (more > 0) wrong.push(`${what}: ${more} descriptors more`);
  }
  const missed = functionsOf(addon).filter((name) => !called.has(name));
  if (missed.length > 0) wrong.push(`never called: ${missed.join(', ')}`);

  const environment = () =>
    new Worker(new URL('environment.mjs', import.meta.url), { workerData: { path, directory } });
  await once(environment(), 'exit');
  const before = descriptors();
  for (let times = 0; times < ENVIRONMENTS; times++) {
    const [code] = await once(environment(), 'exit');
    if (code !== 0) wrong.push(`an environment ended with exit code ${code}`);
  }
  const more = await moreDescriptorsThan(before);
  if (more > 0) wrong.push(`environments that end: ${more} descriptors more`);
}

async function keepNothing() {
  for (const [what, round] of Object.entries(roundsOf(addon, directory))) {
    for (let times = 0; times < KEPT_TIMES; times++) round();
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < LOOKS && least > TOLERATED_BYTES_A_CALL; look++) {
      const before = await memory();
      for (let times = 0; times < KEPT_TIMES; times++) round();
      least = Math.min(least, ((await memory()) - before) / KEPT_TIMES);
    }
    if (least > TOLERATED_BYTES_A_CALL) wrong.push(`${what}: ${Math.round(least)} bytes more for each call`);
  }
}

async function memory() {
  // These turns run the callbacks that the addon has queued, and the pending finalizers.
  for (let turn = 0; turn < 3; turn++) {
    await setImmediate();
    global.gc?.();
  }
  return process.memoryUsage.rss();
}

/**
 * The watcher's thread closes its end of a pipe only once it has seen that the other end is closed, so a
 * descriptor counts as lost when it is still there after {@link PATIENCE_MS}.
 * @param {number} before
 */
async function moreDescriptorsThan(before) {
  const deadline = performance.now() + PATIENCE_MS;
  await setImmediate();
  while (descriptors() > before && performance.now() < deadline) await setTimeout(PAUSE_MS);
  return descriptors() - before;
}

function descriptors() {
  return readdirSync('/proc/self/fd').length;
}

/** @param {object} exported */
function functionsOf(exported) {
  return Object.entries(exported).flatMap(([name, value]) => {
    if (typeof value === 'function') return [name];
    return typeof value === 'object' ? Object.keys(value).map((inner) => `${name}.${inner}`) : [];
  });
}

/**
 * Wraps these functions, so that they note that they were called.
 * @param {any} exported
 * @param {Set<string>} called
 * @returns {any}
 */
function noting(exported, called, prefix = '') {
  return Object.fromEntries(
    Object.entries(exported).map(([name, value]) => {
      if (typeof value === 'object') return [name, noting(value, called, `${name}.`)];
      if (typeof value !== 'function') return [name, value];
      const noted = (/** @type {unknown[]} */ ...parameters) => {
        called.add(`${prefix}${name}`);
        return value(...parameters);
      };
      return [name, noted];
    }),
  );
}
