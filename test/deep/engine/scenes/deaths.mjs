// The owner is killed: who finds it out, and when.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ELSEWHERE, quantile, RUNTIME, startAgent, times, usageOf } from '../figures.mjs';
import { Party } from '../party.mjs';

/**
 * SIGKILL of the owner, with a waiter in another network namespace of the same kernel.
 * @param {import('../../frame/report.mjs').Report} report
 * @param {import('../cluster.mjs').Cluster} cluster
 * @param {number} cycles
 */
export async function deaths(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 30_000 });
  const ms = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const owner = new Party(cluster, 1, { ttl: 30_000 });
    await owner.acquire(`death-${cycle}`);
    waiter.send({ do: 'acquire', name: `death-${cycle}` });
    await waiter.until('waiting');
    await sleep(50);
    const killedAt = Date.now();
    await owner.kill();
    const { at } = await waiter.until('held');
    ms.push(at - killedAt);
    waiter.send({ do: 'release', name: `death-${cycle}` });
    await waiter.until('released');
  }
  await waiter.end();
  const failures = quantile(ms, 0.5) > 1_000 ? ['not found out by the lifeline'] : [];
  report.row({
    runtime: RUNTIME,
    situation: 'SIGKILL, a waiter beside it',
    cycles,
    result: times(ms),
    ms,
    failures,
  });
}

/**
 * A waiter that sees no lifeline, and one that starts after the death, with an agent at the owner's.
 * @param {import('../../frame/report.mjs').Report} report
 * @param {import('../cluster.mjs').Cluster} cluster
 * @param {number} cycles
 */
export async function withAgent(report, cluster, cycles) {
  const agent = startAgent(cluster);
  let removals = 0;
  createInterface({ input: agent.stderr }).on('line', (line) => {
    if (line.includes('removed the lock')) removals += 1;
  });
  await sleep(1_000);
  const remote = new Party(cluster, 3, { ttl: 30_000 }, ELSEWHERE);
  const late = new Party(cluster, 2, { ttl: 30_000 });
  const [remoteMs, lateMs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `agent-${cycle}`;
    const owner = new Party(cluster, 1, { ttl: 30_000 });
    await owner.acquire(name);
    await owner.acquire(`${name}-late`);
    remote.send({ do: 'acquire', name });
    await remote.until('waiting');
    await sleep(50);
    const killedAt = Date.now();
    await owner.kill();
    late.send({ do: 'acquire', name: `${name}-late` });
    remoteMs.push((await remote.until('held')).at - killedAt);
    lateMs.push((await late.until('held')).at - killedAt);
    remote.send({ do: 'release', name });
    await remote.until('released');
  }
  const before = usageOf(agent.pid ?? 0);
  await sleep(5_000);
  const idle = (usageOf(agent.pid ?? 0) - before) / 5;
  agent.kill('SIGTERM');
  await remote.end();
  await late.end();
  const failures = removals < cycles * 2 ? [`only ${removals} removals by the agent`] : [];
  const rows = /** @type {const} */ ([
    ['SIGKILL, a waiter elsewhere, an agent', remoteMs],
    ['SIGKILL, a successor started after it, an agent', lateMs],
  ]);
  for (const [situation, ms] of rows) {
    report.row({
      runtime: RUNTIME,
      situation,
      cycles,
      result: `${times(ms)}; idle agent ${(idle * 100).toFixed(2)} % of a core`,
      ms,
      failures,
    });
  }
}

/**
 * Only the lease decides.
 * @param {import('../../frame/report.mjs').Report} report
 * @param {import('../cluster.mjs').Cluster} cluster
 * @param {number} cycles
 */
export async function withoutAgent(report, cluster, cycles) {
  const remote = new Party(cluster, 3, { ttl: 3_000 }, ELSEWHERE);
  const ms = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const owner = new Party(cluster, 1, { ttl: 3_000 });
    await owner.acquire(`lease-${cycle}`);
    remote.send({ do: 'acquire', name: `lease-${cycle}` });
    await remote.until('waiting');
    const killedAt = Date.now();
    await owner.kill();
    ms.push((await remote.until('held')).at - killedAt);
  }
  await remote.end();
  const failures = Math.max(...ms) > 4_000 ? ['later than the lease and a second'] : [];
  report.row({
    runtime: RUNTIME,
    situation: 'SIGKILL, no agent, TTL 3 s',
    cycles,
    result: times(ms),
    ms,
    failures,
  });
}
