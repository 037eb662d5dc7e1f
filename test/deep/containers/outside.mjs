// The operator on the host, who inspects the locks of containers.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectLockSync, reclaimLockSync } from '../../../dist/index.js';
import { Scene, START_MS } from './scene.mjs';

/** @typedef {import('./scene.mjs').Setting} Setting */

/** ms; longer than a tick, so that the time of a record is clear. */
const RUNS_MS = 50;

/**
 * A lock is held while its container lives, even one with a PID only, and can be cleared when the container
 * is gone.
 * @param {Setting} setting
 */
export async function seenFromTheHost(setting) {
  const scene = new Scene(setting, 'seen from the host: held, killed, reclaimed');
  const lock = join(scene.volume, 'install.lock');
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `older-${cycle}`;
    const older = await scene.start({ who, style: 'pid-only' });
    await scene.expect(who, 'entered', START_MS);
    await sleep(RUNS_MS);
    const left = reclaimLockSync(lock);
    if (left.reclaimed)
      scene.failures.push(`took the lock of a living older version: ${left.verdict?.reason}`);
    await older.kill();
    scene.clear();

    const owner = await scene.start({ who: `owner-${cycle}` });
    await scene.expect(`owner-${cycle}`, 'entered', START_MS);
    const held = reclaimLockSync(lock);
    if (held.reclaimed || held.state !== 'held') scene.failures.push(`of a living owner: ${held.state}`);
    await owner.kill();
    const called = performance.now();
    const { state, verdict } = inspectLockSync(lock);
    const { reclaimed } = reclaimLockSync(lock);
    scene.took(performance.now() - called);
    scene.because(verdict?.reason);
    if (state !== 'stale' || !reclaimed)
      scene.failures.push(`of a killed owner: ${state}, ${verdict?.reason}`);
  }
  scene.end('left alone, then cleared');
}
