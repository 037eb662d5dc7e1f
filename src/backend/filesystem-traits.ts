/** What a type of filesystem can be relied on for. */
export interface FilesystemTraits {
  /**
   * Only one kernel can have it mounted, so every process that holds a file on it runs on this kernel. Also,
   * open-file-description locks work there and never hang. False for network filesystems (NFS, CIFS, 9p), for those of a
   * daemon that answers as it likes (FUSE), and for disks that two machines share (GFS2, OCFS2).
   */
  readonly oneKernel: boolean;
  /** /proc/locks names a file there by its st_dev, so that plain Node can test a lock on it. */
  readonly locksByStDev: boolean;
  /** f_fsid belongs to the filesystem itself, and is not passed on from one below it. */
  readonly ownFsid: boolean;
  /** It holds only objects of the kernel, and no files of users. */
  readonly kernelObjectsOnly: boolean;
  /** The files survive a reboot. */
  readonly survivesReboot: boolean;
  /** Each kernel that shares it sees the changes that the others make to a file. */
  readonly showsChanges: boolean;
}

/**
 * An unknown type may belong to several kernels, so neither its locks nor its numbers prove anything. The last two hold
 * for all types but the few that have a row.
 */
const UNKNOWN: FilesystemTraits = {
  oneKernel: false,
  locksByStDev: false,
  ownFsid: false,
  kernelObjectsOnly: false,
  survivesReboot: true,
  showsChanges: true,
};

const LOCAL_DISK: FilesystemTraits = {
  ...UNKNOWN,
  oneKernel: true,
  locksByStDev: true,
  ownFsid: true,
};

const KERNEL_OBJECTS: FilesystemTraits = { ...UNKNOWN, kernelObjectsOnly: true };

/** An allow-list by `Filesystem.type`: a type without a row is {@link UNKNOWN}. */
const TRAITS: ReadonlyMap<string, FilesystemTraits> = new Map([
  ['ext', LOCAL_DISK],
  ['xfs', LOCAL_DISK],
  // btrfs and overlay give a file another st_dev than that of its superblock, by which /proc/locks names it.
  ['btrfs', { ...LOCAL_DISK, locksByStDev: false }],
  // overlay passes on the f_fsid of its upper layer, so two overlays, or an overlay and its layer, can share it.
  ['overlay', { ...LOCAL_DISK, locksByStDev: false, ownFsid: false }],
  ['tmpfs', { ...LOCAL_DISK, survivesReboot: false }],
  ['ramfs', { ...UNKNOWN, survivesReboot: false }],
  // User-mode Linux (6.1) never asks its host again about a file that it has met, and does not pass on that a file was
  // touched.
  ['hostfs', { ...UNKNOWN, showsChanges: false }],
  ['proc', KERNEL_OBJECTS],
  ['sysfs', KERNEL_OBJECTS],
  ['cgroup', KERNEL_OBJECTS],
  ['cgroup2', KERNEL_OBJECTS],
  ['debugfs', KERNEL_OBJECTS],
  ['tracefs', KERNEL_OBJECTS],
  ['securityfs', KERNEL_OBJECTS],
  ['bpf', KERNEL_OBJECTS],
  ['devpts', KERNEL_OBJECTS],
  ['configfs', KERNEL_OBJECTS],
]);

/** @param type a name as in `Filesystem.type`; null where no filesystem was recorded. */
export function traitsOf(type: string | null): FilesystemTraits {
  return (type === null ? undefined : TRAITS.get(type)) ?? UNKNOWN;
}

/** {@link FilesystemTraits.oneKernel}, the trait that most decisions rest on. */
export function isOneKernelFilesystem(type: string | null): boolean {
  return traitsOf(type).oneKernel;
}
