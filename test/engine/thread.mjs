// A thread that holds a lock until it is terminated.
import { parentPort, workerData } from 'node:worker_threads';
import { openLocks } from '../../dist/index.js';

const { address, name } = workerData;
const locks = await openLocks(address);
await locks.acquire(name);
parentPort.postMessage('held');
setInterval(() => {}, 1_000);
