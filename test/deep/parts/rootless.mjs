import { appendFileSync, chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../containers/foreground.mjs';
import { podmanRuntime, WITHOUT_DAEMONS } from '../containers/podman.mjs';
import { prepare } from '../containers/scratch.mjs';
import { allSituations } from '../containers/situations.mjs';
import { program, root } from '../frame/needs.mjs';

export const about = 'podman as an ordinary user: containers in user namespaces';
export const needs = () => [
  root(),
  ...['podman', 'runc', 'newuidmap', 'setpriv', 'busybox'].map((name) => program(name, 'rootless')),
];
export const minutes = 15;

const USER = 4242;
/** The account of the user, which only this part sees. */
const ACCOUNT = {
  '/etc/passwd': (/** @type {string} */ home) => `ki-deep:x:${USER}:${USER}::${home}:/bin/sh\n`,
  '/etc/group': () => `ki-deep:x:${USER}:\n`,
  '/etc/subuid': () => 'ki-deep:100000:65536\n',
  '/etc/subgid': () => 'ki-deep:100000:65536\n',
};

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { cycles, directory, cgroup }) {
  const { scratch, root: files } = prepare(directory);
  chmodSync(directory, 0o755);
  // Podman creates missing directories in it.
  execute(['chown', '-R', `${USER}:${USER}`, files]);
  const home = join(scratch, 'home');
  mkdirSync(home);
  chownSync(home, USER, USER);
  for (const [path, line] of Object.entries(ACCOUNT)) {
    const copy = join(scratch, path.replaceAll('/', '-'));
    copyFileSync(path, copy);
    appendFileSync(copy, line(home));
    execute(['mount', '--bind', copy, path]);
  }
  execute(['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  mkdirSync('/run/user');
  chownSync('/run/user', USER, USER);
  const environment = ['env', '-i', `HOME=${home}`, 'XDG_RUNTIME_DIR=/run/user', `PATH=${process.env.PATH}`];
  const runtime = podmanRuntime({
    name: 'podman, rootless',
    podman: [
      'setpriv',
      `--reuid=${USER}`,
      `--regid=${USER}`,
      '--clear-groups',
      ...environment,
      'podman',
      ...WITHOUT_DAEMONS,
    ],
    prefix: cgroup,
    files,
    // Pausing would need a control group of its own.
    canPause: false,
  });
  await allSituations({ report, runtime, cycles, directory });
}
