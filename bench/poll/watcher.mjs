// Polls the owner of a lock on command, so that a watcher can run in a PID namespace of its own. Argument: the lock.
// The script reads and answers lines as floor/floor.c does.
import { createInterface } from 'node:readline';
import { inspectLockSync, watchOwner } from '../../dist/index.js';
import { pollSubject } from './subject.mjs';

const lock = process.argv[2];
const watch = watchOwner(inspectLockSync(lock).owner, { lock });
process.stdout.write(`${JSON.stringify({ ready: true, event: watch.event })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const [, , ms] = line.split(' ').map(Number);
  const samples = await pollSubject(watch).turn(ms);
  process.stdout.write(`${samples.map((ns) => ns.toFixed(3)).join(' ')}\n`);
}
