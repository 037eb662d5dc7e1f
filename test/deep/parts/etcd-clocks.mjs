// Locks on an etcd of three nodes, while the clocks of owners and waiters are set forward and back.
import { Cluster } from '../engine/cluster.mjs';
import { clocksAllTheTime, deathsAfterwards, setClocks } from '../engine/scenes/clocks.mjs';
import { program, root } from '../frame/needs.mjs';
import { hasFaketime } from '../frame/stepped-clock.mjs';

export const about = 'locks on an etcd of three nodes, while clocks are set an hour forward and back';
export const needs = () => [
  root(),
  ...['etcd', 'ip'].map((name) => program(name, 'etcd-clocks')),
  hasFaketime('etcd-clocks'),
];
export const minutes = 10;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, cycles }) {
  const cluster = new Cluster(directory);
  await cluster.start();
  await setClocks(report, cluster, Math.ceil(cycles / 4));
  await deathsAfterwards(report, cluster, cycles);
  await clocksAllTheTime(report, cluster, cycles * 5);
}
