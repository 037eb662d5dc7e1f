import type { Descriptor } from '../descriptor.js';

export interface Filesystem {
  /**
   * Name by statfs(2) magic, such as `ext`, `overlay`, `nfs`, or the magic itself in hexadecimal where it has
   * no name here. It is `unknown` where a sandbox forbids statfs. filesystem-traits.ts says what each type is
   * trusted with; `unknown` is trusted with nothing.
   */
  readonly type: string;
  /** f_fsid in hexadecimal. null where it is zero or the backend cannot read it. */
  readonly fsid: string | null;
}

/** What stat(2) says about a file. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** st_dev, decimal. */
  readonly device: string;
  /** st_ino, decimal. */
  readonly inode: string;
  /** st_nlink. 0: the file has no name any more. */
  readonly links: number;
  /** Bytes. */
  readonly size: number;
  /** Last change of the data: milliseconds since the epoch, with a fraction. */
  readonly mtimeMs: number;
  /**
   * Last change of the inode, in the same unit. Setting a file's times changes it too, and it cannot itself
   * be set.
   */
  readonly ctimeMs: number;
}

/** A file just opened by name, with its status and filesystem at that moment. */
export interface OpenFile {
  readonly descriptor: Descriptor;
  readonly status: FileStatus;
  readonly filesystem: Filesystem;
}

/** A directory just opened, with the numbers by which it is recognised later. */
export interface OpenDirectory {
  readonly descriptor: Descriptor;
  /** st_dev, decimal. */
  readonly device: string;
  /** st_ino, decimal. */
  readonly inode: string;
}

export interface OpenText extends OpenFile {
  /** The whole content as UTF-8. null when it is no regular file, or longer than the limit. */
  readonly text: string | null;
}

/**
 * The file operations of the lock, relative to open directories like the *at calls of POSIX.
 *
 * - Each call makes at most one change on disk. A process killed between two calls therefore stands for a
 *   process killed at any moment, and the tests rely on that.
 * - Every open is O_CLOEXEC, O_NOFOLLOW and O_NONBLOCK, where the system has these flags.
 * - A name is one component of a path; any other, empty ones included, throws a TypeError
 *   (ERR_INVALID_ARG_TYPE).
 * - Failures throw system errors in the shape of Node's (`errno`, `code`, `syscall`, `path`, `dest`). `path`
 *   and `dest` are the names that the caller gave. A descriptor that is not open gives EBADF.
 */
export interface FileOperations {
  // Primitives: what an operating system offers. Each backend has its own.

  /** Opens a directory in order to address names in it (O_PATH). The path may lead through symbolic links. */
  openParent(path: string): Descriptor;
  /**
   * Opens the directory `name` itself for reading. null when there is no such name: that is an ordinary
   * answer, and making an error takes longer than the system call. ELOOP or ENOTDIR for a symbolic link,
   * ENOTDIR for a file.
   */
  findDirectoryAt(directory: Descriptor, name: string): Descriptor | null;
  /** Opens `name` for reading. ELOOP for a symbolic link. */
  openAt(directory: Descriptor, name: string): Descriptor;
  /** mkdirat(2) with mode 0777 minus the umask. */
  mkdirAt(directory: Descriptor, name: string): void;
  /** renameat(2): replaces a file or an empty directory at `to`. */
  renameAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void;
  /** EEXIST when `to` exists; ENOSYS or EINVAL where kernel, backend or filesystem cannot (renameat2(2)). */
  renameNoReplaceAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void;
  /**
   * linkat(2): gives a file of the directory a second name there. EEXIST when there is a file of that name.
   */
  linkAt(directory: Descriptor, from: string, to: string): void;
  /** unlinkat(2): deletes a name that is not a directory. */
  unlinkAt(directory: Descriptor, name: string): void;
  /** unlinkat(2) with AT_REMOVEDIR: ENOTEMPTY or EEXIST when something is in the directory. */
  rmdirAt(directory: Descriptor, name: string): void;
  /** fstatat(2) with AT_SYMLINK_NOFOLLOW. */
  statAt(directory: Descriptor, name: string): FileStatus;
  /** fstat(2) */
  statDescriptor(fd: Descriptor): FileStatus;
  /** Names in the directory without `.` and `..`, from the first one on, at most `limit` of them. */
  list(directory: Descriptor, limit: number): string[];
  /** Content from offset 0, at most `limit` bytes. */
  read(fd: Descriptor, limit: number): Buffer;
  /** Writes the whole text as UTF-8 at offset 0. Does not cut off what follows it. */
  write(fd: Descriptor, text: string): void;
  /**
   * fchmod(2): gives the file the directory's mode without its execute bits and without write for others.
   * That mode has the process's umask and the default ACL of the parent in it. Does nothing where files have
   * no modes.
   */
  takeModeOf(fd: Descriptor, directory: Descriptor): void;
  /** fstatfs(2) */
  filesystem(fd: Descriptor): Filesystem;
  /**
   * Takes over a descriptor that this process inherited from the one that started it. {@link close} accepts
   * it from then on, and it is close-on-exec where the backend can set that, which plain Node cannot. Throws
   * EBADF unless it is open on the file with this device and inode, and ENOSYS where descriptors are not the
   * kernel's.
   */
  adopt(fd: number, device: string, inode: string): Descriptor;
  /**
   * close(2). EBADF for a descriptor that this backend did not open: the number may be another owner's by
   * now.
   */
  close(fd: Descriptor): void;

  // Compositions: a few primitives in one call. The addon does each of them in one call from JavaScript into
  // C++, because each such call costs time. The backends in JavaScript inherit them from NodeFiles.

  /**
   * Creates the file `name` for reading and writing (O_EXCL), and describes it. Its mode is 0600 until
   * {@link takeModeOf}, so that nobody else can lock it before the witness is taken.
   */
  createAt(directory: Descriptor, name: string): OpenFile;
  /**
   * Opens `name` for reading, describes it and reads it, if it has at most `limit` bytes. null: no such name.
   */
  openText(directory: Descriptor, name: string, limit: number): OpenText | null;
  /**
   * {@link mkdirAt}, then opens the new directory for reading. Where opening fails it removes the directory
   * again and throws what opening threw. null: another process removed the directory before it was open.
   * Where the backend can, the descriptor carries a shared flock(2), for which systemd-tmpfiles spares an old
   * directory.
   */
  createDirectoryAt(directory: Descriptor, name: string): OpenDirectory | null;
  /**
   * {@link rmdirAt}, but only if {@link isAt} says that `name` is the directory open as `fd`; otherwise
   * nothing.
   */
  rmdirIfAt(directory: Descriptor, name: string, fd: Descriptor): void;
  /**
   * {@link unlinkAt} of the last file in the directory open as `fd`, and {@link rmdirIfAt} right after it. Only the backend
   * whose calls go by path has it, because there each call brings checks with it, which take time between the two.
   * @returns false when the file is deleted, and the directory is still there.
   */
  unlinkLastAt?(directory: Descriptor, name: string, fd: Descriptor, file: string): boolean;
  /**
   * {@link statDescriptor}, answered by the server or FUSE daemon that keeps the filesystem and not from what
   * the kernel remembers (AT_STATX_FORCE_SYNC of statx(2)), where the backend can ask for that.
   */
  statFresh(fd: Descriptor): FileStatus;
  /**
   * Whether `name` is the very file that is open as `fd`. Throws what {@link statAt} throws, ENOENT included.
   */
  isAt(directory: Descriptor, name: string, fd: Descriptor): boolean;
  /**
   * {@link isAt}, for a descriptor whose file had this device and inode when it was opened. Throws EBADF
   * where it has others now: other code in this process closed the descriptor, and the number went to another
   * file.
   */
  isStillAt(directory: Descriptor, name: string, fd: Descriptor, device: string, inode: string): boolean;
  /** {@link read}, decoded from UTF-8. */
  readText(fd: Descriptor, limit: number): string;
  /**
   * {@link close}, for a descriptor whose file had this device and inode when it was opened. Does nothing
   * where it has others now: other code in this process closed the descriptor, and the number went to another
   * file.
   */
  closeIfStill(fd: Descriptor, device: string, inode: string): void;
}
