import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Docker } from '../containers/docker.mjs';
import { committed, startedInOtherOrder } from '../containers/docker-layers.mjs';
import { prepare } from '../containers/scratch.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'Docker, with locks in the writable layers of containers instead of a volume';
export const needs = () => [
  root(),
  program('dockerd', 'docker-layers'),
  program('docker', 'docker-layers'),
  program('busybox', 'docker-layers'),
];

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  const place = join(scratch, 'docker');
  mkdirSync(place);
  const docker = await Docker.start(place, cgroup);
  docker.importImage(files);
  // The tasks are started by the situations themselves.
  const start = () => Promise.reject(new Error('not used'));
  const setting = { report, runtime: { name: 'Docker', start }, cycles, directory };
  await startedInOtherOrder(setting, docker);
  await committed(setting, docker);
  await docker.stop();
}
