import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectLockSync, probeIdentity, selfIdentity, watchOwner } from '../../dist/index.js';
import { compiled } from '../harness/compiled.mjs';
import { holdOurs } from '../harness/owners.mjs';
import { Talker } from '../harness/processes.mjs';
import { newPath } from '../harness/scratch.mjs';
import { siblingOf } from '../lifeline/sibling.mjs';
import { Boxed } from './namespaces.mjs';

export async function byProcess() {
  const { pid } = spawn('sleep', ['600'], { stdio: 'ignore' });
  return { pid, watch: watchOwner(probeIdentity(pid)) };
}

export async function byWitness(directory) {
  const lock = newPath(directory);
  const { pid } = await holdOurs(lock);
  return { pid, watch: watchOwner(inspectLockSync(lock).owner, { lock }), lock };
}

/** An owner in a PID namespace of its own, that shares nothing but the kernel. Its record stands in `directory`. */
export async function byLifeline(directory) {
  // Were there more deaths a second, the watch would poll.
  await sleep(60);
  const offset = String(process.hrtime.bigint());
  const owner = new Boxed(compiled('wake/mortal'), 'live', offset);
  await owner.line();
  const watch = watchOwner(siblingOf(selfIdentity(), `time:${offset}`), { path: directory });
  return { pid: owner.pid, watch };
}

/**
 * Returns delays in ns, from the moment at which another process learns from a pidfd that the owner is dead, to the
 * moment at which a loop that reads nothing but `alive` ends. A delay is negative when the watch learns of the death
 * earlier than that process.
 */
export async function deathsSeen(rounds, start) {
  const delays = [];
  for (let round = 0; round < rounds; round += 1) {
    const { pid, watch, lock } = await start();
    if (!watch.event) throw new Error('the kernel does not report the end of this owner');
    const killer = new Talker(compiled('wake/mortal'), 'kill', String(pid));
    while (watch.alive);
    const seen = process.hrtime.bigint();
    const [, dead] = (await killer.line()).split(' ');
    await killer.exited();
    watch.close();
    if (lock !== undefined) rmSync(lock, { recursive: true });
    delays.push(Number(seen - BigInt(dead)));
  }
  return delays;
}
