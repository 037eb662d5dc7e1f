// node scarce.mjs DIRECTORY [DESCRIPTORS]: works on live.lock, dead.lock and free.lock while a resource is
// scarce, and again when it no longer is. Prints `ready`, waits for a line, works, answers in JSON; then does
// so twice more. With DESCRIPTORS it leaves itself only so many for the first time.
import fs from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as api from '../../../dist/index.js';

const [directory = '', descriptors] = process.argv.slice(2);
const [live, dead, free] = ['live.lock', 'dead.lock', 'free.lock'].map((name) => join(directory, name));
const owner = JSON.parse(fs.readFileSync(join(live ?? '', 'owner.json'), 'utf8'));
// These calls load everything that it needs, because a failure of Node's own loader is not the subject.
api.dumpDiagnostics();
api.tryAcquireLockSync(join(directory, 'warm.lock'))?.releaseSync();

/** @type {number[]} */
const spare = [];
/** @type {AsyncIterator<string>} */
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
fs.writeSync(1, 'ready\n');
for (const isScarce of [true, false, false]) {
  await lines.next();
  if (isScarce && descriptors !== undefined) leaveDescriptors(Number(descriptors));
  const answer = await work(isScarce);
  const threads = ownThreads();
  for (const fd of spare.splice(0)) fs.closeSync(fd);
  const open = isScarce ? null : await settledDescriptors();
  fs.writeSync(1, `${JSON.stringify({ ...answer, threads, descriptors: open })}\n`);
}
process.exit();

/** @param {boolean} isScarce */
async function work(isScarce) {
  /** @type {string[]} */
  const wrong = [];
  /** @type {Record<string, string>} */
  const answers = {};

  /**
   * @param {string} what
   * @param {() => any} action
   */
  async function attempt(what, action) {
    try {
      answers[what] = String(await action());
    } catch (error) {
      const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
      answers[what] = String(code);
      if (code === undefined) wrong.push(`${what}: an error without a code: ${message}`);
    }
  }

  await attempt('inspect live', () => api.inspectLockSync(live ?? '').state);
  await attempt('reclaim live', () => api.reclaimLockSync(live ?? '').reclaimed);
  await attempt('judge live', () => api.judgeOwner(owner).state);
  await attempt('try live', () => api.tryAcquireLockSync(live ?? '') !== null);
  await attempt('wait for live', () => api.acquireLock(live ?? '', { timeout: 150 }).then(() => 'taken'));
  await attempt('wait for live, blocking', () => api.acquireLockSync(live ?? '', { timeout: 50 }) && 'taken');
  await attempt('watch live', () => {
    const watch = api.watchOwner(owner.identity);
    const { alive } = watch;
    watch.close();
    return alive;
  });
  await attempt('inspect dead', () => api.inspectLockSync(dead ?? '').state);
  await attempt('take free', () => {
    if (isScarce) {
      const lock = api.tryAcquireLockSync(free ?? '');
      lock?.releaseSync();
      return lock === null ? 'not taken' : 'taken';
    }
    // A directory that could not be removed is left to its maker for the grace of 5 s.
    api.acquireLockSync(free ?? '', { timeout: 9000 }).releaseSync();
    return 'taken';
  });

  const {
    'inspect live': inspected,
    'reclaim live': reclaimed,
    'judge live': judged,
    'try live': tried,
  } = answers;
  if (inspected === 'stale' || inspected === 'free') wrong.push(`a live owner's lock is called ${inspected}`);
  if (judged === 'dead') wrong.push('a live owner is called dead');
  if (answers['watch live'] === 'false') wrong.push('a live owner is called dead by its watch');
  if (reclaimed === 'true' || tried === 'true') wrong.push('THEFT: a live lock was taken');
  if (Object.values(answers).includes('taken') && answers['take free'] !== 'taken')
    wrong.push('THEFT by waiting');
  if (answers['wait for live'] === 'taken' || answers['wait for live, blocking'] === 'taken')
    wrong.push('THEFT by waiting');
  if (answers['inspect dead'] === 'held') wrong.push('a dead owner is called alive');
  return { wrong, answers };
}

/** Counts the threads of the addon, by their name; null when nothing can be opened to find out. */
function ownThreads() {
  try {
    const names = fs
      .readdirSync('/proc/self/task')
      .map((id) => fs.readFileSync(`/proc/self/task/${id}/comm`));
    return names.filter((name) => name.includes('kernel-id')).length;
  } catch {
    return null;
  }
}

/** @param {number} left */
function leaveDescriptors(left) {
  try {
    for (;;) spare.push(fs.openSync('/dev/null', 'r'));
  } catch {
    for (const fd of spare.splice(0, left)) fs.closeSync(fd);
  }
}

/** Waits, because threads that were asked to end may still be doing so. */
async function settledDescriptors() {
  let least = Number.POSITIVE_INFINITY;
  for (let looks = 0; looks < 10; looks++) {
    least = Math.min(least, fs.readdirSync('/proc/self/fd').length);
    await sleep(50);
  }
  return least;
}
