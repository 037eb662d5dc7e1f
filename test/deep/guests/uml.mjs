// User-mode Linux: a second real kernel in an ordinary process. Its root is the host's own, read-only,
// through hostfs.
import { fileURLToPath } from 'node:url';
import { Guest } from './guest.mjs';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @param {object} [options]
 * @param {readonly string[]} [options.disks] image files: /dev/ubda, /dev/ubdb, ...
 */
export async function bootUml({ disks = [] } = {}) {
  const guest = new Guest([
    // The processes of the guest are traced processes of the host, so they end with the namespace.
    ...['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc', 'linux.uml'],
    ...['mem=512M', 'rootfstype=hostfs', 'rootflags=/', 'root=/dev/root', 'ro', 'quiet'],
    ...['con=null', 'con0=fd:0,fd:1', ...disks.map((disk, index) => `ubd${index}=${disk}`)],
    ...[`init=${path('init.sh')}`, `KI_NODE=${process.execPath}`, `KI_INSIDE=${path('inside.mjs')}`],
  ]);
  await guest.ready;
  return guest;
}
