// node holder.mjs LOCK: takes the lock, prints `held`, and for each line on stdin prints whether it still
// holds it.
import { createInterface } from 'node:readline';
import * as api from '../../../dist/index.js';

const lock = api.acquireLockSync(process.argv[2] ?? '');
console.log('held');
for await (const _ of createInterface({ input: process.stdin })) console.log(lock.verify() ? 'held' : 'lost');
