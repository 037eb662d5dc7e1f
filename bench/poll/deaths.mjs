import { spawn } from 'node:child_process';
import { probeIdentity, watchOwner } from '../../dist/index.js';
import { compiled } from '../harness/compiled.mjs';
import { Talker } from '../harness/processes.mjs';

/**
 * ns from the moment at which another process learns by a pidfd that the owner is dead, to the moment at which a loop
 * that reads nothing but `alive` ends. Negative, where the watch was told earlier than that process.
 */
export async function deathsSeen(rounds) {
  const delays = [];
  for (let round = 0; round < rounds; round += 1) {
    const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
    const watch = watchOwner(probeIdentity(owner.pid));
    const killer = new Talker(compiled('wake/mortal'), 'kill', String(owner.pid));
    while (watch.alive);
    const seen = process.hrtime.bigint();
    const [, dead] = (await killer.line()).split(' ');
    await killer.exited();
    watch.close();
    delays.push(Number(seen - BigInt(dead)));
  }
  return delays;
}
