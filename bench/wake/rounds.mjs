// Measures, round after round, how long a waiter still sleeps after the lock became free. Delays are in ns.
import { mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAndSee, startContender } from '../harness/owners.mjs';
import { newPath } from '../harness/scratch.mjs';

/** Returns the ns from `earlier` to `later`, which are times of CLOCK_MONOTONIC as processes report them. */
function nsBetween(earlier, later) {
  return Number(BigInt(later) - BigInt(earlier));
}

/** Waits for a random time, so that any moment of a polling interval is as likely as another. */
const waitAWhile = (pauseMs) => sleep(5 + pauseMs * Math.random());

/**
 * Measures from the call of release until the waiter has the lock.
 * @param fresh whether each round has a new waiter process.
 */
export async function afterRelease({ directory, rounds, pauseMs }, way, fresh = false) {
  const delays = [];
  const owner = await startContender(way);
  let waiter = await startContender(way);
  for (let round = 0; round < rounds; round += 1) {
    const path = newPath(directory);
    owner.send({ command: 'acquire', path });
    await owner.until('acquired');
    waiter.send({ command: 'acquire', path });
    await waiter.until('waiting');
    await waitAWhile(pauseMs);
    owner.send({ command: 'release', path });
    const [released, acquired] = await Promise.all([owner.until('released'), waiter.until('acquired')]);
    delays.push(nsBetween(released.at, acquired.at));
    waiter.send({ command: 'release', path });
    await waiter.until('released');
    if (fresh) {
      await waiter.kill();
      waiter = await startContender(way);
    }
  }
  await Promise.all([owner.kill(), waiter.kill()]);
  return delays;
}

/** Measures from the death of the owner, and from the call of kill(2), until the waiter has the lock. */
export async function afterKill({ directory, rounds, pauseMs }, way, hold) {
  const fromDeath = [];
  const fromKill = [];
  const waiter = await startContender(way);
  for (let round = 0; round < rounds; round += 1) {
    const path = newPath(directory);
    const owner = await hold(path);
    waiter.send({ command: 'acquire', path });
    await waiter.until('waiting');
    await waitAWhile(pauseMs);
    const [{ killed, dead }, acquired] = await Promise.all([killAndSee(owner), waiter.until('acquired')]);
    fromDeath.push(nsBetween(dead, acquired.at));
    fromKill.push(nsBetween(killed, acquired.at));
    waiter.send({ command: 'release', path });
    await waiter.until('released');
  }
  await waiter.kill();
  return { fromDeath, fromKill };
}

/**
 * Measures the same for locks where only a timeout reveals a death. proper-lockfile's default is 10 s, so one owner dies
 * with many locks at once, and one process waits for all of them.
 */
export async function afterKillByTimeout({ directory, locks, pauseMs }, way) {
  const waiter = await startContender(way);
  const owner = await startContender(way);
  const all = Array.from({ length: locks }, () => newPath(directory));
  for (const path of all) owner.send({ command: 'acquire', path });
  for (const _ of all) await owner.until('acquired');
  for (const path of all) waiter.send({ command: 'acquire', path });
  await waitAWhile(pauseMs);
  const { killed, dead } = await killAndSee(owner);
  const fromDeath = [];
  const fromKill = [];
  for (const _ of all) {
    const { at } = await waiter.until('acquired');
    fromDeath.push(nsBetween(dead, at));
    fromKill.push(nsBetween(killed, at));
  }
  await waiter.kill();
  return { fromDeath, fromKill };
}

/** Returns the ns that the filesystem alone takes to delete what a dead owner leaves. Each reclaim pays for it. */
export function deletions({ directory, rounds }) {
  return Array.from({ length: rounds }, () => {
    const path = newPath(directory);
    const file = join(path, 'owner.json');
    mkdirSync(path);
    writeFileSync(file, '{}');
    const started = performance.now();
    unlinkSync(file);
    rmdirSync(path);
    return (performance.now() - started) * 1e6;
  });
}
