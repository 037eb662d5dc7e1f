// Repeats each kind of work many times, and measures what stays of it: descriptors, threads and memory. It prints one
// JSON object with an entry for each kind of work. Argument: a directory for locks.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLockSync, inspectLockSync, judgeOwner, probeIdentity, watchOwner } from '../../dist/index.js';
import { collectGarbage } from '../harness/sample.mjs';

const path = join(process.argv[2], 'soak.lock');
const heldPath = join(process.argv[2], 'held.lock');
const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
const identity = probeIdentity(owner.pid);
const gone = { ...identity, pid: 2 ** 22 };
const watch = watchOwner(identity);
const held = acquireLockSync(heldPath);

const WORKS = {
  polls: [1_000_000, () => watch.alive],
  'judgements of a living owner': [100_000, () => judgeOwner(identity)],
  'judgements of an owner that is gone': [100_000, () => judgeOwner(gone)],
  'inspections of a lock': [10_000, () => inspectLockSync(heldPath)],
  'acquisitions and releases': [10_000, () => acquireLockSync(path).releaseSync()],
  'watches, opened and closed': [10_000, () => watchOwner(identity).close()],
};

function footprint() {
  // We collect twice, because the second collection frees what the finalizers of the first one released.
  collectGarbage();
  collectGarbage();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    heap: process.memoryUsage().heapUsed,
    rss: residentMemory(),
  };
}

/** Bytes of the anonymous memory of this process; the pages of files do not count. */
function residentMemory() {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
}

const growth = {};
for (const [name, [count, work]] of Object.entries(WORKS)) {
  // Half of the work comes first, so that heaps and caches have reached their size.
  for (let i = 0; i < count / 2; i += 1) work();
  const before = footprint();
  for (let i = 0; i < count; i += 1) work();
  const after = footprint();
  growth[name] = { count };
  for (const key of Object.keys(after)) growth[name][key] = after[key] - before[key];
}
watch.close();
held.releaseSync();
owner.kill('SIGKILL');
process.stdout.write(JSON.stringify(growth));
