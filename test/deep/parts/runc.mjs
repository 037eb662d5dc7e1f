import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, runInForeground } from '../containers/foreground.mjs';
import { CONTENDER } from '../containers/root.mjs';
import { prepare } from '../containers/scratch.mjs';
import { seccompOf } from '../containers/seccomp.mjs';
import { allSituations } from '../containers/situations.mjs';
import { file, program, root } from '../frame/needs.mjs';

const PROFILE = '/usr/share/containers/seccomp.json';

export const about = "runc, what Docker and Kubernetes start containers with, under podman's seccomp profile";
export const needs = () => [
  root(),
  program('runc', 'runc'),
  program('busybox', 'runc'),
  file(PROFILE, 'npm run test:deep:install runc'),
];
export const slice = true;
export const minutes = 5;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  execute(['runc', 'spec'], { cwd: scratch });
  const standard = JSON.parse(readFileSync(join(scratch, 'config.json'), 'utf8'));
  const seccomp = seccompOf(PROFILE, standard.process.capabilities.bounding);
  const runc = ['runc', '--root', join(scratch, 'state')];
  let count = 0;

  /** @type {import('../containers/situations.mjs').Runtime} */
  const runtime = {
    name: 'runc',
    async start(task, volume) {
      count += 1;
      const id = `${cgroup}-${count}`;
      const bundle = join(scratch, id);
      mkdirSync(bundle);
      const config = {
        ...standard,
        process: { ...standard.process, terminal: false, args: [...CONTENDER, JSON.stringify(task)] },
        root: { path: files, readonly: true },
        hostname: 'gateway',
        mounts: [...standard.mounts, { destination: '/vol', source: volume, options: ['bind', 'rw'] }],
        linux: { ...standard.linux, cgroupsPath: `/${cgroup}/${id}`, seccomp },
      };
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
      return runInForeground({
        run: [...runc, 'run', '--bundle', bundle, id],
        kill: [...runc, 'kill', id, 'KILL'],
        pause: [...runc, 'pause', id],
        resume: [...runc, 'resume', id],
      });
    },
  };
  await allSituations({ report, runtime, cycles, directory });
}
