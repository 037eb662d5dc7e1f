// Measures locks on etcd beside etcd3 and @grpc/grpc-js, against the bars they were made for: npm run bench:etcd. It
// starts an etcd of three nodes on loopback, with its data in the directory for temporary files.
import { readFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { etcd3, grpcJs, MODULES, ours } from './etcd/clients.mjs';
import { processorTime, startAgent, startParty } from './etcd/processes.mjs';
import { startEtcd } from './etcd/servers.mjs';
import { inFreshProcess } from './harness/fresh-process.mjs';
import { describeMachine } from './harness/machine.mjs';
import { machineLine } from './harness/report.mjs';
import { median, pairedRatios, summary } from './harness/statistics.mjs';

const ROUNDS = 600;
const WARM_UP = 50;
const DEATHS = 100;
const IMPORTS = 15;
const AGENT_LOCKS = 100;
/** Milliseconds. */
const LONG = 60_000;
const SHORT = 3_000;
const IDLE = 30_000;

/** Plain Node sees no end of a lifeline: such a waiter stands for one on another machine. */
const ELSEWHERE = { KERNEL_IDENTITY_BACKEND: 'procfs' };

const bars = [];
function show(name, { p50, p99 }, note = '') {
  console.log(`        ${name.padEnd(60)} p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)} ms ${note}`);
}
function bar(name, value, unit, limit) {
  bars.push(value <= limit);
  const verdict = value <= limit ? 'met   ' : 'MISSED';
  console.log(`${verdict}  ${name}: ${value.toFixed(2)} ${unit}, at most ${limit}`);
}

console.log(`${machineLine(describeMachine(tmpdir()))}; load ${loadavg()[0].toFixed(1)}`);

/**
 * Each client acquires and releases in turn, so that what disturbs a round falls on all of them; in a random order,
 * because the server still works at what the one before has ended.
 * @returns the times of each, in ms
 */
async function uncontended(endpoints, words, makers) {
  const clients = await Promise.all(makers.map((make) => make(endpoints)));
  const times = clients.map(() => []);
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const index of shuffled(clients.keys())) {
      const started = performance.now();
      await clients[index].acquire();
      await clients[index].release();
      if (round >= 0) times[index].push(performance.now() - started);
    }
  }
  for (const [index, { name }] of clients.entries()) show(`${name}, ${words}`, summary(times[index]));
  for (const client of clients) await client.close();
  return times;
}

function shuffled(values) {
  const keys = new Map([...values].map((value) => [value, Math.random()]));
  return [...keys.keys()].sort((a, b) => keys.get(a) - keys.get(b));
}

async function ratioTo(endpoints, words) {
  const [own, grpc] = await uncontended(endpoints, words, [ours, grpcJs]);
  return median(pairedRatios(own, grpc));
}

// One node shows what the gateway costs, because there is nothing else to wait for.
const alone = await startEtcd(1, tmpdir());
const ratioAlone = await ratioTo(alone, 'one node');
const endpoints = await startEtcd(3, tmpdir());
const address = `etcd://${endpoints.join(',')}/locks/`;
const ratio = await ratioTo(endpoints, 'three nodes');
// etcd3 comes last, because it is grpc-js underneath, which it would make faster.
await uncontended(alone, 'one node', [etcd3]);
await uncontended(endpoints, 'three nodes', [etcd3]);
console.log(`        acquire and release, one node: ${ratioAlone.toFixed(2)} x grpc-js`);
bar('acquire and release, three nodes', ratio, 'x grpc-js', 1.2);

for (const [name, url] of Object.entries(MODULES)) {
  const times = [];
  for (let round = 0; round < IMPORTS; round += 1)
    times.push((await inFreshProcess('start/import.mjs', url)).import);
  show(`import of ${name}`, summary(times));
  if (name === 'kernel-identity/etcd') bar('import of kernel-identity/etcd', median(times), 'ms', 10);
}
const withCall = [];
for (let round = 0; round < IMPORTS; round += 1) {
  const opened = [MODULES['kernel-identity/etcd'], 'openEtcd', address];
  const { import: imported, call } = await inFreshProcess('start/import.mjs', ...opened);
  withCall.push(imported + call);
}
show('import of kernel-identity/etcd and openEtcd(), which loads the rest', summary(withCall));

/** Milliseconds from a release to the moment at which a waiter of another process has the lock. */
async function releases() {
  const [one, two] = [await startParty(address, LONG), await startParty(address, LONG)];
  const times = [];
  for (let round = 0; round < DEATHS; round += 1) {
    const name = `release-${round}`;
    one.send('acquire', name);
    await one.until('held', name);
    two.send('acquire', name);
    await two.until('waiting', name);
    await sleep(20);
    one.send('release', name);
    const [at, held] = [await one.until('released', name), await two.until('held', name)];
    times.push(Number(held - at) / 1e6);
  }
  one.end();
  two.end();
  return times;
}

/** Milliseconds from a SIGKILL to the moment at which a waiter, or one that comes after it, has the lock. */
async function deaths(rounds, waiter, ttl, isLate) {
  const times = [];
  let next = startParty(address, ttl);
  for (let round = 0; round < rounds; round += 1) {
    const name = `death-${deathCount++}`;
    const owner = await next;
    if (round + 1 < rounds) next = startParty(address, ttl);
    owner.send('acquire', name);
    await owner.until('held', name);
    if (!isLate) {
      waiter.send('acquire', name);
      await waiter.until('waiting', name);
    }
    // The start of the next owner must not fall into the time that is measured.
    await next;
    await sleep(100);
    const at = owner.kill();
    if (isLate) waiter.send('acquire', name);
    times.push(Number((await waiter.until('held', name)) - at) / 1e6);
  }
  return times;
}
let deathCount = 0;

const woken = summary(await releases());
show('release to waiter', woken);
bar('release to waiter, p50', woken.p50, 'ms', 10);

const sibling = await startParty(address, LONG);
const remote = await startParty(address, LONG, ELSEWHERE);
const killed = summary(await deaths(DEATHS, sibling, LONG, false));
show('SIGKILL to a waiter on the same kernel', killed);
bar('SIGKILL to a waiter on the same kernel, p50', killed.p50, 'ms', 25);
bar('SIGKILL to a waiter on the same kernel, p99', killed.p99, 'ms', 100);

const late = summary(await deaths(3, remote, SHORT, false));
bar(`SIGKILL to a waiter elsewhere, no agent, ttl ${SHORT} ms`, late.max, 'ms', SHORT + 1_000);

const agent = startAgent(address);
await sleep(1_000);
const withAgent = summary(await deaths(DEATHS / 2, remote, LONG, false));
show('SIGKILL to a waiter elsewhere, with an agent', withAgent);
bar('SIGKILL to a waiter elsewhere, with an agent, p50', withAgent.p50, 'ms', 50);
const restarted = summary(await deaths(DEATHS / 2, sibling, LONG, true));
show('SIGKILL to a successor that comes later, with an agent', restarted);
bar('SIGKILL to a successor that comes later, with an agent, p50', restarted.p50, 'ms', 50);

const holder = await startParty(address, LONG);
for (let index = 0; index < AGENT_LOCKS; index += 1) {
  holder.send('acquire', `idle-${index}`);
  await holder.until('held', `idle-${index}`);
}
// An agent is idle for days, so its first looks, which still compile its code, do not count.
await sleep(IDLE);
const used = processorTime(agent.pid);
await sleep(IDLE);
bar(
  `an idle agent, ${AGENT_LOCKS} locks, ${readFileSync(`/proc/${agent.pid}/status`, 'utf8').match(/VmRSS:\s*(\d+)/)[1] >> 10} MiB`,
  ((processorTime(agent.pid) - used) / 1e6 / IDLE) * 100,
  '% of a core',
  0.1,
);

console.log(`        load ${loadavg()[0].toFixed(1)} at the end`);
process.exit(bars.every(Boolean) ? 0 : 1);
