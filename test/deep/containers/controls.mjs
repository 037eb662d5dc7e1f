// These controls show that the situations notice a wedge and a theft: they do what programs did before, and
// must be caught.
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS, Scene, START_MS } from './scene.mjs';

/** @typedef {import('./scene.mjs').Setting} Setting */

const CYCLES = 3;
/** The older version would wait for ever, so the control ends after this time. */
const WAITS_MS = 2_000;

/** @param {Setting} setting */
export async function controls(setting) {
  await waitsForItself({ ...setting, cycles: CYCLES });
  await robsItsNeighbour({ ...setting, cycles: CYCLES });
}

/**
 * The older version is restarted. Its own PID is in the lock, so the owner seems to be alive.
 * @param {Setting} setting
 */
async function waitsForItself(setting) {
  const scene = new Scene(setting, 'control: an older version alone, killed mid-hold, then a new one');
  const first = await scene.start({ who: 'older', style: 'pid-only' });
  await scene.expect('older', 'entered', START_MS);
  await first.kill();
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `older-${cycle}`;
    const next = await scene.start({ who, style: 'pid-only' });
    await sleep(WAITS_MS);
    if (scene.owners().size > 1) scene.failures.push(`${who} has the lock`);
    await next.kill();
  }
  scene.end('the bug: waits for itself');
}

/**
 * An entrypoint deletes the lock before its program starts, while another container with the same PID is at
 * work.
 * @param {Setting} setting
 */
async function robsItsNeighbour(setting) {
  const scene = new Scene(setting, 'control: an entrypoint that deletes the lock, and a living double');
  let owner = await scene.start({ who: 'owner-0' });
  await scene.expect('owner-0', 'entered', START_MS);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `owner-${cycle}`;
    const robber = await scene.start({ who, style: 'delete' });
    await scene.expect(who, 'entered', START_MS);
    await sleep(PATIENCE_MS);
    await owner.kill();
    owner = robber;
  }
  await owner.kill();
  const thefts = scene.journal.thefts();
  if (thefts !== setting.cycles) scene.failures.push(`the journal shows ${thefts} thefts`);
  scene.end('the wrong cure: the owner is robbed', 0);
}
