// Two locks that do what many programs do, each with the flaw that the torture must find. Their check whether
// an owner lives is sound: they test a kernel lock on its owner.json.
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../../build/modules/internals.js';

const { witness } = loadAddon();
const OWNERLESS_GRACE = 200;

/** Reads owner.json by path, and deletes by path when it finds the lock stale. */
export function acquireDeletingByPath(path, timeout) {
  return acquire(path, timeout, () => rmSync(path, { recursive: true, force: true }));
}

/** Renames a stale lock aside, and deletes it there. */
export function acquireRenamingAside(path, timeout) {
  return acquire(path, timeout, () => {
    const aside = `${path}.aside.${process.pid}.${Math.random()}`;
    try {
      renameSync(path, aside);
    } catch {
      return;
    }
    rmSync(aside, { recursive: true, force: true });
  });
}

function acquire(path, timeout, clear) {
  const until = performance.now() + timeout;
  for (;;) {
    const owner = tryMake(path);
    if (owner !== null) {
      return {
        releaseSync() {
          rmSync(path, { recursive: true, force: true });
          closeSync(owner);
        },
      };
    }
    if (isStale(path)) clear();
    else if (performance.now() > until) return null;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
}

function tryMake(path) {
  try {
    mkdirSync(path);
    const owner = openSync(join(path, 'owner.json'), 'wx+');
    witness.take(owner);
    writeSync(owner, `${process.pid}\n`);
    return owner;
  } catch (error) {
    if (error.code === 'EEXIST' || error.code === 'ENOENT') return null;
    throw error;
  }
}

function isStale(path) {
  let owner;
  try {
    owner = openSync(join(path, 'owner.json'), 'r');
  } catch {
    return ageOf(path) > OWNERLESS_GRACE;
  }
  try {
    return witness.test(owner, 'ext') === 'free' && ageOf(path) > 0;
  } finally {
    closeSync(owner);
  }
}

function ageOf(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return -1;
  }
}
