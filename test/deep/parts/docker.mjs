import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { controls } from '../containers/controls.mjs';
import { Docker } from '../containers/docker.mjs';
import { dockerRestarts } from '../containers/docker-restarts.mjs';
import { execute } from '../containers/foreground.mjs';
import { olderAssumed, olderUndecidable } from '../containers/older-programs.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations, neighbours, oneAfterTheOther, paused } from '../containers/situations.mjs';
import { program, root } from '../frame/needs.mjs';

/** @typedef {import('../containers/scene.mjs').Setting} Setting */
/** @typedef {import('../containers/scene.mjs').Runtime} Runtime */

export const about = 'Docker with its default seccomp profile: its own daemon, its own image';
export const needs = () => [
  root(),
  program('dockerd', 'docker'),
  program('docker', 'docker'),
  program('busybox', 'docker'),
];
export const minutes = 40;

const APART = ['--network=none', '--hostname=gateway'];
/** Containers that may do less, or see other things. */
const KINDS = {
  '--init': ['--init'],
  '--user 1000': ['--user=1000:1000'],
  '--read-only': ['--read-only'],
  '--cap-drop ALL': ['--cap-drop=ALL', '--security-opt=no-new-privileges'],
  '--cgroupns private': ['--cgroupns=private'],
};

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  const docker = await startDocker(join(scratch, 'first'), files, cgroup);
  const setting = { report, runtime: runtimeOf(docker, APART), cycles, directory };
  await controls(setting);
  await allSituations(setting);
  await olderUndecidable(setting, {
    situation: "PID-only lock of a living older version, legacy: 'unknown'",
    lives: true,
    acquire: { legacy: 'unknown' },
  });
  await olderAssumed(setting);
  await neighbours(
    { ...setting, runtime: sharingNetwork(docker) },
    'the same, one joins the network of the other',
  );
  await dockerRestarts(setting, docker);
  for (const [as, flags] of Object.entries(KINDS)) {
    const kind = { ...setting, as, runtime: runtimeOf(docker, [...APART, ...flags]) };
    await oneAfterTheOther(kind, 'killed mid-hold, then a new one');
    await neighbours(kind);
  }
  await plainNode(setting, docker);
  await docker.stop();
  await onUnifiedHierarchy(setting, join(scratch, 'second'), files, cgroup);
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
 * @param {Docker} docker
 * @param {readonly string[]} flags
 * @returns {Runtime}
 */
function runtimeOf(docker, flags) {
  return { name: 'Docker', start: async (task, volume) => docker.run(task, volume, flags) };
}

/**
 * Each container joins the network of the one before, and so has the same host name.
 * @param {Docker} docker
 * @returns {Runtime}
 */
function sharingNetwork(docker) {
  let flags = APART;
  return {
    name: 'Docker',
    async start(task, volume) {
      const name = docker.newName();
      const container = docker.run(task, volume, flags, name);
      flags = [`--network=container:${name}`];
      return container;
    },
  };
}

/**
 * Without the addon there is no witness, so the lease decides, unless the PID namespace has the same number
 * again.
 * @param {Setting} setting
 * @param {Docker} docker
 */
async function plainNode(setting, docker) {
  const runtime = runtimeOf(docker, [...APART, '--env=KERNEL_IDENTITY_BACKEND=procfs']);
  const plain = { ...setting, runtime, as: 'no addon', lease: 2_000 };
  await oneAfterTheOther(plain, 'killed mid-hold, then a new one');
  await neighbours(plain);
}

/**
 * Mounts only version 2 of control groups, as on a current distribution. It has only the controllers that
 * version 1 does not hold on this machine, so limits are not tried there.
 * @param {Setting} setting
 * @param {string} place
 * @param {string} files
 * @param {string} cgroup
 */
async function onUnifiedHierarchy(setting, place, files, cgroup) {
  /** @type {Docker} */
  let docker;
  try {
    // Only this part sees the mount.
    execute(['mount', '-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup']);
    docker = await startDocker(place, files, cgroup);
  } catch (error) {
    setting.report.skip('Docker', 'cgroup v2', String(error));
    return;
  }
  const unified = { ...setting, runtime: runtimeOf(docker, APART), as: 'cgroup v2' };
  await oneAfterTheOther(unified, 'killed mid-hold, then a new one');
  await neighbours(unified);
  await paused(unified);
  await docker.stop();
}
