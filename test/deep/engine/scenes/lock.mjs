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

/**
 * A leader that was stopped and goes on revokes leases that are renewed at its successor (etcd-io/etcd#15247). Nothing can
 * keep the owner's lock then. It must hear of that soon.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} rounds
 */
export async function underStoppedLeaders(report, cluster, rounds) {
  const { crowd, wedges } = await disturbed(cluster, { name: 'leaders', ttl: 2_000, ms: 500 }, rounds, [
    stopLeader,
  ]);
  const { overlaps, longest } = crowd.intervals.faults();
  const failures = longest > TOLD ? [`an owner was not told for ${longest} ms`] : [];
  const words = `etcd ended ${overlaps} leases of owners, told up to ${longest.toFixed(0)} ms after another had the lock`;
  const result = `a documented limit: ${crowd.intervals.count} acquisitions, ${errorsOf(crowd)}; ${words}`;
  const situation = `${PROCESSES} processes, leaders are stopped and go on`;
  report.row({ runtime: RUNTIME, situation, cycles: rounds, result, wedges, failures });
}

/**
 * @param {Cluster} cluster
 * @param {{ name: string, ttl: number, ms: number }} setting
 * @param {number} rounds
 * @param {readonly ((cluster: Cluster, crowd: Crowd) => Promise<void>)[]} faults
 */
async function disturbed(cluster, setting, rounds, faults) {
  const crowd = new Crowd(cluster, setting);
  for (let n = 0; n < PROCESSES; n += 1) crowd.start();
  let wedges = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const fault of faults) {
      await fault(cluster, crowd);
      if (!(await crowd.progress(PER_KILL, 60_000))) wedges += 1;
    }
  }
  await crowd.killAll();
  return { crowd, wedges };
}

/** @param {Crowd} crowd */
function errorsOf({ errors }) {
  const words = [...errors].map(([code, count]) => `${count} ${code}`);
  return words.length === 0 ? 'no errors' : words.join(', ');
}

/** Two of three are stopped for longer than the lease. @param {Cluster} _ @param {Crowd} crowd */
async function stop(_, crowd) {
  const stopped = [1, 2, 3].map(() => crowd.any().child);
  for (const child of stopped) child.kill('SIGSTOP');
  await sleep(3_500);
  for (const child of stopped) child.kill('SIGCONT');
}

/** @param {Cluster} cluster */
async function cut(cluster) {
  const client = `c${1 + Math.floor(Math.random() * 3)}`;
  cluster.cut(client);
  await sleep(3_500);
  cluster.heal(client);
}

/** @param {Cluster} cluster */
async function stopLeader(cluster) {
  const leader = await cluster.leader();
  cluster.signalNode(leader, 'SIGSTOP');
  await sleep(3_500);
  cluster.signalNode(leader, 'SIGCONT');
}

/** @param {Cluster} cluster */
async function killLeader(cluster) {
  const leader = await cluster.leader();
  await cluster.killNode(leader);
  await sleep(1_500);
  cluster.startNode(leader);
}

/**
 * @param {Report} report @param {string} situation @param {number} cycles @param {Crowd} crowd @param {string} said
 * @param {number} wedges @param {string[]} failures
 */
function judge(report, situation, cycles, crowd, said, wedges, failures) {
  const { overlaps, fallen } = crowd.intervals.faults();
  if (fallen > 0) failures.push(`${fallen} tokens did not rise`);
  const result = `${said}, ${overlaps} overlaps`;
  report.row({ runtime: RUNTIME, situation, cycles, result, thefts: overlaps, wedges, failures });
}
