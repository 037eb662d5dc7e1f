import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInForeground } from '../containers/foreground.mjs';
import { CONTENDER } from '../containers/root.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'LXC, which gives each container a boot id of its own';
export const needs = () => [root(), program('lxc-start', 'lxc'), program('busybox', 'lxc')];
export const minutes = 10;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  let count = 0;
  /** @type {import('../containers/scene.mjs').Runtime} */
  const runtime = {
    name: 'LXC',
    async start(task, volume) {
      count += 1;
      const name = `${cgroup}-${count}`;
      const config = join(scratch, name);
      mkdirSync(config);
      const settings = {
        'lxc.uts.name': 'gateway',
        'lxc.rootfs.path': `dir:${files}`,
        'lxc.mount.auto': 'proc:mixed sys:ro',
        'lxc.mount.entry': `${volume} vol none bind 0 0`,
        'lxc.net.0.type': 'empty',
        'lxc.cgroup.dir': `${cgroup}/${name}`,
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
      writeFileSync(join(config, 'config'), lines.join(''));
      const lxc = (/** @type {string} */ command) => [command, '--lxcpath', scratch, '--name', name];
      return runInForeground({
        run: [...lxc('lxc-start'), '--foreground', '--', ...CONTENDER, JSON.stringify(task)],
        kill: [...lxc('lxc-stop'), '--kill'],
        pause: lxc('lxc-freeze'),
        resume: lxc('lxc-unfreeze'),
      });
    },
  };
  await allSituations({ report, runtime, cycles, directory });
}
