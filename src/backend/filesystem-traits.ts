/** What a type of filesystem can be relied on for. */
export interface FilesystemTraits {
  /**
   * Every process that can hold a file on it runs on this kernel. False for network filesystems (NFS, CIFS,
   * 9p), for those of a daemon that answers as it likes (FUSE), and for disks that two machines share (GFS2,
   * OCFS2).
   */
  readonly oneKernel: boolean;
  /**
   * It shows a directory of another filesystem, which may be one that several kernels share. What is true of
   * {@link oneKernel} is then true as far as can be seen.
   */
  readonly passesThrough: boolean;
  /**
   * Open-file-description locks work there, all who open the file see them, and a test of one never hangs.
   */
  readonly testableWitness: boolean;
  /**
   * stat(2) of a file or directory always gives the same inode number, so that another number is another
   * file.
   */
  readonly stableInodes: boolean;
  /** While a file is open, its filesystem has the st_dev that it had when the file was opened. */
  readonly keepsDevice: boolean;
  /** /proc/locks names a file there by its st_dev, so that plain Node can test a lock on it. */
  readonly locksByStDev: boolean;
  /** It holds only objects of the kernel, and no files of users. */
  readonly kernelObjectsOnly: boolean;
  /**
   * The files survive their kernel, and no other kernel wrote them: a record of another boot is of an earlier
   * one.
   */
  readonly provesReboot: boolean;
  /** Each kernel that shares it sees the changes that the others make to a file. */
  readonly showsChanges: boolean;
  /**
   * Owners keep a lease beside their witness, because observers of version 0.1, and those on other systems that
   * see the same files, test no witness there.
   */
  readonly keepsLease: boolean;
  /**
   * A machine may see files of another one there without a sign of it, and then no witness of that machine's
   * owners. So a witness is tested only where the record names the observer's own host.
   */
  readonly mayShowOtherHosts: boolean;
}

/**
 * An unknown type may belong to several kernels, so neither its locks nor its numbers prove anything. The
 * last trait holds for all types but one.
 */
const UNKNOWN: FilesystemTraits = {
  oneKernel: false,
  passesThrough: false,
  testableWitness: false,
  stableInodes: false,
  keepsDevice: false,
  locksByStDev: false,
  kernelObjectsOnly: false,
  provesReboot: false,
  showsChanges: true,
  keepsLease: false,
  mayShowOtherHosts: false,
};

const LOCAL_DISK: FilesystemTraits = {
  ...UNKNOWN,
  oneKernel: true,
  testableWitness: true,
  stableInodes: true,
  keepsDevice: true,
  locksByStDev: true,
  provesReboot: true,
};

/**
 * A FUSE daemon that shows files of this kernel. mergerfs invents inode numbers, and a lock through such a
 * daemon is not seen on the files below it.
 */
const PASS_THROUGH: FilesystemTraits = { ...UNKNOWN, oneKernel: true, passesThrough: true };

/** A disk as plain Node knows it on other systems. /proc/locks and a boot id are not there. */
const ELSEWHERE: FilesystemTraits = { ...UNKNOWN, oneKernel: true, testableWitness: true, keepsLease: true };

/** Whether a volume keeps its st_dev while it is mounted was tried on none of these systems. */
const BSD_DISK: FilesystemTraits = { ...ELSEWHERE, stableInodes: true };

const KERNEL_OBJECTS: FilesystemTraits = { ...UNKNOWN, kernelObjectsOnly: true };

/** An allow-list by `Filesystem.type` and by {@link fuseTypeOf}: a type without a row is {@link UNKNOWN}. */
const TRAITS: ReadonlyMap<string, FilesystemTraits> = new Map([
  ['ext', LOCAL_DISK],
  ['xfs', LOCAL_DISK],
  // btrfs and overlay give a file another st_dev than that of its superblock, by which /proc/locks names it.
  ['btrfs', { ...LOCAL_DISK, locksByStDev: false }],
  // One upper layer can be mounted several times, and each mount has its own device.
  ['overlay', { ...LOCAL_DISK, locksByStDev: false, keepsDevice: false }],
  ['tmpfs', { ...LOCAL_DISK, provesReboot: false }],
  // Its locks work like those of tmpfs, but versions up to 0.1 test no witness there, and would wait for
  // ever.
  ['ramfs', { ...LOCAL_DISK, testableWitness: false, locksByStDev: false, provesReboot: false }],
  ['fuse.bindfs', PASS_THROUGH],
  ['fuse.mergerfs', PASS_THROUGH],
  ['fuse.fuse-overlayfs', PASS_THROUGH],
  // User-mode Linux (6.1) never asks its host again about a file that it has met, and does not pass on that a
  // file was touched.
  ['hostfs', { ...UNKNOWN, showsChanges: false }],
  // macOS and the BSDs (src/backend/portable/place.ts).
  ['apfs', BSD_DISK],
  ['hfs', BSD_DISK],
  ['ufs', BSD_DISK],
  ['ffs', BSD_DISK],
  // Windows. On FAT a file's number may change, and WinFsp shows whatever its daemon likes under a drive letter.
  ['windows', { ...ELSEWHERE, mayShowOtherHosts: true }],
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

/**
 * @param type a name as in `Filesystem.type` or of {@link fuseTypeOf}; null where no filesystem was recorded.
 */
export function traitsOf(type: string | null): FilesystemTraits {
  return (type === null ? undefined : TRAITS.get(type)) ?? UNKNOWN;
}
