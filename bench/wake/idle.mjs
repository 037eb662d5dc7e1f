// Measures the CPU time that waiting costs.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startContender } from '../harness/owners.mjs';
import { newPath } from '../harness/scratch.mjs';

/**
 * The ms from its start until node has ended its own housekeeping, because V8 checks once whether it can free memory.
 */
const SETTLED_MS = 20_000;

/** Returns the ns for which all threads of a process have run so far (/proc/<pid>/task/<tid>/schedstat). */
function cpuTimeOf(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]))
    .reduce((sum, ns) => sum + ns, 0);
}

/**
 * Returns, by name, the % of a core that waiting takes. All crowds are measured over the same time.
 * @param crowds by name: { way, hold, processes, locks }. Each of the `processes` waits for as many locks as `locks` says.
 */
export async function costOfWaiting(directory, crowds, ms) {
  const waiting = {};
  for (const [name, crowd] of Object.entries(crowds)) waiting[name] = await startCrowd(directory, crowd);
  await sleep(SETTLED_MS);
  const used = ({ waiters }) => waiters.reduce((sum, { pid }) => sum + cpuTimeOf(pid), 0);
  const before = Object.values(waiting).map(used);
  const started = performance.now();
  await sleep(ms);
  const elapsed = (performance.now() - started) * 1e6;
  const percents = Object.entries(waiting).map(([name, crowd], i) => [
    name,
    ((used(crowd) - before[i]) / elapsed) * 100,
  ]);
  const all = Object.values(waiting).flatMap(({ waiters, owners }) => [...waiters, ...owners]);
  await Promise.all(all.map((child) => child.kill()));
  return Object.fromEntries(percents);
}

async function startCrowd(directory, { way, hold, processes, locks }) {
  const waiters = [];
  const owners = [];
  for (let i = 0; i < processes; i += 1) {
    const waiter = await startContender(way);
    waiters.push(waiter);
    for (let lock = 0; lock < locks; lock += 1) {
      const path = newPath(directory);
      owners.push(await hold(path));
      waiter.send({ command: 'acquire', path });
      await waiter.until('waiting');
    }
  }
  return { waiters, owners };
}
