// Jepsen's workload for a lock: it is a mutex if no two were ever inside at once, and the tokens rise.
import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '../crowd.mjs';
import { RUNTIME, startAgent } from '../figures.mjs';

/** @typedef {import('../../frame/report.mjs').Report} Report */
/** @typedef {import('../cluster.mjs').Cluster} Cluster */

const PROCESSES = 6;
/** Acquisitions for each kill, at least. */
const PER_KILL = 10;
/** Milliseconds within which an owner must have heard that the server has ended its lease. */
const TOLD = 1_000;

/**
 * Six processes fight for one lock, and are killed all the time. An agent is there, because some die before another one
 * in line has seen them alive.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} kills
 */
export async function underKills(report, cluster, kills) {
  const agent = startAgent(cluster);
  agent.stderr.resume();
  const crowd = new Crowd(cluster, { name: 'kills', ttl: 5_000, ms: 4 });
  for (let n = 0; n < PROCESSES; n += 1) crowd.start();
  let wedges = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(100 + Math.random() * 200);
    await crowd.kill(crowd.any().number);
    crowd.start();
    if (!(await crowd.progress(PER_KILL, 60_000))) wedges += 1;
  }
  await crowd.killAll();
  agent.kill('SIGTERM');
  const failures = [...crowd.errors].map(([code, count]) => `${count} acquisitions failed: ${code}`);
  const said = `${crowd.intervals.count} acquisitions, ${kills} kills`;
  judge(report, `${PROCESSES} processes, killed all the time`, kills, crowd, said, wedges, failures);
}

/**
 * Six processes fight for one lock, while they are stopped and cut off, and leaders are killed. Each counts as inside for
 * as long as its lock says that it is held: it must not say so once another can have it.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} rounds of all faults
 */
export async function underFaults(report, cluster, rounds) {
  const { crowd, wedges } = await disturbed(cluster, { name: 'faults', ttl: 2_000, ms: 40 }, rounds, [
    stop,
    cut,
    killLeader,
  ]);
  const said = `${crowd.intervals.count} acquisitions, ${3 * rounds} faults; ${errorsOf(crowd)}`;
  const situation = `${PROCESSES} processes, stopped, cut off, leaders killed`;
  judge(report, situation, rounds, crowd, said, wedges, []);
}
