import { statfsSync } from 'node:fs';
import type { Filesystem } from '../backend.js';
import { isSystemError } from '../system-error.js';

/**
 * The numbers are from statfs(2) and linux/magic.h; ext means ext2, ext3 or ext4. native/linux/filesystem.cc
 * has the same table, and a test compares both.
 */
export const FILESYSTEM_NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlay'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smb'],
  [0x65735546, 'fuse'],
  [0x01021997, '9p'],
  [0x00c36400, 'ceph'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
  [0x0bd00bd0, 'lustre'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x73757245, 'coda'],
  [0x47504653, 'gpfs'],
  [0x013661dd, 'orangefs'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
  [0x2fc12fc1, 'zfs'],
  [0xca451a4e, 'bcachefs'],
  [0xf2f52010, 'f2fs'],
  [0x3434, 'nilfs'],
  [0x52654973, 'reiserfs'],
  [0x3153464a, 'jfs'],
  [0x00c0ffee, 'hostfs'],
  [0xf15f, 'ecryptfs'],
  [0x4d44, 'vfat'],
  [0x5346544e, 'ntfs'],
  [0x7366746e, 'ntfs3'],
  [0x2011bab0, 'exfat'],
  [0x482b, 'hfsplus'],
  [0x9660, 'iso9660'],
  [0x15013346, 'udf'],
  [0x73717368, 'squashfs'],
  [0xe0f5e1e2, 'erofs'],
  [0x28cd3d45, 'cramfs'],
  [0x24051905, 'ubifs'],
  [0x72b6, 'jffs2'],
  [0x958458f6, 'hugetlbfs'],
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0x73636673, 'securityfs'],
  [0xcafe4a11, 'bpf'],
  [0x62656570, 'configfs'],
  [0x1cd1, 'devpts'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
  [0x6e736673, 'nsfs'],
  [0x50494446, 'pidfs'],
  [0x50495045, 'pipefs'],
  [0x534f434b, 'sockfs'],
  [0x09041934, 'anon_inode'],
  [0x0187, 'autofs'],
]);

/** The errors by which a sandbox forbids statfs(2). */
const REFUSALS: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOSYS']);

/** The filesystem that `path` is on. Its f_fsid is null, because Node's statfs leaves it out. */
export function readFilesystem(path: string): Filesystem {
  try {
    return { type: filesystemName(statfsSync(path, { bigint: true }).type), fsid: null };
  } catch (error) {
    if (isSystemError(error) && REFUSALS.has(error.code)) return { type: 'unknown', fsid: null };
    throw error;
  }
}

/** Name of a statfs magic. A magic has 32 bits, but f_type is a signed long and may arrive sign-extended. */
export function filesystemName(magic: bigint): string {
  const low = Number(BigInt.asUintN(32, magic));
  return FILESYSTEM_NAMES.get(low) ?? `0x${low.toString(16)}`;
}
