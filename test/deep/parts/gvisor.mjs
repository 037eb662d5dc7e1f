import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { proposedConfig, writeBundle } from '../containers/bundle.mjs';
import { runInForeground } from '../containers/foreground.mjs';
import { olderUndecidable } from '../containers/older-programs.mjs';
import { PROFILE, runcRuntime } from '../containers/runc.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { strangers, strangersWithWitness } from '../containers/strangers.mjs';
import { file, program, root } from '../frame/needs.mjs';

/** @typedef {import('../containers/scene.mjs').Runtime} Runtime */

export const about = 'gVisor, a kernel of its own in each sandbox: nothing but a lease tells of the owner';
export const needs = () => [
  root(),
  program('runsc', 'gvisor'),
  program('runc', 'gvisor'),
  program('busybox', 'gvisor'),
  file(PROFILE, 'npm run test:deep:install gvisor'),
];
export const minutes = 30;

/** ms; the lease of our owners, whose default is 30 s. */
const LEASE_MS = 2_000;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  const gvisor = gvisorRuntime(files, scratch, cgroup);
  const setting = { report, runtime: gvisor, cycles, directory, lease: LEASE_MS };
  await allSituations(setting);
  const killed = 'PID-only lock of a killed older version, undecidable here';
  await olderUndecidable(setting, { situation: killed, lives: false });
  const runc = runcRuntime(files, scratch, cgroup);
  await strangers(setting, runc);
  await strangersWithWitness({ ...setting, runtime: runc }, gvisor);
}

/**
 * @param {string} files the root file system
 * @param {string} scratch
 * @param {string} prefix of names
 * @returns {Runtime}
 */
function gvisorRuntime(files, scratch, prefix) {
  const place = join(scratch, 'gvisor');
  mkdirSync(place);
  const proposed = proposedConfig('runsc', place);
  const options = ['--platform=ptrace', '--network=none', '--ignore-cgroups'];
  const runsc = ['runsc', '--root', join(place, 'state'), ...options];
  let count = 0;
  return {
    name: 'gVisor',
    async start(task, volume) {
      count += 1;
      const id = `${prefix}-gvisor-${count}`;
      const bundle = join(place, id);
      writeBundle(bundle, proposed, { files, volume, task, linux: {} });
      return runInForeground({
        run: [...runsc, 'run', '--bundle', bundle, id],
        kill: [...runsc, 'kill', id, 'KILL'],
        pause: [...runsc, 'pause', id],
        resume: [...runsc, 'resume', id],
      });
    },
  };
}
