// What may happen to a lock from outside, or to an answer about it, without any harm: see `disturbed` in torture.ts.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

let copies = 0;

/**
 * Copies the lock as `cp -a` does, and tries to take the copy. The caller holds the lock, or does not know who does.
 * @param {object} api
 * @param {string} path
 * @param {string} copiesAt directory for copies
 * @param {object} options of the package
 * @returns {boolean | null} whether the copy was free; null when there was nothing to copy any more
 */
export function takeCopy(api, path, copiesAt, options) {
  copies += 1;
  const copy = join(copiesAt, `${process.pid}-${copies}.lock`);
  try {
    cpSync(path, copy, { recursive: true, preserveTimestamps: true });
  } catch {
    rmSync(copy, { recursive: true, force: true });
    return null;
  }
  const lock = api.tryAcquireLockSync(copy, options);
  lock?.releaseSync();
  rmSync(copy, { recursive: true, force: true });
  return lock !== null;
}

/**
 * Lets a share of the answers about the time of an owner.json come late, by about a whole lease, as those of a file server
 * may. What they say was true before. Few owners hold the lock for long enough to be robbed by that, so the proof is in
 * test/deep/parts/late-answers.mjs.
 */
export function answerLate({ files }, random, share, lease) {
  const statFresh = files.statFresh.bind(files);
  const never = new Int32Array(new SharedArrayBuffer(4));
  files.statFresh = (descriptor) => {
    const status = statFresh(descriptor);
    if (random() < share) Atomics.wait(never, 0, 0, (0.8 + 0.4 * random()) * lease);
    return status;
  };
}
