import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { proposedConfig, writeBundle } from './bundle.mjs';
import { runInForeground } from './foreground.mjs';
import { seccompOf } from './seccomp.mjs';

/** The seccomp profile of podman, which answers unknown calls with ENOSYS. */
export const PROFILE = '/usr/share/containers/seccomp.json';

/**
 * @param {string} files the root file system
 * @param {string} scratch
 * @param {string} cgroup
 * @returns {import('./scene.mjs').Runtime}
 */
export function runcRuntime(files, scratch, cgroup) {
  const place = join(scratch, 'runc');
  mkdirSync(place);
  const proposed = proposedConfig('runc', place);
  const seccomp = seccompOf(PROFILE, proposed.process.capabilities.bounding);
  const runc = ['runc', '--root', join(place, 'state')];
  let count = 0;
  return {
    name: 'runc',
    async start(task, volume) {
      count += 1;
      const id = `${cgroup}-runc-${count}`;
      const bundle = join(place, id);
      writeBundle(bundle, proposed, {
        files,
        volume,
        task,
        linux: { cgroupsPath: `/${cgroup}/${id}`, seccomp },
      });
      return runInForeground({
        run: [...runc, 'run', '--bundle', bundle, id],
        kill: [...runc, 'kill', id, 'KILL'],
        pause: [...runc, 'pause', id],
        resume: [...runc, 'resume', id],
      });
    },
  };
}
