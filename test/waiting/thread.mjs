// A worker thread that uses a lock. workerData: path, task, arguments of the task.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { acquireLock, acquireLockSync } from '../../dist/index.js';

const CALLS = { acquireLock, acquireLockSync };

const [path, task, ...more] = workerData;

const tasks = {
  async hold() {
    const lock = await acquireLock(path);
    parentPort.on('message', () => {
      lock.releaseSync();
      parentPort.close();
    });
    parentPort.postMessage('acquired');
  },

  async wait(call) {
    let told = false;
    const onWait = () => {
      if (!told) parentPort.postMessage('waiting');
      told = true;
    };
    const lock = await CALLS[call](path, { onWait });
    parentPort.postMessage('acquired');
    lock.releaseSync();
  },

  /** `shared` holds a sum that is added to without Atomics, and how often another thread was inside. */
  async turns(call, count, shared) {
    let inside = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const lock = await CALLS[call](path);
      const before = shared[0];
      await sleep(1);
      if (shared[0] !== before) inside += 1;
      shared[0] = before + 1;
      lock.releaseSync();
    }
    Atomics.add(shared, 1, inside);
    parentPort.postMessage('done');
  },
};

await tasks[task](...more);
