// Measures what one more thing costs when there are many already. Each function yields [number, subjects] for each
// number: the subjects, by name, are measured while there are that many things.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  acquireLock,
  acquireLockSync,
  inspectLockSync,
  judgeOwner,
  probeIdentity,
  watchOwner,
} from '../../dist/index.js';
import { compiled } from '../harness/compiled.mjs';
import { GONE_PID } from '../harness/floor.mjs';
import { holdOurs } from '../harness/owners.mjs';
import { Talker } from '../harness/processes.mjs';
import { inBatches, oneByOne } from '../harness/sample.mjs';
import { makeFolder, newPath } from '../harness/scratch.mjs';
import { pollSubject } from '../poll/subject.mjs';

const BATCH = 1000;

/** Watches that are open in this process. */
export async function* byWatches(numbers) {
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  const identity = probeIdentity(owner.pid);
  const watches = [];
  try {
    for (const number of numbers) {
      while (watches.length < number) watches.push(watchOwner(identity));
      yield [
        number,
        {
          'poll each watch in turn': inBatches(BATCH, (count) => {
            for (let i = 0, at = 0; i < count; i += 1) {
              if (!watches[at].alive) throw new Error('the watch reports a living owner as dead');
              at = at + 1 === number ? 0 : at + 1;
            }
          }),
          'open and close one more watch': oneByOne(() => watchOwner(identity).close()),
        },
      ];
    }
  } finally {
    for (const watch of watches) watch.close();
    owner.kill('SIGKILL');
  }
}

/** Locks in the same directory, each left by a dead owner. */
export async function* byLocks(numbers, directory) {
  const folder = makeFolder(directory, 'many');
  const sample = newPath(directory);
  const held = acquireLockSync(sample);
  const record = JSON.stringify({ ...held.owner, nonce: '0'.repeat(32) });
  held.releaseSync();
  let there = 0;
  for (const number of numbers) {
    for (; there < number; there += 1) {
      const path = newPath(folder);
      mkdirSync(path);
      writeFileSync(join(path, 'owner.json'), record);
    }
    const path = newPath(folder);
    const heldPath = newPath(folder);
    const owner = await holdOurs(heldPath);
    yield [
      number,
      {
        'acquire and release one more lock': oneByOne(() => acquireLockSync(path).releaseSync()),
        'inspect one of the locks': oneByOne(() => inspectLockSync(heldPath)),
      },
    ];
    await owner.kill();
  }
  rmSync(folder, { recursive: true });
}

/** Processes in /proc. Those that are added to the ones that run anyway only sleep. */
export async function* byProcesses(numbers, directory) {
  const path = newPath(directory);
  const owner = await holdOurs(path);
  const identity = probeIdentity(owner.pid);
  // Before a pid alone counts as gone, an inspection checks all processes, because one in a container may have that
  // number.
  const oldPath = newPath(directory);
  mkdirSync(oldPath);
  writeFileSync(join(oldPath, 'owner.json'), JSON.stringify({ pid: GONE_PID, createdAtMs: Date.now() }));
  const watch = watchOwner(identity);
  let crowd = null;
  try {
    for (const number of numbers) {
      await crowd?.kill();
      crowd = new Talker(compiled('scaling/crowd'), String(Math.max(0, number - processesIn('/proc') - 1)));
      await crowd.line();
      yield [
        number,
        {
          poll: pollSubject(watch),
          'judge a record': oneByOne(() => judgeOwner(identity)),
          'inspect a lock': oneByOne(() => inspectLockSync(path)),
          'inspect a stale lock with a pid only': oneByOne(() => inspectLockSync(oldPath)),
        },
      ];
    }
  } finally {
    watch.close();
    for (const process of [owner, crowd]) process?.kill();
  }
}

function processesIn(proc) {
  return readdirSync(proc).filter((name) => /^\d+$/.test(name)).length;
}

/** Waiters in one process for the same lock. Each releases the lock as soon as it has it. */
export async function* byWaiters(numbers, directory) {
  for (const number of numbers) {
    // One experiment gives a sample to each of the two subjects.
    const unused = { first: [], each: [] };
    const subject = (key) => ({
      batch: 1,
      turn: async () => {
        if (unused[key].length === 0) {
          const { first, all } = await passOn(directory, number);
          unused.first.push(first);
          unused.each.push(all / number);
        }
        return unused[key].splice(0);
      },
    });
    yield [
      number,
      {
        'from the release to the first waiter': subject('first'),
        'from one waiter to the next': subject('each'),
      },
    ];
  }
}

/** Returns the ns until the first of `number` waiters has the lock, and until the last one has released it. */
async function passOn(directory, number) {
  const path = newPath(directory);
  const lock = acquireLockSync(path);
  let first = 0;
  let waiting = 0;
  let allWait;
  const allAreWaiting = new Promise((resolve) => {
    allWait = resolve;
  });
  const waiters = Array.from({ length: number }, async () => {
    let hasReported = false;
    const onWait = () => {
      if (hasReported) return;
      hasReported = true;
      waiting += 1;
      if (waiting === number) allWait();
    };
    const taken = await acquireLock(path, { onWait });
    first ||= performance.now();
    await taken.release();
  });
  await allAreWaiting;
  // The waiters that reported last need a moment until they sleep as well.
  await sleep(5);
  const released = performance.now();
  lock.releaseSync();
  await Promise.all(waiters);
  return { first: (first - released) * 1e6, all: (performance.now() - released) * 1e6 };
}
