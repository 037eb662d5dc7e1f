// Somebody sets the clock of a machine while it holds a lock, or waits for one.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteppedClock } from '../../frame/stepped-clock.mjs';
import { Crowd } from '../crowd.mjs';
import { ELSEWHERE, quantile, RUNTIME, times } from '../figures.mjs';
import { Party } from '../party.mjs';

/** @typedef {import('../../frame/report.mjs').Report} Report */
/** @typedef {import('../cluster.mjs').Cluster} Cluster */

const HOURS = [1, -1];
/** ms */
const TTL = 2_000;
/** ms within which the clock of a process is what it was set to. */
const NEAR = 60_000;
/** ms of a lease that cannot end in the time of a scene. */
const LONG = 60_000;
/** ms within which a death must have been seen, and not been waited for. */
const SEEN = 2_000;
const PROCESSES = 6;
/** Acquisitions between two steps. */
const PER_STEP = 10;

/**
 * The owner's clock, or the waiter's, is set, and the lock is kept for more than two leases. Then the owner's cable is
 * pulled: it must know before the waiter can hold the lock, whatever the clocks say.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function setClocks(report, cluster, cycles) {
  for (const who of /** @type {const} */ (['owner', 'waiter'])) {
    for (const hours of HOURS) {
      const clocks = { owner: newClock(cluster), waiter: newClock(cluster) };
      const owner = new Party(cluster, 1, { ttl: TTL }, clocks.owner.env);
      const waiter = new Party(cluster, 2, { ttl: TTL }, { ...ELSEWHERE, ...clocks.waiter.env });
      const ms = [];
      const failures = [];
      let thefts = 0;
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const name = `clock-${who}-${hours}-${cycle}`;
        await owner.acquire(name);
        await waiter.queue(name);
        clocks[who].set(hours);
        await sleep(2.5 * TTL);
        owner.send({ do: 'verify', name });
        waiter.send({ do: 'inspect', name });
        const said = { owner: await owner.until('verified'), waiter: await waiter.until('fencingToken') };
        if (said.owner.verified !== true || said.owner.held !== true)
          failures.push('the owner lost its lock');
        for (const one of /** @type {const} */ (['owner', 'waiter'])) {
          const off = clocks[one].trueTime(said[one].at) - Date.now();
          if (Math.abs(off) > NEAR) failures.push(`the clock of the ${one} is ${off} ms off`);
        }
        cluster.cut('c1');
        const [lost, held] = await Promise.all([owner.until('lost'), waiter.until('held')]);
        const before = clocks.waiter.trueTime(held.at) - clocks.owner.trueTime(lost.at);
        ms.push(before);
        if (before < 0) thefts += 1;
        cluster.heal('c1');
        await waiter.release(name);
        clocks[who].set(0);
      }
      await Promise.all([owner.end(), waiter.end()]);
      const kept = `kept for ${(2.5 * TTL) / 1_000} s`;
      const result = `${kept}; then a pulled cable: the owner knew ${quantile(ms, 0).toFixed(0)} to ${quantile(ms, 1).toFixed(0)} ms before`;
      report.row({
        runtime: RUNTIME,
        situation: situationOf(who, hours),
        cycles,
        result,
        ms,
        thefts,
        failures,
      });
    }
  }
}

/**
 * The clock of a waiter is set, and then the owner is killed: the death is seen, and not waited for.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function deathsAfterwards(report, cluster, cycles) {
  for (const hours of HOURS) {
    const clock = newClock(cluster);
    const waiter = new Party(cluster, 2, { ttl: LONG }, clock.env);
    const ms = [];
    const failures = [];
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const name = `death-${hours}-${cycle}`;
      const owner = new Party(cluster, 1, { ttl: LONG });
      await owner.acquire(name);
      const { reason } = await waiter.queue(name);
      if (reason !== 'lifeline-held') failures.push(`the waiter saw ${reason}`);
      clock.set(hours);
      await sleep(200);
      const killedAt = performance.now();
      await owner.kill();
      await waiter.until('held');
      ms.push(performance.now() - killedAt);
      await waiter.release(name);
      clock.set(0);
    }
    await waiter.end();
    if (quantile(ms, 1) > SEEN) failures.push('a death was not seen');
    const situation = `${situationOf('waiter', hours)}, SIGKILL of the owner`;
    report.row({ runtime: RUNTIME, situation, cycles, result: times(ms), ms, failures });
  }
}

/**
 * Six processes fight for one lock, while the clocks of their machines are set forward and back.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} steps
 */
export async function clocksAllTheTime(report, cluster, steps) {
  const clocks = [1, 2, 3].map(() => newClock(cluster));
  const crowd = new Crowd(cluster, { name: 'clocks', ttl: TTL, ms: 400 }, (number) => {
    const variables = Object.entries(clocks[number % clocks.length]?.env ?? {});
    return ['env', ...variables.map(([name, value]) => `${name}=${value}`)];
  });
  for (let n = 0; n < PROCESSES; n += 1) crowd.start();
  let wedges = 0;
  for (let step = 0; step < steps; step += 1) {
    clocks[step % clocks.length]?.set(HOURS[Math.floor(Math.random() * HOURS.length)] ?? 0);
    if (!(await crowd.progress(PER_STEP, 60_000))) wedges += 1;
    clocks[step % clocks.length]?.set(0);
  }
  const { losses, errors } = crowd;
  await crowd.killAll();
  const { overlaps, fallen } = crowd.intervals.faults();
  const failures = [...errors].map(([code, count]) => `${count} acquisitions failed: ${code}`);
  if (losses > 0) failures.push(`${losses} owners were told of a loss`);
  if (fallen > 0) failures.push(`${fallen} tokens did not rise`);
  const situation = `${PROCESSES} processes, clocks set an hour forward and back`;
  const result = `${crowd.intervals.count} acquisitions, ${2 * steps} steps, ${losses} losses, ${overlaps} overlaps`;
  report.row({ runtime: RUNTIME, situation, cycles: steps, result, thefts: overlaps, wedges, failures });
}

let made = 0;

/** @param {Cluster} cluster */
function newClock(cluster) {
  return new SteppedClock(join(cluster.directory, `clock-${made++}`));
}

/** @param {string} who @param {number} hours */
function situationOf(who, hours) {
  return `the ${who}'s clock is set an hour ${hours > 0 ? 'forward' : 'back'}`;
}
