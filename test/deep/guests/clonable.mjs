// A machine in qemu that can be saved while it runs, and resumed several times. All its state is in its
// memory, on its own disk and on a network file system, because what qemu shares with a machine directly
// cannot be saved.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { INSIDE, makeRoot } from '../containers/root.mjs';
import { Guest } from './guest.mjs';
import { packInitramfs } from './initramfs.mjs';
import { Monitor } from './qmp.mjs';

const MODULES = ['virtio_pci', 'virtio_blk', 'virtio_net', 'nfs', 'nfsv3'];
const WORKER_SCRIPT = 'test/deep/guests/warm-worker.mjs';
const ETCD_WORKER_SCRIPT = 'test/deep/guests/etcd-worker.mjs';
const PROGRAMS = [
  ...['test/deep/guests/inside.mjs', 'test/deep/guests/answer-calls.mjs', WORKER_SCRIPT, ETCD_WORKER_SCRIPT],
  ...['test/deep/locks/agent.mjs', 'test/fixtures/lock-agent.mjs'],
];
/** The address of the host in qemu's user network. */
export const HOST = '10.0.2.2';

export const DISK = '/run/disk';
export const SHARED = '/run/shared';
/** The program warm-worker.mjs in the machine. */
export const WORKER = `${INSIDE}/${WORKER_SCRIPT}`;
/** The program etcd-worker.mjs in the machine. */
export const ETCD_WORKER = `${INSIDE}/${ETCD_WORKER_SCRIPT}`;

const INIT = `
$b mount -t sysfs sys /sys
$b ip link set lo up
$b ip addr add 10.0.2.15/24 dev eth0
$b ip link set eth0 up
$b mkdir -p /run/tmp ${DISK} ${SHARED}
$b mount -t ext4 /dev/vda ${DISK}
$b mount -t nfs -o vers=3,proto=tcp,port=2049,mountport=20048,mountproto=tcp,nolock,addr=${HOST} "${HOST}:$KI_SHARE" ${SHARED}
$b stty raw -echo
export PATH=/bin:/usr/bin NO_COLOR=1 TMPDIR=/run/tmp
exec /usr/bin/node ${INSIDE}/test/deep/guests/inside.mjs
`;

/**
 * @typedef {object} Machine
 * @property {Guest} guest
 * @property {() => Promise<(work: string) => Promise<Guest>>} save ends the machine. It returns a function
 * that resumes it in an empty directory, any number of times
 */

/**
 * @param {object} setting
 * @param {string} setting.kernel its release
 * @param {string} setting.work an empty directory
 * @param {string} setting.disk an image file with ext4, mounted on DISK
 * @param {string} setting.share directory of the NFS server, mounted on SHARED
 * @param {readonly string[]} setting.through see startNfsServer
 * @returns {Promise<Machine>}
 */
export async function bootClonable({ kernel, work, disk, share, through }) {
  const root = join(work, 'initramfs');
  mkdirSync(root);
  makeRoot(root, { programs: PROGRAMS });
  const initramfs = packInitramfs({ root, kernel, modules: MODULES, init: INIT });
  const boot = [
    ...['-kernel', `/boot/vmlinuz-${kernel}`, '-initrd', initramfs],
    ...['-append', `console=ttyS0 quiet panic=-1 KI_SHARE=${share}`],
  ];
  const socket = join(work, 'monitor');
  const guest = new Guest([...through, ...command({ disk, socket, boot })]);
  await guest.ready;
  return {
    guest,
    async save() {
      const monitor = await Monitor.connect(socket);
      const state = join(work, 'state');
      await monitor.save(state);
      monitor.close();
      await guest.powerCut();
      return async (place) => {
        const [copy, at] = [join(place, 'disk'), join(place, 'monitor')];
        cpSync(disk, copy);
        const incoming = ['-incoming', `exec:cat '${state}'`];
        const clone = new Guest(
          [...through, ...command({ disk: copy, socket: at, boot }), ...incoming],
          guest,
        );
        const monitor = await Monitor.connect(at);
        await monitor.running();
        monitor.close();
        return clone;
      };
    },
  };
}

/** @param {{ disk: string, socket: string, boot: readonly string[] }} setting */
function command({ disk, socket, boot }) {
  return [
    ...['qemu-system-x86_64', '-accel', 'tcg', '-m', '1G', '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...['-drive', `file=${disk},format=raw,if=virtio`],
    // This device shows a kernel that it is a copy; Linux reports it to no program.
    ...['-device', 'vmgenid,guid=auto'],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
    ...boot,
  ];
}
