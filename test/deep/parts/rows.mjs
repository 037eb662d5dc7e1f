import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from '../../package/toolbox.mjs';
import { Docker } from '../containers/docker.mjs';
import { execute } from '../containers/foreground.mjs';
import { podmanCommand } from '../containers/podman.mjs';
import { prepare } from '../containers/scratch.mjs';
import { program, root } from '../frame/needs.mjs';
import { RowContainer } from '../rows/container.mjs';
import { decidedByIdentity, nothingShared, refusedByHostname, waitedToItsEnd } from '../rows/situations.mjs';

/** @typedef {import('../rows/container.mjs').Runtime} Runtime */

export const about =
  'owners in rows of a database: containers with different host names, and nothing else in common';
export const needs = () => [
  root(),
  program('dockerd', 'rows'),
  program('docker', 'rows'),
  program('podman', 'rows'),
  program('runc', 'rows'),
  program('busybox', 'rows'),
  nodeWithSqlite().missing,
];
export const minutes = 45;

/** The kernel is asked so often whether an owner in a sibling container lives. */
const VERDICTS = 100;
const PROGRAMS = ['test/deep/rows/lease.mjs', 'test/deep/rows/sibling.mjs'];

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory, { programs: PROGRAMS, node: nodeWithSqlite().path });
  const docker = await startDocker(join(scratch, 'docker'), files, cgroup);
  const setting = { report, cycles, directory };
  for (const runtime of [dockerRuntime(docker), podmanRuntime(scratch, files, cgroup)]) {
    await refusedByHostname({ ...setting, runtime });
    await decidedByIdentity({ ...setting, runtime });
    await nothingShared({ ...setting, runtime, cycles: VERDICTS });
  }
  await waitedToItsEnd({ ...setting, runtime: dockerRuntime(docker) });
  await docker.stop();
}

/** A Node with node:sqlite: this one, or one of the npm registry. */
function nodeWithSqlite() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return { path: process.execPath, missing: null };
  const { available, path = '', reason } = tool('node-24');
  return available ? { path, missing: null } : { path: '', missing: `needs Node 22.13 or later: ${reason}` };
}

/**
 * @param {string} place
 * @param {string} files
 * @param {string} cgroup
 */
async function startDocker(place, files, cgroup) {
  mkdirSync(place);
  const docker = await Docker.start(place, cgroup);
  docker.importImage(files);
  return docker;
}

/**
 * Without --hostname, so that each container has its id as its name, as under Docker Compose. Without an init the program
 * has the same PID in each, 1.
 * @param {Docker} docker
 * @returns {Runtime}
 */
function dockerRuntime(docker) {
  return {
    name: 'Docker',
    start(words, volume) {
      const name = docker.newName();
      const flags = ['--rm', '--interactive', `--name=${name}`, '--network=none'];
      const share = volume === undefined ? [] : [`--volume=${volume}:/db`];
      return new RowContainer(
        docker.line('run', ...flags, ...share, docker.image, ...words),
        docker.line('kill', name),
      );
    },
  };
}

/**
 * @param {string} scratch
 * @param {string} files
 * @param {string} cgroup
 * @returns {Runtime}
 */
function podmanRuntime(scratch, files, cgroup) {
  // The paths of podman in /run, and the name of --runroot, must be short.
  execute(['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  const { podman, limits } = podmanCommand(join(scratch, 'storage'));
  let count = 0;
  return {
    name: 'podman',
    start(words, volume) {
      count += 1;
      const name = `${cgroup}-row-${count}`;
      const flags = ['--rm', '--interactive', '--read-only', `--name=${name}`, '--network=none', ...limits];
      const share = volume === undefined ? [] : [`--volume=${volume}:/db`];
      const place = [`--cgroup-parent=/${cgroup}`, ...share, '--rootfs', files];
      return new RowContainer([...podman, 'run', ...flags, ...place, ...words], [...podman, 'kill', name]);
    },
  };
}
