import { runInForeground } from '../containers/foreground.mjs';
import { CONTENDER } from '../containers/root.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'bubblewrap, the sandbox of Flatpak';
export const needs = () => [root(), program('bwrap', 'bubblewrap'), program('busybox', 'bubblewrap')];
export const slice = true;
export const minutes = 5;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory }) {
  const { root: files } = prepare(directory);
  /** @type {import('../containers/scene.mjs').Runtime} */
  const runtime = {
    name: 'bubblewrap',
    async start(task, volume) {
      const isolation = ['--unshare-pid', '--unshare-uts', '--unshare-ipc', '--hostname', 'gateway'];
      const mounts = ['--bind', files, '/', '--proc', '/proc', '--dev', '/dev', '--bind', volume, '/vol'];
      const run = ['bwrap', ...isolation, '--die-with-parent', ...mounts, ...CONTENDER, JSON.stringify(task)];
      return runInForeground({ run });
    },
  };
  await allSituations({ report, runtime, cycles, directory });
}
