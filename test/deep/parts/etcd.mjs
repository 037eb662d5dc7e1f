// Locks on an etcd of three nodes: deaths, pulled cables, elections, and many processes that are killed all the time.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Cluster } from '../engine/cluster.mjs';
import { Intervals } from '../engine/intervals.mjs';
import { Party } from '../engine/party.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'locks on an etcd of three nodes: deaths, pulled cables, elections, torture';
export const needs = () => [root(), program('etcd', 'etcd'), program('ip', 'etcd')];
export const minutes = 30;

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.cjs', import.meta.url));
const CONTENDER = fileURLToPath(new URL('../engine/contender.mjs', import.meta.url));
const RUNTIME = 'etcd, 3 nodes';
/** Plain Node sees no lifeline end: such a waiter stands for one on another machine. */
const ELSEWHERE = { KERNEL_IDENTITY_BACKEND: 'procfs' };

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, cycles }) {
  const cluster = new Cluster(directory);
  await cluster.start();
  await deaths(report, cluster, cycles);
  await withAgent(report, cluster, cycles);
  await withoutAgent(report, cluster, Math.ceil(cycles / 7));
  await pulledCables(report, cluster, cycles);
  await elections(report, cluster, Math.ceil(cycles / 7));
  await torture(report, cluster, cycles);
}

/** @param {number[]} ms @param {number} share */
function quantile(ms, share) {
  const sorted = [...ms].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** @param {number[]} ms */
function times(ms) {
  return `p50 ${quantile(ms, 0.5).toFixed(0)}, p99 ${quantile(ms, 0.99).toFixed(0)} ms`;
}

/**
 * @param {Party} party
 * @param {string} name
 */
async function acquire(party, name) {
  party.send({ do: 'acquire', name });
  return party.until('held');
}

/**
 * SIGKILL of the owner, with a waiter in another network namespace of the same kernel.
 * @param {import('../frame/report.mjs').Report} report @param {Cluster} cluster @param {number} cycles
 */
async function deaths(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 30_000 });
  const ms = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const owner = new Party(cluster, 1, { ttl: 30_000 });
    await acquire(owner, `death-${cycle}`);
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
 * @param {import('../frame/report.mjs').Report} report @param {Cluster} cluster @param {number} cycles
 */
async function withAgent(report, cluster, cycles) {
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
    await acquire(owner, name);
    await acquire(owner, `${name}-late`);
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

/** @param {Cluster} cluster */
function startAgent(cluster) {
  const [program = '', ...words] = cluster.at(1, [process.execPath, MAIN, 'agent', cluster.address]);
  return spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Seconds of CPU that a process has used. @param {number} pid */
function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/**
 * Only the lease decides.
 * @param {import('../frame/report.mjs').Report} report @param {Cluster} cluster @param {number} cycles
 */
async function withoutAgent(report, cluster, cycles) {
  const remote = new Party(cluster, 3, { ttl: 3_000 }, ELSEWHERE);
  const ms = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const owner = new Party(cluster, 1, { ttl: 3_000 });
    await acquire(owner, `lease-${cycle}`);
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

/**
 * The owner's cable is pulled: it must know before another can hold the lock.
 * @param {import('../frame/report.mjs').Report} report @param {Cluster} cluster @param {number} cycles
 */
async function pulledCables(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 2_000 }, ELSEWHERE);
  const owner = new Party(cluster, 1, { ttl: 2_000 }, ELSEWHERE);
  const ms = [];
  let thefts = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `cable-${cycle}`;
    await acquire(owner, name);
    waiter.send({ do: 'acquire', name });
    await waiter.until('waiting');
    cluster.cut('c1');
    const [lost, held] = await Promise.all([owner.until('lost'), waiter.until('held')]);
    ms.push(held.at - lost.at);
    if (held.at < lost.at) thefts += 1;
    cluster.heal('c1');
    waiter.send({ do: 'release', name });
    await waiter.until('released');
  }
  await owner.end();
  await waiter.end();
  const result = `the owner knew ${quantile(ms, 0).toFixed(0)} to ${quantile(ms, 1).toFixed(0)} ms before`;
  report.row({ runtime: RUNTIME, situation: 'pulled cable, TTL 2 s', cycles, result, ms, thefts });
}

/**
 * The leader is killed: the owner keeps its lock. Then the leader and the owner at once.
 * @param {import('../frame/report.mjs').Report} report @param {Cluster} cluster @param {number} cycles
 */
async function elections(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 30_000 });
  const ms = [];
  const failures = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `leader-${cycle}`;
    const owner = new Party(cluster, 1, { ttl: 5_000 });
    await acquire(owner, name);
    waiter.send({ do: 'acquire', name });
    await waiter.until('waiting');
    const first = await cluster.leader();
    await cluster.killNode(first);
    owner.send({ do: 'verify', name });
    const { verified } = await owner.until('verified');
    if (verified !== true) failures.push('lost by an election');
    cluster.startNode(first);
    await sleep(3_000);
    const second = await cluster.leader();
    const killedAt = Date.now();
    await Promise.all([cluster.killNode(second), owner.kill()]);
    ms.push((await waiter.until('held')).at - killedAt);
    cluster.startNode(second);
    waiter.send({ do: 'release', name });
    await waiter.until('released');
    await sleep(3_000);
  }
  await waiter.end();
  report.row({
    runtime: RUNTIME,
    situation: 'the leader killed; then leader and owner',
    cycles,
    result: times(ms),
    ms,
    failures,
  });
}

/**
 * Six processes fight for one lock, and are killed all the time. An agent is there, because some die before another one
 * in line has seen them alive.
 * @param {import('../frame/report.mjs').Report} report @param {Cluster} cluster @param {number} cycles
 */
async function torture(report, cluster, cycles) {
  const agent = startAgent(cluster);
  agent.stderr.resume();
  const intervals = new Intervals();
  /** @type {Map<number, import('node:child_process').ChildProcess>} */
  const running = new Map();
  let started = 0;
  let errors = 0;
  const start = () => {
    started += 1;
    const number = started;
    const options = JSON.stringify({ ttl: 5_000 });
    const [program = '', ...words] = cluster.at(1 + (number % 3), [
      process.execPath,
      CONTENDER,
      cluster.address,
      options,
      'torture',
    ]);
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('error')) errors += 1;
      intervals.take(number, line);
    });
    running.set(number, child);
  };
  for (let n = 0; n < 6; n += 1) start();
  const kills = cycles * 5;
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(100 + Math.random() * 300);
    const [number, child] = [...running][Math.floor(Math.random() * running.size)] ?? [];
    if (number === undefined || child === undefined) continue;
    running.delete(number);
    const at = process.hrtime.bigint();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    intervals.killed(number, at);
    start();
  }
  const at = process.hrtime.bigint();
  for (const [number, child] of running) {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    intervals.killed(number, at);
  }
  agent.kill('SIGTERM');
  const { overlaps, fallen } = intervals.faults();
  const failures = [
    ...(fallen > 0 ? [`${fallen} tokens that did not rise`] : []),
    ...(errors > 0 ? [`${errors} acquisitions that failed`] : []),
    ...(intervals.count < kills ? [`only ${intervals.count} acquisitions`] : []),
  ];
  const result = `${intervals.count} acquisitions, ${kills} kills, ${overlaps} overlaps`;
  report.row({ runtime: RUNTIME, situation: 'torture', cycles: kills, result, thefts: overlaps, failures });
}
