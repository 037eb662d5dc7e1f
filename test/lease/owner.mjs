// Holds a lock with a lease, as its test asks: one call a line on stdin, one answer a line on stdout. Owners
// and waiters both run it.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, acquireLockSync } from '../../dist/index.js';

let lock;
/**
 * The moment when `lock.signal` aborted, on the clock that all processes share; null while it has not
 * aborted.
 */
let lost = null;

function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

function keep(acquired) {
  lock = acquired;
  lost = null;
  lock.signal.addEventListener('abort', () => {
    lost = { code: lock.signal.reason.code, at: now() };
  });
  return { at: now(), owner: lock.owner };
}

const calls = {
  acquire: async ({ path, options }) => keep(await acquireLock(path, options)),
  acquireSync: ({ path, options }) => keep(acquireLockSync(path, options)),
  /** Answers twice: when it begins to block, and when its event loop runs again. */
  block: async ({ ms }) => {
    console.log(JSON.stringify({ value: 'blocked' }));
    await sleep(0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return 'unblocked';
  },
  lost: () => lost,
  verify: () => lock.verify(),
  release: async () => {
    await lock.release();
    return 'released';
  },
};

console.log(JSON.stringify('ready'));
for await (const line of createInterface({ input: process.stdin })) {
  const { call, ...args } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ value: await calls[call](args) }));
  } catch (error) {
    console.log(JSON.stringify({ error: { code: error.code, message: error.message } }));
  }
}
process.exit();
