import { controls } from '../containers/controls.mjs';
import { PROFILE, runcRuntime } from '../containers/runc.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { file, program, root } from '../frame/needs.mjs';

export const about = "runc, what Docker and Kubernetes start containers with, under podman's seccomp profile";
export const needs = () => [
  root(),
  program('runc', 'runc'),
  program('busybox', 'runc'),
  file(PROFILE, 'npm run test:deep:install runc'),
];
export const slice = true;
export const minutes = 10;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  const setting = { report, runtime: runcRuntime(files, scratch, cgroup), cycles, directory };
  await controls(setting);
  await allSituations(setting);
}
