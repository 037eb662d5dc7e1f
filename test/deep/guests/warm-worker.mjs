// A worker that uses the package for many locks at once. It holds them, tries them, waits for them, or judges
// their owners.
//
// The worker also keeps a file in which it says, again and again, which locks it is inside of (insiders.mjs
// reads it). The worker says what its acquisitions returned and never asks the locks again, because the file
// must show when two workers are inside of one lock.
import { subscribe } from 'node:diagnostics_channel';
import { fdatasyncSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, CHANNELS, judgeOwner, selfIdentity, tryAcquireLock } from '../../../dist/index.js';
import { answerCalls } from './answer-calls.mjs';

/** @typedef {import('../../../dist/index.js').Lock} Lock */
/** @typedef {import('../../../dist/index.js').Verdict} Verdict */
/** @typedef {import('../../../dist/index.js').ReclaimEvent} ReclaimEvent */

/** ms between two writes of the file. */
const SAY_MS = 500;
/** ms between two rounds, because the machine has one processor, and its other programs need it as well. */
const PAUSE_MS = 250;

/** The locks that this worker is inside of, by path. @type {Map<string, Lock>} */
const inside = new Map();
/** Why this worker was allowed to take others' locks, by path. @type {Map<string, string>} */
const reasons = new Map();

subscribe(CHANNELS.reclaim, (message) => {
  const { path, verdict, description } = /** @type {ReclaimEvent} */ (message);
  reasons.set(path, verdict === null || verdict.state === 'unknown' ? description : verdict.reason);
});

/** The file of this worker; null until it is told to keep one. @type {number | null} */
let file = null;
let count = 0;
let length = 0;

function say() {
  if (file === null) return;
  count += 1;
  const locks = Object.fromEntries([...inside].map(([path, { owner }]) => [path, owner.nonce]));
  const text = Buffer.from(`${JSON.stringify({ count, locks })}\n`);
  if (text.length < length) ftruncateSync(file, 0);
  length = text.length;
  writeSync(file, text, 0, length, 0);
  fdatasyncSync(file);
}

/** @param {string} path */
function howTaken(path) {
  return `taken, ${reasons.get(path) ?? 'it was free'}`;
}

/** @param {Verdict} verdict */
function inWords({ state, certainty, reason }) {
  return `${state}, ${certainty}, ${reason}`;
}

/**
 * The calls that are named after a function of the package make it with all locks of `paths`, for `durationMs` at
 * most. They make the file `mark` once they have looked at each lock, and return by path what came of it. Whoever reads
 * that may read the worker's file next, so the file must already name what they took.
 * @type {Record<string, (request: any) => unknown>}
 */
const calls = {
  /** Does what any worker has done that was at work: it knows itself, had a lock, and judged an owner. */
  async warmUp({ path, options }) {
    selfIdentity();
    const lock = await acquireLock(path, options);
    judgeOwner(lock.owner);
    await lock.release();
  },

  sayIn({ path }) {
    file = openSync(path, 'w');
    say();
    setInterval(say, SAY_MS);
  },

  async hold({ paths, options }) {
    for (const path of paths) inside.set(path, await acquireLock(path, options));
    say();
  },

  /** Leaves all locks. Releases may fail, because other workers have taken some of the locks. */
  async leave() {
    const locks = [...inside.values()];
    inside.clear();
    say();
    await Promise.allSettled(locks.map((lock) => lock.release()));
  },

  /** Tries all these locks in turn, again and again. */
  async tryAcquireLock({ paths, options, durationMs, mark }) {
    const others = new Set(paths);
    const rounds = await repeat(durationMs, mark, async () => {
      for (const path of others) {
        const lock = await tryAcquireLock(path, options);
        if (lock === null) continue;
        inside.set(path, lock);
        others.delete(path);
      }
      return others.size > 0;
    });
    say();
    return byPath(paths, (path) => (others.has(path) ? `null ${rounds} times` : howTaken(path)));
  },

  /** Waits for all these locks at once. */
  async acquireLock({ paths, options, durationMs, mark }) {
    const unseen = new Set(paths);
    const look = (/** @type {string} */ path) => {
      if (unseen.delete(path) && unseen.size === 0) writeFileSync(mark, '');
    };
    /** @type {Map<string, string>} */
    const errors = new Map();
    const wait = async (/** @type {string} */ path) => {
      try {
        const lock = await acquireLock(path, { ...options, timeout: durationMs, onWait: () => look(path) });
        inside.set(path, lock);
      } catch (error) {
        errors.set(path, /** @type {NodeJS.ErrnoException} */ (error).code ?? String(error));
      }
      look(path);
    };
    await Promise.all(paths.map(wait));
    say();
    return byPath(paths, (path) => errors.get(path) ?? howTaken(path));
  },

  /**
   * Judges the owners of all these locks, again and again, until each is dead: by their records alone, and as
   * the owners of these locks.
   */
  async judgeOwner({ paths, options, durationMs, mark }) {
    /** @type {Map<string, string>} */
    const verdicts = new Map();
    const others = new Set(paths);
    await repeat(durationMs, mark, async () => {
      for (const path of others) {
        const record = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
        const [bare, ofLock] = [judgeOwner(record, options), judgeOwner(record, { ...options, lock: path })];
        verdicts.set(path, `${inWords(bare)}; with its lock: ${inWords(ofLock)}`);
        if (bare.state === 'dead' || ofLock.state === 'dead') others.delete(path);
      }
      return others.size > 0;
    });
    return byPath(paths, (path) => verdicts.get(path) ?? '');
  },
};

/**
 * @param {number} durationMs
 * @param {string} mark
 * @param {() => Promise<boolean>} round returns whether another round makes sense
 * @returns {Promise<number>} how many rounds there were
 */
async function repeat(durationMs, mark, round) {
  const until = performance.now() + durationMs;
  for (let rounds = 1; ; rounds += 1) {
    const goOn = await round();
    if (rounds === 1) writeFileSync(mark, '');
    if (!goOn || performance.now() > until) return rounds;
    await sleep(PAUSE_MS);
  }
}

/** @param {readonly string[]} paths @param {(path: string) => string} words */
function byPath(paths, words) {
  return Object.fromEntries(paths.map((path) => [path, words(path)]));
}

await answerCalls(calls);
