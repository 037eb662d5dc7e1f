import { runInForeground } from '../containers/foreground.mjs';
import { CONTENDER } from '../containers/root.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'systemd-nspawn, which gives each container a boot id of its own';
export const needs = () => [root(), program('systemd-nspawn', 'nspawn'), program('busybox', 'nspawn')];
export const minutes = 10;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { root: files } = prepare(directory);
  let count = 0;
  /** @type {import('../containers/scene.mjs').Runtime} */
  const runtime = {
    name: 'systemd-nspawn',
    async start(task, volume) {
      count += 1;
      const service = ['--keep-unit', '--register=no', `--machine=${cgroup}-${count}`, '--hostname=gateway'];
      // The root is read-only, so that two containers can share the directory.
      const mounts = ['--directory', files, '--read-only', `--bind=${volume}:/vol`];
      const options = ['--quiet', ...service, ...mounts, '--as-pid2', '--kill-signal=SIGKILL', '--pipe'];
      return runInForeground({ run: ['systemd-nspawn', ...options, ...CONTENDER, JSON.stringify(task)] });
    },
  };
  await allSituations({ report, runtime, cycles, directory });
}
