import { join } from 'node:path';
import { execute, runInForeground } from '../containers/foreground.mjs';
import { CONTENDER } from '../containers/root.mjs';
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
  // Its paths there must be short.
  execute(['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  // The name of --runroot must be short.
  execute(['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  const state = ['--root', join(scratch, 'storage'), '--runroot', '/run/podman', '--storage-driver=vfs'];
  const podman = ['podman', ...state, '--runtime=runc', '--cgroup-manager=cgroupfs', '--events-backend=none'];
  // Root here may lack CAP_SYS_RESOURCE, and podman would raise the limits.
  const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'];
  let count = 0;

  /** @type {import('../containers/scene.mjs').Runtime} */
  const runtime = {
    name: 'podman',
    async start(task, volume) {
      count += 1;
      const id = `${cgroup}-${count}`;
      const options = ['--network=none', `--cgroup-parent=/${cgroup}`, '--hostname=gateway', ...limits];
      const run = ['run', '--rm', `--name=${id}`, ...options, `--volume=${volume}:/vol`, '--rootfs', files];
      return runInForeground({
        run: [...podman, ...run, ...CONTENDER, JSON.stringify(task)],
        kill: [...podman, 'kill', id],
        pause: [...podman, 'pause', id],
        resume: [...podman, 'unpause', id],
      });
    },
  };
  await allSituations({ report, runtime, cycles, directory });
}
