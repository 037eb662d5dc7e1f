// Watches the lifeline of its argument and sleeps. Each line on stdin is answered with the ns for which the thread that
// watches has run.
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { selfIdentity, watchOwner } from '../../dist/index.js';
import { siblingOf } from './sibling.mjs';

const watch = watchOwner(siblingOf(selfIdentity(), process.argv[2]));
if (!watch.event) throw new Error('the kernel does not report the end of this lifeline');
console.log(JSON.stringify({ ready: true }));
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ ns: cpuTimeOf('kernel-identity') }));
}
process.exit();

function cpuTimeOf(name) {
  const tasks = readdirSync('/proc/self/task').filter(
    (task) => readFileSync(`/proc/self/task/${task}/comm`, 'latin1').trim() === name,
  );
  return Number(readFileSync(`/proc/self/task/${tasks[0]}/schedstat`, 'latin1').split(' ', 1)[0]);
}
