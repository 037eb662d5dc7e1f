// Takes a lock again and again, and holds it for a moment each time. Arguments: path, number of turns, name
// of the call. Prints the waits in ms, and how often another process was inside at the same time.
import { mkdirSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, acquireLockSync } from '../../dist/index.js';

const CALLS = { acquireLock, acquireLockSync };

const [path, turns, call] = process.argv.slice(2);
const waits = [];
let intrusions = 0;

console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (let turn = 0; turn < Number(turns); turn += 1) {
  const began = performance.now();
  const lock = await CALLS[call](path);
  waits.push(performance.now() - began);
  // This is an independent check: mkdir(2) fails if another process is between these two lines.
  try {
    mkdirSync(`${path}.occupied`);
  } catch {
    intrusions += 1;
  }
  await sleep(2);
  rmdirSync(`${path}.occupied`);
  lock.releaseSync();
}
console.log(JSON.stringify({ waits, intrusions }));
process.exit();
