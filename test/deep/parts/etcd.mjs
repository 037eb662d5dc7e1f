// Locks on an etcd of three nodes: deaths, pulled cables, elections, silent nodes, stopped and blocked owners.
import { Cluster } from '../engine/cluster.mjs';
import { deaths, withAgent, withoutAgent } from '../engine/scenes/deaths.mjs';
import { elections, pulledCables, silentNodes } from '../engine/scenes/faults.mjs';
import { blockedLoop, compactions, etcdctlBothWays, stoppedOwners } from '../engine/scenes/owners.mjs';
import { program, root } from '../frame/needs.mjs';

export const about =
  'locks on an etcd of three nodes: deaths, pulled cables, elections, silent nodes, stopped owners';
export const needs = () => [root(), ...['etcd', 'etcdctl', 'ip'].map((name) => program(name, 'etcd'))];
export const minutes = 30;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, cycles }) {
  const few = Math.ceil(cycles / 7);
  const cluster = new Cluster(directory);
  await cluster.start();
  await deaths(report, cluster, cycles);
  await withAgent(report, cluster, cycles);
  await withoutAgent(report, cluster, few);
  await etcdctlBothWays(report, cluster, few);
  await compactions(report, cluster, cycles * 5);
  await blockedLoop(report, cluster);
  await stoppedOwners(report, cluster, few);
  await silentNodes(report, cluster, Math.ceil(cycles / 20));
  await elections(report, cluster, few);
  await pulledCables(report, cluster, cycles * 5);
}
