// Arguments: role, directory, number of locks, number of tasks, and how many of these stay to the end. `hold`
// holds that many locks until it is killed. `wait` lets that many tasks wait for them, and prints as JSON lines
// what the waiting costs, that most of them have given up, and then what became of the tasks.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, acquireLockSync } from '../../dist/index.js';

const [role, directory, locks, tasks, staying] = process.argv.slice(2);
const paths = Array.from({ length: Number(locks) }, (_, index) => join(directory, `${index}.lock`));
const STAYING = Math.min(Number(tasks), Number(staying));
const descriptors = () => readdirSync('/proc/self/fd').length;
const print = (message) => console.log(JSON.stringify(message));

if (role === 'hold') {
  const held = paths.map((path) => acquireLockSync(path));
  print({ held: held.length });
  await sleep(600_000);
} else {
  // The first acquisition opens what a process opens once: its lifeline, the watcher, the threads of Node.
  const own = join(directory, 'own.lock');
  const first = await acquireLock(own);
  const second = acquireLock(own);
  await sleep(20);
  await first.release();
  await (await second).release();
  const before = descriptors();
  const memoryBefore = process.memoryUsage().rss;
  const codes = {};
  let served = 0;
  const began = performance.now();
  const controller = new AbortController();
  const { signal } = controller;
  const all = Array.from({ length: Number(tasks) }, async (_, index) => {
    try {
      const lock = await acquireLock(paths[index % paths.length], index < STAYING ? {} : { signal });
      served += 1;
      lock.releaseSync();
    } catch (error) {
      const name = error.code === 20 ? 'aborted' : String(error.code);
      codes[name] = (codes[name] ?? 0) + 1;
    }
  });
  const startMs = performance.now() - began;
  await sleep(300);
  const rss = process.memoryUsage().rss - memoryBefore;
  const cpu = process.cpuUsage();
  await sleep(3000);
  const idle = process.cpuUsage(cpu);
  print({
    descriptors: descriptors() - before,
    startMs: Math.round(startMs),
    bytesEach: Math.round(rss / tasks),
    cpuPercent: (idle.user + idle.system) / 30_000,
    codes,
  });
  await new Promise((resolve) => process.stdin.once('data', resolve));
  // Most of them give up, because thousands of turns one after the other take long on a busy machine.
  controller.abort();
  print('aborted');
  const freed = performance.now();
  await Promise.all(all);
  const servedMs = Math.round(performance.now() - freed);
  await sleep(100);
  print({ served, codes, servedMs, descriptors: descriptors() - before });
  process.exit();
}
