// All FUSE filesystems have one magic number, from sshfs to a daemon that shows a local directory under another path.
// /proc/self/mountinfo (proc_pid_mountinfo(5)) shows which is which: by the subtype that the daemon gave, or by the
// directory that it names as its source.
import { readFileSync, statfsSync, statSync } from 'node:fs';
import type { OpenFile } from './backend.js';
import { traitsOf } from './filesystem-traits.js';
import { filesystemName } from './procfs/filesystem.js';
import { splitDevice } from './procfs/locks.js';

/**
 * The type of the filesystem that a file is on: `Filesystem.type`, and `fuse.bindfs`, `fuse.mergerfs` or
 * `fuse.fuse-overlayfs` for a FUSE daemon that shows files of this kernel. No other filesystem costs a system call.
 */
export function typeOfFile({ filesystem, status }: Pick<OpenFile, 'filesystem' | 'status'>): string {
  return filesystem.type === 'fuse' ? fuseTypeOf(status.device) : filesystem.type;
}

/**
 * The type of the FUSE filesystem with this st_dev (decimal). `fuse` where it is of no known daemon, or where
 * a directory that the daemon shows is seen to lie on a filesystem of several kernels.
 */
export function fuseTypeOf(device: string): string {
  try {
    const number = BigInt(device);
    const mount = findMount(readFileSync('/proc/self/mountinfo', 'latin1'), number);
    if (mount === null) return 'fuse';
    const sources = mount.source.split(':').filter((path) => path.startsWith('/'));
    if (sources.some(isSeenToBeShared)) return 'fuse';
    if (traitsOf(mount.type).passesThrough) return mount.type;
    return mount.type === 'fuse' && showsItsSource(mount, number) ? 'fuse.bindfs' : 'fuse';
  } catch {
    // There is no /proc, or a directory cannot be read.
    return 'fuse';
  }
}

/** One line of mountinfo. */
export interface Mount {
  /** The directory of the filesystem that is mounted. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
}

/**
 * The mount of the filesystem with this st_dev: one of its top directory, if there is any. null when none is
 * listed.
 */
export function findMount(text: string, device: bigint): Mount | null {
  const { major, minor } = splitDevice(device);
  let found: Mount | null = null;
  for (const line of text.split('\n')) {
    // 36 35 0:39 / /mnt rw,noatime shared:1 - fuse.mergerfs /data rw
    const [left = '', right = ''] = line.split(' - ', 2);
    const [, , number, root = '', mountPoint = ''] = left.split(' ');
    if (number !== `${major}:${minor}`) continue;
    const [type = '', source = ''] = right.split(' ');
    found = {
      root: decodeOctal(root),
      mountPoint: decodeOctal(mountPoint),
      type,
      source: decodeOctal(source),
    };
    if (found.root === '/') break;
  }
  return found;
}

/** Space, tab, line feed and backslash stand in mountinfo as octal numbers. */
function decodeOctal(text: string): string {
  const bytes = text.replaceAll(/\\([0-7]{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}

/** A path that does not exist here shows nothing: the daemon may run in another mount namespace. */
function isSeenToBeShared(path: string): boolean {
  try {
    return !traitsOf(filesystemName(statfsSync(path, { bigint: true }).type)).oneKernel;
  } catch {
    return false;
  }
}

/**
 * bindfs gives no subtype when it is started by its own name. It names the directory that it shows and passes on inode
 * numbers, so that directory has the same number on both sides.
 */
function showsItsSource({ root, mountPoint, source }: Mount, device: bigint): boolean {
  if (root !== '/' || !source.startsWith('/')) return false;
  const shown = statSync(mountPoint, { bigint: true });
  return shown.dev === device && shown.ino === statSync(source, { bigint: true }).ino;
}
