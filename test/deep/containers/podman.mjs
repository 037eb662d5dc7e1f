import { runInForeground } from './foreground.mjs';
import { CONTENDER } from './root.mjs';

/** Options of podman that need no daemon (neither systemd nor journald) and no network. */
export const WITHOUT_DAEMONS = [
  ...['--storage-driver=vfs', '--runtime=runc', '--cgroup-manager=cgroupfs', '--events-backend=none'],
];
// Root may lack CAP_SYS_RESOURCE here, and podman would otherwise raise the limits.
const LIMITS = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'];

/**
 * The command of a podman only for this test, and the limits that its containers need here. /run must be writable.
 * @param {string} storage an unused path
 */
export function podmanCommand(storage) {
  // The name of --runroot must be short.
  const podman = ['podman', '--root', storage, '--runroot', '/run/podman', ...WITHOUT_DAEMONS];
  return { podman, limits: LIMITS };
}

/**
 * @param {object} setting
 * @param {string} setting.name
 * @param {readonly string[]} setting.podman the command
 * @param {string} setting.prefix of the containers' names
 * @param {string} setting.files their root file system
 * @param {readonly string[]} [setting.flags] of podman-run(1)
 * @param {boolean} [setting.canPause] by podman; otherwise with signals
 * @returns {import('./scene.mjs').Runtime}
 */
export function podmanRuntime({ name, podman, prefix, files, flags = [], canPause = true }) {
  let count = 0;
  return {
    name,
    async start(task, volume) {
      count += 1;
      const id = `${prefix}-${count}`;
      const options = ['--network=none', '--hostname=gateway', ...LIMITS, ...flags];
      const run = ['run', '--rm', `--name=${id}`, ...options, `--volume=${volume}:/vol`, '--rootfs', files];
      const pausing = { pause: [...podman, 'pause', id], resume: [...podman, 'unpause', id] };
      return runInForeground({
        run: [...podman, ...run, ...CONTENDER, JSON.stringify(task)],
        kill: [...podman, 'kill', id],
        ...(canPause ? pausing : {}),
      });
    },
  };
}
