// node victim.mjs UID LOCK SECONDS [naive]: takes, releases, reclaims and inspects a lock in a directory that
// others can write to, and prints the results. `naive` works as programs do that trust the path, to show that
// the attacks work.
import fs from 'node:fs';
import { join } from 'node:path';
import * as api from '../../../dist/index.js';

const [uid = '', lockPath = '', seconds = '', naive] = process.argv.slice(2);
// This call loads the addon before the user id changes, because the user may not be allowed to read it.
api.selfIdentity();
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));

/** @type {Record<string, () => unknown>} */
const WORK = {
  acquired: () => {
    const lock = api.tryAcquireLockSync(lockPath, { ownerlessGrace: 0 });
    lock?.verify();
    lock?.releaseSync();
    return lock !== null;
  },
  waited: () => {
    const lock = api.acquireLockSync(lockPath, { timeout: 5, ownerlessGrace: 0 });
    lock.releaseSync();
    return true;
  },
  reclaimed: () => api.reclaimLockSync(lockPath, { ownerlessGrace: 0 }).reclaimed,
  inspected: () => api.inspectLockSync(lockPath) !== null,
};
/** @type {Record<string, () => unknown>} */
const NAIVE = {
  acquired: () => {
    fs.mkdirSync(lockPath, { recursive: true });
    fs.writeFileSync(join(lockPath, 'owner.json'), 'mine');
    fs.rmSync(join(lockPath, 'owner.json'));
    fs.rmdirSync(lockPath);
    return true;
  },
};

/** @type {Record<string, number>} */
const counts = {};
/** @type {Set<string>} */
const untyped = new Set();
const end = performance.now() + Number(seconds) * 1000;
while (performance.now() < end) {
  for (const [what, work] of Object.entries(naive ? NAIVE : WORK)) {
    try {
      count(work() ? what : `not ${what}`);
    } catch (error) {
      const { code, stack } = /** @type {NodeJS.ErrnoException} */ (error);
      count(`${code}`);
      if (code === undefined) untyped.add(String(stack));
    }
    // The pause lets promises and timers of a lost lease run.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
console.log(JSON.stringify({ counts, untyped: [...untyped] }));

/** @param {string} what */
function count(what) {
  counts[what] = (counts[what] ?? 0) + 1;
}
