// Jepsen's workloads on an etcd of three nodes: for the lock, and for what it protects.
import { Cluster } from '../engine/cluster.mjs';
import { underFaults, underKills, underStoppedLeaders } from '../engine/scenes/lock.mjs';
import { additions, queuedWrites } from '../engine/scenes/set.mjs';
import { program, root } from '../frame/needs.mjs';

export const about =
  'many processes and one lock on an etcd of three nodes: killed, stopped, cut off; what it protects';
export const needs = () => [
  root(),
  ...['etcd', 'etcdctl', 'ip'].map((name) => program(name, 'etcd-torture')),
];
export const minutes = 60;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, cycles }) {
  const few = Math.ceil(cycles / 4);
  const cluster = new Cluster(directory);
  await cluster.start();
  for (const guard of /** @type {const} */ (['unfenced', 'fenced', 'etcd'])) {
    await additions(report, cluster, few, guard);
  }
  for (const guard of /** @type {const} */ (['unfenced', 'fenced']))
    await queuedWrites(report, cluster, guard);
  await underKills(report, cluster, cycles * 5);
  await underFaults(report, cluster, few);
  await underStoppedLeaders(report, cluster, few);
}
