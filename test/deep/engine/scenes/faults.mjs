// Cables are pulled, and nodes are killed, stopped or cut off.
import { setTimeout as sleep } from 'node:timers/promises';
import { ELSEWHERE, quantile, RUNTIME, times } from '../figures.mjs';
import { Party } from '../party.mjs';

/** @typedef {import('../../frame/report.mjs').Report} Report */
/** @typedef {import('../cluster.mjs').Cluster} Cluster */

/** ms within which a waiter must have the lock of an owner that was killed together with the leader. */
const ELECTION = 3_000;

/**
 * The owner's cable is pulled: it must know before another can hold the lock.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function pulledCables(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 2_000 }, ELSEWHERE);
  const owner = new Party(cluster, 1, { ttl: 2_000 }, ELSEWHERE);
  const ms = [];
  let thefts = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `cable-${cycle}`;
    await owner.acquire(name);
    await waiter.queue(name);
    cluster.cut('c1');
    const [lost, held] = await Promise.all([owner.until('lost'), waiter.until('held')]);
    ms.push(held.at - lost.at);
    if (held.at < lost.at) thefts += 1;
    cluster.heal('c1');
    await waiter.release(name);
  }
  await owner.end();
  await waiter.end();
  const result = `the owner knew ${quantile(ms, 0).toFixed(0)} to ${quantile(ms, 1).toFixed(0)} ms before`;
  report.row({ runtime: RUNTIME, situation: 'pulled cable, TTL 2 s', cycles, result, ms, thefts });
}

/**
 * The leader is killed: the owner keeps its lock. Then the leader and the owner at once.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function elections(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 30_000 });
  const ms = [];
  const failures = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `leader-${cycle}`;
    const owner = new Party(cluster, 1, { ttl: 5_000 });
    await owner.acquire(name);
    await waiter.queue(name);
    const first = await cluster.leader();
    await cluster.killNode(first);
    if (!(await owner.verify(name))) failures.push('lost by an election');
    cluster.startNode(first);
    await sleep(3_000);
    const second = await cluster.leader();
    const killedAt = Date.now();
    await Promise.all([cluster.killNode(second), owner.kill()]);
    const took = (await waiter.until('held')).at - killedAt;
    ms.push(took);
    if (took > ELECTION) failures.push(`${took} ms after the owner and the leader were killed`);
    cluster.startNode(second);
    await waiter.release(name);
    await sleep(3_000);
  }
  await waiter.end();
  const situation = 'the leader killed; then leader and owner';
  report.row({ runtime: RUNTIME, situation, cycles, result: times(ms), ms, failures });
}

/** ms, of owner and waiter. */
const TTL = 5_000;

/**
 * The node that both ask first falls silent: it is stopped, so that connections are taken and never answered, or its
 * cable is pulled. The owner keeps its lock for longer than the lease, and the waiter gets it soon after the release,
 * though the watch that it has there says nothing.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function silentNodes(report, cluster, cycles) {
  for (const isLeader of [false, true]) {
    for (const how of /** @type {const} */ (['stopped', 'cut off'])) {
      const ms = [];
      const failures = [];
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const name = `silent-${isLeader}-${how}-${cycle}`;
        const leader = await cluster.leader();
        const node = isLeader ? leader : (leader % 3) + 1;
        const address = cluster.addressFrom(node);
        const owner = new Party(cluster, 1, { ttl: TTL }, {}, address);
        const waiter = new Party(cluster, 2, { ttl: TTL }, {}, address);
        await owner.acquire(name);
        await waiter.queue(name);
        if (how === 'stopped') cluster.signalNode(node, 'SIGSTOP');
        else cluster.cut(`e${node}`);
        await sleep(2 * TTL);
        if (!(await owner.verify(name))) failures.push('the owner lost its lock');
        const releasedAt = Date.now();
        owner.send({ do: 'release', name });
        ms.push((await waiter.until('held')).at - releasedAt);
        if (how === 'stopped') cluster.signalNode(node, 'SIGCONT');
        else cluster.heal(`e${node}`);
        await Promise.all([owner.end(), waiter.end()]);
        await sleep(1_000);
      }
      // The waiter looks every third of its lease, and asks the next node after 200 ms.
      if (Math.max(...ms) > TTL / 3 + 1_000) failures.push('the waiter relied on a silent watch');
      const situation = `${isLeader ? 'the leader' : 'a follower'} is ${how}, TTL 5 s`;
      const result = `kept for 10 s; after the release ${times(ms)}`;
      report.row({ runtime: RUNTIME, situation, cycles, result, ms, failures });
    }
  }
}
