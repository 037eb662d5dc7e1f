// Locks of a previous version, which hold a PID and nothing else. That version ran as PID 1, like every
// program here.
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS, Scene, START_MS } from './scene.mjs';

/** @typedef {import('./scene.mjs').Setting} Setting */

/**
 * A record that is no older than one tick of the successor's birth is unknown, so the older program is killed
 * only later.
 */
const RUNS_MS = 50;

/**
 * A killed container of an older program has left a lock that holds a PID and nothing else. Ours has the same
 * PID.
 * @param {Setting} setting
 */
export async function olderKilled(setting) {
  const scene = new Scene(setting, 'PID-only lock of a killed older version');
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const older = await scene.start({ who: `older-${cycle}`, style: 'pid-only' });
    await scene.expect(`older-${cycle}`, 'entered', START_MS);
    await sleep(RUNS_MS);
    await older.kill();
    const who = `newer-${cycle}`;
    const newer = await scene.start({ who });
    const entry = await scene.entered(who);
    if (entry !== null) scene.took(entry.ms ?? 0);
    await newer.kill();
    scene.clear();
  }
  scene.end('reclaimed');
}

/**
 * A lock with a PID and nothing else, whose owner cannot be known, is left alone by processes with the option
 * `legacy: 'unknown'`, and by those that cannot read when a process was born.
 * @param {Setting} setting
 * @param {object} how
 * @param {string} how.situation
 * @param {boolean} how.lives whether the older program lives
 * @param {import('../../../dist/index.js').AcquireOptions} [how.acquire]
 */
export async function olderUndecidable(setting, { situation, lives, acquire = {} }) {
  const scene = new Scene(setting, situation);
  const older = await scene.start({ who: 'older', style: 'pid-only' });
  await scene.expect('older', 'entered', START_MS);
  await sleep(RUNS_MS);
  if (!lives) await older.kill();
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `newer-${cycle}`;
    const newer = await scene.start({ who, acquire: { timeout: PATIENCE_MS, ...acquire } });
    await scene.refused(who, newer);
  }
  await older.kill();
  scene.end('not taken');
}

/**
 * The older program lives in a neighbouring container, with our PID. By default that PID is taken for one of
 * this namespace, and so the lock is taken. The table does not count it as a theft, because docs/limits.md
 * says so.
 * @param {Setting} setting
 */
export async function olderAssumed(setting) {
  const scene = new Scene(setting, "PID-only lock of a living older version, legacy: 'assume'");
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const older = await scene.start({ who: `older-${cycle}`, style: 'pid-only' });
    await scene.expect(`older-${cycle}`, 'entered', START_MS);
    await sleep(RUNS_MS);
    const newer = await scene.start({ who: `newer-${cycle}` });
    await scene.entered(`newer-${cycle}`);
    await Promise.all([older.kill(), newer.kill()]);
    scene.clear();
  }
  scene.end('a documented limit: taken', 0);
}
