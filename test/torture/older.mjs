// A lock as older programs make it, at the same path: mkdir, then owner.json with a PID, and every step by
// path.
import { mkdirSync, readFileSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param reclaims whether it deletes by path the lock of a process that it cannot find, as such programs do.
 * @returns null when it did not get the lock within `timeout` ms.
 */
export function acquireAsOlder(path, timeout, reclaims, fault) {
  const until = performance.now() + timeout;
  const file = join(path, 'owner.json');
  for (;;) {
    if (tryMkdir(path)) {
      try {
        writeFileSync(file, `${JSON.stringify({ pid: process.pid, createdAtMs: Date.now() }, null, 2)}\n`);
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
        // This happens often among programs that reclaim by path, so it is a fault only where none of them
        // does.
        if (!reclaims) fault('an older program lost the directory that it had just made');
        continue;
      }
      return { releaseSync: () => release(path, file, fault, reclaims) };
    }
    if (reclaims && isDead(file)) removeTree(path);
    else if (performance.now() > until) return null;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
  }
}

function removeTree(path) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Another process put something into it meanwhile.
  }
}

function release(path, file, fault, reclaims) {
  try {
    unlinkSync(file);
    rmdirSync(path);
  } catch (error) {
    if (!reclaims) fault(`an older program could not release its lock: ${error.message}`);
  }
}

function tryMkdir(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isDead(file) {
  try {
    process.kill(JSON.parse(readFileSync(file, 'utf8')).pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
