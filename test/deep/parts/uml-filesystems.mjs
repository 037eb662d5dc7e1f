import { join } from 'node:path';
import { program, root } from '../frame/needs.mjs';
import { bootUml } from '../guests/uml.mjs';
import { APART } from '../locks/agent.mjs';
import { makeImage } from '../locks/images.mjs';
import { tryLock } from '../locks/try-lock.mjs';

export const about = 'filesystems that this kernel may not have, NFS among them, in user-mode Linux 6.1';
export const needs = () =>
  ['linux.uml', 'mkfs.f2fs', 'mkfs.vfat', 'rpc.nfsd', 'diod']
    .map((name) => program(name, 'uml-filesystems'))
    .concat(root());
export const minutes = 20;

const VOLUME = '/run/volume';

// The NFS server and its client are in one kernel. Two hosts would be more, but the client is the same.
const NFS = `
mount --bind /run/tmp /var/lib/nfs
mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs /run/export
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
mount -t tmpfs none /run/export
ip link set lo up
mount -t nfsd nfsd /proc/fs/nfsd
rpc.mountd --no-nfs-version 3 --no-udp
exportfs -o rw,no_root_squash,insecure,fsid=0 127.0.0.1:/run/export
rpc.nfsd --no-nfs-version 3 --no-udp 2
`;

/**
 * @typedef {import('../locks/try-lock.mjs').Expectation & {
 * image?: string, modules?: readonly string[], mount: string
 * }} GuestMount `image`: the filesystem to make on /dev/ubda
 */

/** @type {readonly GuestMount[]} */
const MOUNTS = [
  {
    name: 'f2fs',
    type: 'f2fs',
    image: 'f2fs',
    modules: ['f2fs'],
    mount: 'mount -t f2fs /dev/ubda',
    means: 'lease',
  },
  {
    name: 'vfat',
    type: 'vfat',
    image: 'vfat',
    modules: ['vfat', 'nls_cp437', 'nls_ascii'],
    mount: 'mount -t vfat -o iocharset=ascii /dev/ubda',
    means: 'lease',
  },
  { name: 'tmpfs', type: 'tmpfs', mount: 'mount -t tmpfs none', means: 'witness' },
  {
    name: 'NFS 4.2, loop',
    type: 'nfs',
    modules: ['nfsd', 'nfs', 'nfsv4'],
    mount: `${NFS}\nmount -t nfs4 -o vers=4.2 127.0.0.1:/`,
    means: 'lease',
  },
  {
    name: '9p, served by diod',
    type: '9p',
    modules: ['9pnet', '9pnet_fd', '9p'],
    mount: `mkdir /run/export\ndiod -n -l /run/9p.sock -e /run/export -L /run/diod.log -U root 2>/run/diod.err &
sleep 2\nmount -t 9p -o trans=unix,version=9p2000.L,uname=root,aname=/run/export,access=any /run/9p.sock`,
    // diod finds files by the path that their directory had before it was renamed, so no lock is ever seen in
    // place.
    means: ['ERR_LOCK_TIMEOUT'],
  },
];

/** @param {import('../frame/report.mjs').Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  for (const { image, modules = [], mount, ...expectation } of MOUNTS) {
    const name = `${expectation.name} (user-mode Linux 6.1)`;
    const disks = image === undefined ? [] : [makeImage(image, join(directory, image))];
    const guest = await bootUml({ disks });
    try {
      await guest.loadModules(modules);
      await guest.run(['sh', '-ec', `${mount} ${VOLUME}`]);
    } catch (error) {
      report.skip(name, 'a lock', `cannot be mounted: ${error instanceof Error ? error.message : error}`);
      await guest.powerCut();
      continue;
    }
    const start = () => guest.start({ through: APART });
    report.row(await tryLock({ ...expectation, name }, `${VOLUME}/a.lock`, start, 10_000));
    await guest.powerCut();
  }
}
