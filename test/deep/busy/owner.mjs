// Takes and releases a lock again and again until it is killed: owner.mjs PATH. It holds it for a moment.
import { acquireLockSync } from '../../../dist/index.js';

const never = new Int32Array(new SharedArrayBuffer(4));
for (const [path = ''] = process.argv.slice(2); ; ) {
  const lock = acquireLockSync(path);
  Atomics.wait(never, 0, 0, 0.4 * Math.random());
  lock.releaseSync();
}
