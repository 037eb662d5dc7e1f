// A machine in qemu with one of Debian's kernels. Its root is the host's own, read-only, through virtiofs.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Guest } from './guest.mjs';
import { packInitramfs } from './initramfs.mjs';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const VIRTIOFSD = '/usr/lib/qemu/virtiofsd';
const MEMORY = '1500M';

/** The modules that the kernel needs before it sees the root. It may have some of them built in. */
const MODULES = ['virtio_pci', 'virtiofs', 'overlay', 'virtio_blk'];

// The root is an overlay, so that it is writable. Written files are gone with the guest.
const INIT = `
$b mkdir /lower /upper
$b mount -t virtiofs -o ro root /lower
$b mount -t tmpfs none /upper
$b mkdir /upper/upper /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work none /root
exec $b switch_root /root "$KI_INIT"
`;

/**
 * Returns the newest installed kernel of a line.
 * @param {string} line such as 6.1
 * @returns {string | null}
 */
export function installedKernel(line) {
  const images = readdirSync('/boot').filter((name) => name.startsWith(`vmlinuz-${line}.`));
  return images.sort().at(-1)?.slice('vmlinuz-'.length) ?? null;
}

/**
 * @param {object} setting
 * @param {string} setting.kernel its release
 * @param {string} setting.work an empty directory
 * @param {string} [setting.share] directory of the host, mounted on /run/volume
 * @param {string} [setting.cache] virtiofsd's, of the share: none, auto or always
 * @param {readonly string[]} [setting.disks] image files: /dev/vda, /dev/vdb, ...
 */
export async function bootQemu({ kernel, work, share, cache = 'none', disks = [] }) {
  const shares = [{ tag: 'root', source: '/', cache: 'auto' }];
  if (share !== undefined) shares.push({ tag: 'volume', source: share, cache });
  const devices = [];
  for (const { tag, source, cache: how } of shares) {
    const socket = join(work, `${tag}.sock`);
    await startVirtiofsd(socket, source, how);
    devices.push('-chardev', `socket,id=${tag},path=${socket}`);
    devices.push('-device', `vhost-user-fs-pci,chardev=${tag},tag=${tag}`);
  }
  for (const disk of disks) devices.push('-drive', `file=${disk},format=raw,if=virtio`);
  const settings = { KI_NODE: process.execPath, KI_INSIDE: path('inside.mjs'), KI_INIT: path('init.sh') };
  // The kernel compares two timers at boot, and panics when a busy host delays one of them.
  const options = ['console=ttyS0', 'quiet', 'panic=-1', 'no_timer_check'];
  const pairs = Object.entries(settings).map((pair) => pair.join('='));
  const guest = new Guest([
    ...['qemu-system-x86_64', '-accel', 'tcg', '-cpu', 'max', '-m', MEMORY, '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-object', `memory-backend-memfd,id=mem,size=${MEMORY},share=on`, '-numa', 'node,memdev=mem'],
    ...devices,
    ...['-kernel', `/boot/vmlinuz-${kernel}`, '-initrd', makeInitramfs(kernel, work)],
    ...['-append', [...options, ...pairs].join(' ')],
  ]);
  await guest.ready;
  if (share !== undefined) await guest.run(['mount', '-t', 'virtiofs', 'volume', '/run/volume']);
  return guest;
}

/** @param {string} socket @param {string} source @param {string} cache */
async function startVirtiofsd(socket, source, cache) {
  const options = ['-o', `source=${source}`, '-o', 'sandbox=chroot', '-o', `cache=${cache}`];
  const daemon = spawn(VIRTIOFSD, [`--socket-path=${socket}`, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  daemon.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  for (let tries = 0; !said.includes('Waiting for'); tries += 1) {
    if (tries > 500) throw new Error(`virtiofsd does not start: ${said}`);
    await sleep(10);
  }
}

/** @param {string} kernel @param {string} work */
function makeInitramfs(kernel, work) {
  const root = join(work, 'initramfs');
  for (const folder of ['bin', 'dev', 'proc', 'root']) mkdirSync(join(root, folder), { recursive: true });
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  return packInitramfs({ root, kernel, modules: MODULES, init: INIT });
}
