// Takes a lock in a directory for the first time, and 100 times more: first-acquire.mjs PATH OTHER. Its code is loaded before,
// by the other lock. An acquire that need not wait blocks the event loop until it is done. Prints the ms that the first one
// took, and the most that any of them kept the processor busy, as JSON.
import { acquireLock } from '../../../dist/index.js';

const [path = '', other = ''] = process.argv.slice(2);
await (await acquireLock(other)).release();

let first = 0;
let busiest = 0;
for (let round = 0; round <= 100; round += 1) {
  const began = performance.now();
  const before = process.cpuUsage();
  const lock = await acquireLock(path);
  const { user, system } = process.cpuUsage(before);
  if (round === 0) first = performance.now() - began;
  busiest = Math.max(busiest, (user + system) / 1000);
  await lock.release();
  await new Promise(setImmediate);
}
console.log(JSON.stringify({ first, busiest }));
