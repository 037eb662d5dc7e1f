// An owner is killed while another process waits for its lock: how long until that one has it? Runs on whatever system it
// is started on, and prints one line of JSON.
// Argument: how many owners.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { acquireLock, inspectLock } from '../../dist/index.js';

const [count = '20', role] = process.argv.slice(2);
const self = fileURLToPath(import.meta.url);

if (role === undefined) await main();
else {
  await acquireLock(role);
  process.send?.('have it');
  setInterval(() => {}, 1_000);
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'kernel-identity-kills-'));
  const path = join(directory, 'x.lock');
  const times = [];
  const verdicts = new Set();
  for (let kill = 0; kill < Number(count); kill += 1) {
    const owner = fork(self, [count, path]);
    await new Promise((resolve) => owner.once('message', resolve));
    const { state, verdict } = await inspectLock(path);
    verdicts.add(`${state}: ${verdict?.reason}, ${verdict?.certainty}`);
    const waiting = acquireLock(path, { timeout: 60_000 });
    await sleep(150 + 100 * Math.random());
    const killedAt = performance.now();
    owner.kill('SIGKILL');
    const lock = await waiting;
    times.push(Math.round(performance.now() - killedAt));
    await lock.release();
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  times.sort((a, b) => a - b);
  const [p50, max] = [times[Math.floor(times.length / 2)], times.at(-1)];
  console.log(JSON.stringify({ kills: times.length, p50, max, whileItLived: [...verdicts] }));
}
