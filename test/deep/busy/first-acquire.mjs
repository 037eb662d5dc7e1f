// Takes locks in a directory for the first time: first-acquire.mjs PATH OTHER. The code is loaded before by the other lock.
// Prints, as JSON, how long each acquire took, and the longest time for which the event loop was blocked, in ms.
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock } from '../../../dist/index.js';

const [path = '', other = ''] = process.argv.slice(2);
await (await acquireLock(other)).release();

let blocked = 0;
let last = performance.now();
const timer = setInterval(() => {
  blocked = Math.max(blocked, performance.now() - last);
  last = performance.now();
}, 1);
await sleep(200);
const before = blocked;
blocked = 0;
const began = performance.now();
const lock = await acquireLock(path);
const acquired = performance.now() - began;
await sleep(500);
await lock.release();
for (let round = 0; round < 100; round += 1) await (await acquireLock(path)).release();
await sleep(100);
clearInterval(timer);
console.log(JSON.stringify({ acquired, blocked, before }));
