import { join } from 'node:path';
import { execute } from '../containers/foreground.mjs';
import { podmanCommand, podmanRuntime } from '../containers/podman.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'podman with its default seccomp profile';
export const needs = () => [
  root(),
  program('podman', 'podman'),
  program('runc', 'podman'),
  program('busybox', 'podman'),
];
export const minutes = 10;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  // The paths of podman in /run must be short.
  execute(['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  const runtime = podmanRuntime({
    name: 'podman',
    podman: podmanCommand(join(scratch, 'storage')).podman,
    prefix: cgroup,
    files,
    flags: [`--cgroup-parent=/${cgroup}`],
  });
  await allSituations({ report, runtime, cycles, directory });
}
