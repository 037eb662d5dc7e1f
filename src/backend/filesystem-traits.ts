/**
 * Filesystems that one kernel alone can have mounted, so that whoever holds a file on them runs on this kernel, and
 * on which open-file-description locks work and never hang. An allow-list: whatever is not on it may be a network
 * (NFS, CIFS, 9p), a daemon's good will (FUSE) or two machines at once (GFS2, OCFS2).
 */
const ONE_KERNEL = new Set(['ext', 'xfs', 'btrfs', 'overlay', 'tmpfs']);

/**
 * Whether kernels that share such a filesystem see each other's changes to a file. On hostfs of user-mode Linux (6.1) they
 * do not: it never asks its host again about a file that it has met, and does not tell it that a file was touched.
 */
export function showsChangesOfOthers(type: string): boolean {
  return type !== 'hostfs';
}

/** `type` by the names of `Filesystem.type`; null: not known, hence no. */
export function isOneKernelFilesystem(type: string | null): boolean {
  return type !== null && ONE_KERNEL.has(type);
}
