import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock, acquireLockSync } from '../../dist/index.js';
import { atMostFloor, fasterThan } from '../harness/bars.mjs';
import { Floor, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup } from '../harness/group.mjs';
import { oneByOne, oneByOneAsync } from '../harness/sample.mjs';
import { makeFolder, newPath } from '../harness/scratch.mjs';
import { loadPeer } from '../peers/load.mjs';

const SYNC = 'acquireLockSync, releaseSync';
const ASYNC = 'acquireLock, release';
const PROPER_SYNC = 'proper-lockfile lockSync, unlockSync';
const PROPER_ASYNC = 'proper-lockfile lock, unlock';

/** Measures how long it takes to acquire and release a lock that no other process wants. */
export async function measureAcquire({ directory: parent, plan }) {
  const directory = makeFolder(parent, 'acquire');
  const path = newPath(directory);
  const floor = Floor.start({ directory });
  const rows = await measureGroup(
    {
      group: 'acquire and release, uncontended',
      own: SYNC,
      floor: 'the same system calls in C',
      subjects: {
        [SYNC]: oneByOne(() => acquireLockSync(path).releaseSync()),
        [ASYNC]: oneByOneAsync(async () => (await acquireLock(path)).release()),
        'the same system calls in C': floor?.subject('acquire-and-release', 1) ?? NO_COMPILER,
        'mkdir, write owner.json, delete both: no lock at all': oneByOne(() => makeAndDelete(path)),
        ...(await peers(directory)),
      },
    },
    plan,
  );
  floor?.end();
  const limit = 1.3;
  return {
    rows,
    bars: [
      atMostFloor(`acquire and release, synchronous: at most ${limit} x C`, rows, SYNC, limit),
      atMostFloor(`acquire and release, as promises: at most ${limit} x C`, rows, ASYNC, limit),
      fasterThan('acquire and release, synchronous: faster than proper-lockfile', rows, SYNC, PROPER_SYNC, 1),
      fasterThan(
        'acquire and release, as promises: faster than proper-lockfile',
        rows,
        ASYNC,
        PROPER_ASYNC,
        1,
      ),
    ],
  };
}

/** Does what programs do that use mkdir alone as a lock. */
function makeAndDelete(path) {
  mkdirSync(path);
  writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, createdAtMs: Date.now() }));
  rmSync(path, { recursive: true });
}

/** The other packages, each with its own defaults except for the options that the comparison needs. */
async function peers(directory) {
  const proper = await loadPeer('proper-lockfile');
  const lockfile = await loadPeer('lockfile');
  const native = await loadPeer('fs-native-extensions');
  const crossProcess = await loadPeer('cross-process-lock');
  const safe = await loadPeer('@openclaw/fs-safe');
  const using = (peer, subject) => (typeof peer === 'string' ? peer : subject());

  const target = join(directory, 'target');
  writeFileSync(target, '');
  const payload = () => ({ pid: process.pid, createdAt: new Date().toISOString() });
  return {
    [PROPER_SYNC]: using(proper, () => oneByOne(() => proper.lockSync(target, { realpath: false })())),
    [PROPER_ASYNC]: using(proper, () =>
      oneByOneAsync(async () => (await proper.lock(target, { realpath: false }))()),
    ),
    'lockfile lockSync, unlockSync': using(lockfile, () => {
      const path = newPath(directory);
      return oneByOne(() => {
        lockfile.lockSync(path);
        lockfile.unlockSync(path);
      });
    }),
    'cross-process-lock lock, unlock': using(crossProcess, () =>
      oneByOneAsync(async () => (await crossProcess.lock(target))()),
    ),
    'fs-native-extensions: open, tryLock, close': using(native, () =>
      oneByOne(() => {
        const fd = openSync(target, 'a+');
        native.tryLock(fd);
        closeSync(fd);
      }),
    ),
    'fs-safe acquireFileLockSync, release': using(safe, () =>
      oneByOne(() => safe.acquireFileLockSync(target, { payload, staleMs: 30_000 }).release()),
    ),
    'fs-safe acquireFileLock, release': using(safe, () =>
      oneByOneAsync(async () => (await safe.acquireFileLock(target, { payload, staleMs: 30_000 })).release()),
    ),
  };
}
