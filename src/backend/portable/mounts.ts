import { realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { isShortage } from '../system-error.js';
import { askProgram } from '../system-program.js';

/** The filesystems of disks on macOS (apfs, hfs), FreeBSD (ufs), OpenBSD and NetBSD (ffs). */
const DISKS: ReadonlySet<string> = new Set(['apfs', 'hfs', 'ufs', 'ffs']);

const MOUNT = '/sbin/mount';
/** By st_dev. A program is started for each device once. */
const known = new Map<string, string>();

/**
 * The type of the filesystem with that st_dev if mount(8) calls it local and it is one of a disk, else `unknown`.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out; the next call asks anew.
 */
export function localTypeByMount(device: string): string {
  let type = known.get(device);
  if (type === undefined) {
    type = findLocal(askProgram(MOUNT, []), device);
    known.set(device, type);
  }
  return type;
}

interface Mount {
  readonly mountPoint: string;
  readonly type: string;
  readonly isLocal: boolean;
}

/** Only the mount points of local disks are asked for their device, because one of a network may hang. */
function findLocal(text: string, device: string): string {
  const mounts = parseMounts(text);
  const found = mounts.find(
    ({ mountPoint, type, isLocal }) =>
      isLocal &&
      DISKS.has(type) &&
      mounts.filter((other) => other.mountPoint === mountPoint).length === 1 &&
      deviceMountedAt(mountPoint) === device,
  );
  return found?.type ?? 'unknown';
}

/**
 * Reads `/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled)` as macOS and FreeBSD print it, and
 * `/dev/sd0a on / type ffs (local)` as OpenBSD and NetBSD do.
 * @returns nothing at all where one line can be read in two ways: a user can choose the name of a volume, with a line
 * feed in it, so that a line looks like that of another mount.
 */
export function parseMounts(text: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, mountPoint = '', named, options = ''] =
      /^.+ on (\/.*?)(?: type (\S+))? \(([^()]*)\)$/.exec(line) ?? [];
    if (mountPoint === '' || line.split(' on ').length !== 2) return [];
    const words = options.split(', ');
    mounts.push({ mountPoint, type: named ?? words[0] ?? '', isLocal: words.includes('local') });
  }
  return mounts;
}

/** The st_dev of the filesystem that is mounted there. null for a path that is no mount point, or another name of one. */
function deviceMountedAt(mountPoint: string): string | null {
  try {
    if (realpathSync.native(mountPoint) !== mountPoint) return null;
    const { dev } = statSync(mountPoint, { bigint: true });
    const isRoot = mountPoint === '/' || statSync(posix.dirname(mountPoint), { bigint: true }).dev !== dev;
    return isRoot ? dev.toString() : null;
  } catch (error) {
    if (isShortage(error)) throw error;
    return null;
  }
}
