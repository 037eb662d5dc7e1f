// An owner is stopped or blocked, other programs want the same lock, the server forgets its past.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ELSEWHERE, RUNTIME, times } from '../figures.mjs';
import { Party } from '../party.mjs';

/** @typedef {import('../../frame/report.mjs').Report} Report */
/** @typedef {import('../cluster.mjs').Cluster} Cluster */

const COMPACTOR = fileURLToPath(new URL('../compactor.mjs', import.meta.url));

/**
 * SIGSTOP for longer than the lease: another gets the lock then and not before, and the owner knows it at its first step.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function stoppedOwners(report, cluster, cycles) {
  const waiter = new Party(cluster, 2, { ttl: 2_000 });
  const ms = [];
  let thefts = 0;
  const failures = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `stopped-${cycle}`;
    const owner = new Party(cluster, 1, { ttl: 2_000 });
    await owner.acquire(name);
    const queued = await waiter.queue(name);
    if (queued.reason !== 'lifeline-held') failures.push(`the waiter saw ${queued.reason}`);
    const stoppedAt = Date.now();
    owner.signal('SIGSTOP');
    const { at } = await waiter.until('held');
    ms.push(at - stoppedAt);
    // A renewal may have been made just before the stop, or a third of the lease before it.
    if (at - stoppedAt < 2_000 - 2_000 / 3 - 200) thefts += 1;
    owner.signal('SIGCONT');
    if (await owner.verify(name)) failures.push('the owner thinks that it has the lock');
    if (!(await waiter.verify(name))) failures.push('the next owner lost the lock');
    await owner.kill();
    await waiter.release(name);
  }
  await waiter.end();
  const situation = 'SIGSTOP of the owner, TTL 2 s';
  const result = `the next one had it after ${times(ms)}`;
  report.row({ runtime: RUNTIME, situation, cycles, result, ms, thefts, failures });
}

/**
 * The owner's event loop stands still for more than two leases, and the lock stays its own.
 * @param {Report} report
 * @param {Cluster} cluster
 */
export async function blockedLoop(report, cluster) {
  const owner = new Party(cluster, 1, { ttl: 5_000 });
  const waiter = new Party(cluster, 2, { ttl: 5_000 }, ELSEWHERE);
  await owner.acquire('blocked');
  await waiter.queue('blocked');
  owner.send({ do: 'block', ms: 12_000, name: 'blocked' });
  const { held, aborted } = await owner.until('blocked');
  const isKept = held === true && aborted === false && (await owner.verify('blocked'));
  await owner.release('blocked');
  await waiter.until('held');
  await Promise.all([owner.end(), waiter.end()]);
  const situation = 'an event loop blocked for 12 s, TTL 5 s';
  report.row({ runtime: RUNTIME, situation, result: isKept ? 'kept' : 'lost', thefts: isKept ? 0 : 1 });
}

/**
 * The lock changes hands while the server forgets all past states, again and again.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function compactions(report, cluster, cycles) {
  const compactor = cluster.spawnAt(3, [process.execPath, COMPACTOR, cluster.endpoints]);
  const [one, two] = [1, 2].map((client) => new Party(cluster, client, { ttl: 30_000 }));
  if (one === undefined || two === undefined) throw new Error('no parties');
  const ms = [];
  const failures = [];
  let [owner, waiter] = [one, two];
  await owner.acquire('compacted');
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await waiter.queue('compacted');
    if (!(await owner.verify('compacted'))) failures.push('the owner lost its lock');
    const releasedAt = Date.now();
    await owner.release('compacted');
    ms.push((await waiter.until('held')).at - releasedAt);
    [owner, waiter] = [waiter, owner];
  }
  compactor.stdin.end();
  const [said] = await Promise.all([compactor.stdout.toArray(), one.end(), two.end()]);
  const count = Number(Buffer.concat(said).toString());
  if (!(count >= cycles)) failures.push(`only ${count} compactions`);
  const result = `${count} compactions; after a release ${times(ms)}`;
  report.row({ runtime: RUNTIME, situation: 'compaction all the time', cycles, result, ms, failures });
}

/**
 * etcdctl waits for this package, which waits for etcdctl; and etcdctl goes on after the death of an owner that a waiter
 * behind it has seen.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 */
export async function etcdctlBothWays(report, cluster, cycles) {
  const [owner, waiter] = [1, 2].map((client) => new Party(cluster, client, { ttl: 30_000 }));
  if (owner === undefined || waiter === undefined) throw new Error('no parties');
  const failures = [];
  const ms = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const name = `ctl-${cycle}`;
    const first = etcdctl(cluster, name);
    await first.started;
    await owner.queue(name);
    first.end();
    await owner.until('held');
    const second = etcdctl(cluster, name);
    await until(async () => {
      owner.send({ do: 'inspect', name });
      return (await owner.until('waiting')).waiting === 1;
    });
    if (second.isStarted()) failures.push('etcdctl did not wait');
    await owner.release(name);
    await second.started;
    second.end();

    const mortal = new Party(cluster, 3, { ttl: 30_000 });
    await mortal.acquire(`${name}-b`);
    const third = etcdctl(cluster, `${name}-b`);
    await until(async () => {
      owner.send({ do: 'inspect', name: `${name}-b` });
      return (await owner.until('waiting')).waiting === 1;
    });
    await waiter.queue(`${name}-b`);
    const killedAt = Date.now();
    await mortal.kill();
    await third.started;
    ms.push(Date.now() - killedAt);
    third.end();
    await waiter.until('held');
    await waiter.release(`${name}-b`);
  }
  await Promise.all([owner.end(), waiter.end()]);
  const situation = 'etcdctl lock, both ways and before a waiter';
  const result = `went on after a death ${times(ms)}`;
  report.row({ runtime: RUNTIME, situation, cycles, result, ms, failures });
}

/**
 * A command under a lock of etcd's own program. It gets no stdin, so a file tells it to end.
 * @param {Cluster} cluster @param {string} name
 */
function etcdctl(cluster, name) {
  const mark = join(cluster.directory, `end-${marks++}`);
  const script = `echo started; until [ -e '${mark}' ]; do sleep 0.05; done`;
  const command = ['etcdctl', '--endpoints', cluster.endpoints, 'lock', `locks/${name}`];
  const child = cluster.spawnAt(3, ['env', 'ETCDCTL_API=3', ...command, '--', 'sh', '-c', script]);
  let said = '';
  const started = new Promise((resolve) => {
    child.stdout.on('data', (text) => {
      said += text;
      if (said.includes('started')) resolve(undefined);
    });
  });
  return { started, isStarted: () => said.includes('started'), end: () => writeFileSync(mark, '') };
}

let marks = 0;

/** @param {() => Promise<boolean>} look */
async function until(look) {
  const deadline = performance.now() + 30_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('waited in vain');
  }
}
