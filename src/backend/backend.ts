/**
 * The interface between this package and an operating system. Three backends implement it: the C++ addon
 * (`native`), plain Node with /proc (`procfs`), and plain Node without it (`portable`). Everything above this
 * file is the same for all three.
 *
 * A backend that lacks something answers `null` or an errno name. It never answers in a way that could pass
 * for a mismatch between two processes or two files, because a mismatch can end a lock.
 */
import type { Descriptor } from './descriptor.js';

/**
 * Name of a system error, such as `ESRCH` (errno(3)). Calls return it where failing is an ordinary answer.
 */
export type Errno = string;

export interface BootId {
  /** Lower-case UUID from /proc/sys/kernel/random/boot_id (random(4)). */
  readonly id: string;
  /**
   * True when the file belongs to procfs itself. LXC and systemd-nspawn mount another file over it; that file
   * has another st_dev than /proc/self.
   */
  readonly native: boolean;
}

export interface PidNamespace {
  /**
   * Inode of /proc/<pid>/ns/pid, decimal (namespaces(7)). The kernel reuses it as soon as the namespace is
   * gone.
   */
  readonly inode: string;
  /** NS_GET_ID, decimal, never reused within a boot. null where the kernel has no such call (before 6.18). */
  readonly id: string | null;
}

/** Shift of CLOCK_BOOTTIME in the caller's time namespace (time_namespaces(7)): seconds + nanoseconds. */
export interface TimeOffset {
  readonly seconds: number;
  /** 0 to 999 999 999, also when `seconds` is negative. */
  readonly nanoseconds: number;
}

/** The fields of /proc/<pid>/stat that identify a process and say whether it runs (proc_pid_stat(5)). */
export interface ProcessStat {
  /** Field 3, one letter: R S D T t Z X I ... */
  readonly state: string;
  /** Field 20: number of threads. */
  readonly threads: number;
  /**
   * Field 22 as read: USER_HZ ticks since boot, shifted by the reader's time namespace. null where that shift
   * makes it negative, because the kernel then prints a huge unsigned number.
   */
  readonly startTicks: number | null;
}

/** The numbers of a process in /proc/<pid>/status (proc_pid_status(5)). */
export interface ProcessStatus {
  /** Thread group id: the PID of the process, also when it was asked for by the id of another thread. */
  readonly tgid: number;
  /** NSpid: the process's PID in each PID namespace, from that of the /proc mount to the innermost. */
  readonly nsPids: readonly number[];
}

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

/** What a pidfd shows of its process. */
export interface PidfdProbe {
  /** See {@link ProcessOperations.pidfdInode}. */
  readonly inode: string | null;
  /** See {@link ProcessOperations.pidfdExited}. */
  readonly exited: boolean;
}

/** `held`: a process has the lock. `free`: none has. `untestable`: the backend cannot find out. */
export type WitnessTest = 'held' | 'free' | 'untestable';

export interface Capability {
  readonly available: boolean;
  /** Why, in words for a person: `kernel answered ENOSYS`, `procfs backend`, ... */
  readonly reason: string;
}

export interface Capabilities {
  /** pidfd_open(2) works: it was tried on this process. */
  readonly pidfd: Capability;
  /** The st_ino of a pidfd identifies a process (pidfs, kernel 6.9). */
  readonly pidfdInode: Capability;
  /** NS_GET_ID works: it was tried on the PID namespace of this process (kernel 6.18). */
  readonly namespaceId: Capability;
  /**
   * The backend can take an open-file-description lock, and sees it through a second description; or it has an
   * {@link OpenWitness}, which is tried each time that it is taken.
   */
  readonly takeWitness: Capability;
  /** The backend can find out whether a process holds such a lock. */
  readonly testWitness: Capability;
  /** A lifeline can be taken, and is seen through a second description of its file. */
  readonly lifeline: Capability;
  /**
   * The kernel reports to an owner that its lock was deleted or moved away. Where it does not, the owner
   * polls.
   */
  readonly lossEvents: Capability;
  /** renameat2(2) with RENAME_NOREPLACE can be called. A filesystem may still answer EINVAL. */
  readonly renameNoReplace: Capability;
}

/**
 * Reads what the kernel knows of processes. No call throws because a process is missing or hidden. A `pid`
 * outside 1 to 2^31 - 1 throws a RangeError (ERR_OUT_OF_RANGE) wherever it would reach the kernel. Where
 * descriptors or memory have run out, nothing was learned: a call that answers with null otherwise throws
 * EMFILE, ENFILE or ENOMEM then.
 */
export interface ProcessOperations {
  /** null where no boot id can be read (subset=pid, gVisor, no /proc). */
  bootId(): BootId | null;
  /**
   * The PID namespace of the process `pid`, by default of the caller. null: not readable (other uid, no
   * /proc).
   */
  pidNamespace(pid?: number): PidNamespace | null;
  /**
   * Whether the process `pid` is in the PID namespace with this inode. It takes a tenth of the time of {@link
   * status}, which reads more. False also where the kernel does not show it.
   */
  isInPidNamespace(pid: number, inode: string): boolean;
  /**
   * The time namespace of the process `pid`, by default of the caller. Zero where the kernel has none or the
   * process is in the initial one. null: not known (other uid, no /proc).
   */
  timeOffset(pid?: number): TimeOffset | null;
  /**
   * ESRCH or ENOENT: no such process. EBADMSG: there is a file, but not one that a Linux kernel wrote.
   * ENOSYS: the backend has no /proc.
   */
  stat(pid: number): ProcessStat | Errno;
  /** The same errors as {@link stat}. */
  status(pid: number | 'self'): ProcessStatus | Errno;
  /** pidfd_open(2); close it with {@link FileOperations.close}. ENOSYS where there are no pidfds. */
  openPidfd(pid: number): Descriptor | Errno;
  /** Unique number of the process within this boot, decimal. null unless the descriptor is on pidfs. */
  pidfdInode(fd: Descriptor): string | null;
  /** True once the process has exited with all its threads: its pidfd then polls readable (pidfd_open(2)). */
  pidfdExited(fd: Descriptor): boolean;
  /**
   * Opens a pidfd, reads both of the above from it and closes it, in one call, because most judgements need
   * no more. It may return the same object as last time while the values are the same.
   */
  probePidfd(pid: number): PidfdProbe | Errno;
  /**
   * Reaps all ended child processes of this process but `spared`, whose end Node waits for itself: the orphans
   * of the processes below it, if it is PID 1 of its namespace.
   * @returns how many; ENOSYS where the backend cannot, because Node waits for none but its own.
   */
  reapOrphans(spared: number): number | Errno;
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

/**
 * The witness: a lock on owner.json that lives exactly as long as its owner. It is an open-file-description
 * lock (F_OFD_SETLK of fcntl(2)), which the kernel drops when the last descriptor of that description is
 * closed. The portable backend has an {@link OpenWitness} in its place, on other systems than Linux.
 */
export interface WitnessOperations {
  /**
   * Write-locks the whole file. Throws EAGAIN when another description has the lock, ENOSYS where it cannot
   * be done.
   */
  take(fd: Descriptor): void;
  /**
   * Whether the open file description has the witness itself, as one does that was inherited from the owner,
   * and not one that was opened anew. The addon takes it where nobody has it.
   */
  isHeldThrough(fd: Descriptor): boolean;
  /**
   * Whether a process holds the witness on the file, whose {@link Filesystem.type} is `type`. Takes no lock,
   * not even for a moment; the portable backend takes one that others can share. The locks of others on the file, however they were taken, are no witness: `held`
   * is only a write lock of an open file description on the whole file. A part of such a lock is
   * `untestable`.
   */
  test(fd: Descriptor, type: string): WitnessTest;
  /**
   * Whether any process holds a byte-range lock on the file, of whatever kind and range. flock(2) does not
   * count. Plain Node never answers `free`.
   */
  testAnyLock(fd: Descriptor, type: string): WitnessTest;
  /**
   * {@link test} through a new description of the file `name`. The description that has the lock never sees
   * it, so an owner asks about its own lock in this way.
   */
  testAt(directory: Descriptor, name: string, type: string): WitnessTest;
}

/** The name of a file beside a lock that is the witness of an owner. */
export interface BesideName {
  /** The lock's own name. */
  readonly lockName: string;
  /** st_ino of the owner.json that the file stands for, decimal. */
  readonly inode: string;
}

/**
 * A witness that is taken by opening a file, which is all that plain Node can do: with a flag of open(2) that
 * locks, or with a share mode that lets nobody else open it.
 */
export interface OpenWitness {
  /**
   * The kernel's descriptor that holds the witness which was taken through `fd`. A process that inherits it
   * holds the witness too. null: none was taken.
   */
  descriptorOf(fd: Descriptor): number | null;
  /**
   * Makes a descriptor of the kernel, which this process inherited, the witness of the file `fd`: it is
   * closed together with that. Throws EBADF unless it is open on the file that has the witness.
   */
  takeOver(fd: Descriptor, inherited: number): void;
  /** Deletes what the dead owner of the file `fd` has left beside the lock as its witness, unless it is held. */
  forget(fd: Descriptor): void;
  /** What the name of a file beside a lock says. null when it is none that this witness makes. */
  parseBeside(name: string): BesideName | null;
  /**
   * The nonce of the acquisition for which the file `name` was made, or an empty text where that was never
   * written. null when the file is held or missing.
   */
  readIfFree(directory: Descriptor, name: string): string | null;
}

/**
 * The witness of a lock that is nothing but an empty directory. No process can write-lock a directory, so it is an
 * open-file-description read lock of one byte, at an offset that the owner draws and writes into the extended attribute
 * `user.kernel-identity` of the directory (xattr(7)). {@link FileOperations} opens and closes the descriptors.
 */
export interface DirectoryWitnessOperations {
  /** Read-locks the byte through the open directory. The offset is a decimal number below 2^62. */
  take(directory: Descriptor, offset: string): void;
  /**
   * Whether another description of the directory holds exactly this byte. Takes no lock. `untestable` where a lock of
   * another kind or range hides it.
   */
  test(directory: Descriptor, offset: string): WitnessTest;
  /** The attribute. null: the directory has none. Throws ENOTSUP where the filesystem keeps no such attributes. */
  readRecord(directory: Descriptor): string | null;
  /** Sets the attribute. Throws ENOTSUP as above, ENOSPC or EDQUOT where there is no room. */
  writeRecord(directory: Descriptor, text: string): void;
}

/**
 * Waiting without polling. One native thread of the process waits on pidfds and inotify on behalf of all its
 * threads. Every watch lasts until {@link cancel}. Only {@link onLockChange} and {@link onLifelineEnd} keep
 * the process from exiting.
 *
 * Calls return a ticket for {@link cancel}, or the reason why they cannot watch (EMFILE, ENOMEM, EAGAIN where
 * no thread can be started, ...). The descriptors passed in belong to the caller again when a call returns.
 */
export interface WatchOperations {
  /**
   * Writes 1 into `words[index]` once the process of `pidfd` has exited, whether or not the event loop runs.
   * The watch keeps the array from being collected. Its memory must be a SharedArrayBuffer, because any other
   * can be taken away while the thread writes to it: such an array throws a TypeError (ERR_INVALID_ARG_TYPE).
   */
  onExit(pidfd: Descriptor, words: Int32Array, index: number): number | Errno;
  /**
   * Writes 1 into `words[index]` once no process holds the witness on `file`, under the same conditions as
   * {@link onExit}. The file is open for reading, and {@link WitnessOperations.test} must be able to test it.
   * The watch takes no lock, and tests only when a process closes the file that had it open for writing
   * (IN_CLOSE_WRITE of inotify(7)).
   */
  onRelease(file: Descriptor, words: Int32Array, index: number): number | Errno;
  /**
   * Writes 1 into `words[index]` once no process of this kernel holds the lifeline, also where none does when
   * the call is made, under the same conditions as {@link onExit}. ENOTSUP where the lifeline cannot be
   * tested. The kernel reports each close of the namespace's file (IN_CLOSE_NOWRITE of inotify(7)), and the
   * lifeline is tested then. It is tested every 50 ms or so where more than 20 closes a second come, or no
   * inotify instance is left.
   */
  onLifelineFree(lifeline: string, words: Int32Array, index: number): number | Errno;
  /**
   * Like {@link onLifelineFree}, but calls `wake` once, in this thread's event loop, which it keeps alive
   * until cancelled.
   */
  onLifelineEnd(lifeline: string, wake: () => void): number | Errno;
  /**
   * Like {@link onLifelineFree}, but gives a descriptor for {@link block} that becomes readable. Close it
   * with {@link FileOperations.close}, which ends the watch.
   */
  openLifelineSignal(lifeline: string): Descriptor | Errno;
  /**
   * Calls `wake` in this thread's event loop whenever something changes in the lock directory, and once when
   * the process of `pidfd` exits (null: no process). A change is an entry renamed away, renamed to or
   * deleted, a file closed that was open for writing, or the directory itself deleted or renamed. Several
   * changes may give one call; a change before this call returns may give none. Close the directory
   * afterwards, because the kernel does not report its deletion while a process has it open. Keeps the event
   * loop alive until cancelled.
   */
  onLockChange(directory: Descriptor, pidfd: Descriptor | null, wake: () => void): number | Errno;
  /**
   * Calls `changed` like {@link onLockChange}, for the owner of the lock: it does not keep the event loop
   * alive.
   */
  onOwnLockChange(directory: Descriptor, changed: () => void): number | Errno;
  /** Ends a watch: nothing is written or called afterwards. Ignores a ticket whose watch is over. */
  cancel(ticket: number): void;
  /**
   * An inotify(7) descriptor for {@link block}, which reports the same changes as {@link onLockChange}. Close
   * it with {@link FileOperations.close}.
   */
  openChangeMonitor(directory: Descriptor): Descriptor | Errno;
  /**
   * Blocks this thread until the monitor or `end` is readable, for `timeoutMs` milliseconds at most, and
   * drains the monitor. `end` is a pidfd, or the signal of a lifeline; null: none. Returns `exit` when both
   * are readable and `timeout` when neither is. worker.terminate() takes effect within 0.2 s.
   */
  block(monitor: Descriptor, end: Descriptor | null, timeoutMs: number): 'change' | 'exit' | 'timeout';
}

/** Leases: an owner that no observer can test shows that it lives by touching its owner.json at intervals. */
export interface LeaseOperations {
  /**
   * Sets the file's mtime to now every `intervalMs` milliseconds, from a thread that a blocked event loop
   * does not stop. A touch that fails (EIO, EROFS, ENOSPC, ...) is tried again, at least once a second. Where
   * only the file's owner may set its times, because the process has given up its privileges, the first byte
   * is written again instead.
   *
   * Stops and calls `lost` once, in this thread's event loop, when the file has no name any more (ESTALE
   * included), or when a touch fails and none has succeeded for `patienceMs`: milliseconds on CLOCK_BOOTTIME,
   * Infinity by default. A touch that hangs calls nothing: see {@link sinceTouch}.
   *
   * The descriptor stays the caller's, who must keep it open until {@link stop}. A lease does not keep the
   * process from exiting. Returns a ticket. Throws EBADF for a descriptor that is not open, and the reason
   * why no thread can be started.
   */
  start(file: Descriptor, intervalMs: number, lost: () => void, patienceMs?: number): number;
  /**
   * Milliseconds on CLOCK_BOOTTIME since the last touch that succeeded began, also while one hangs; since
   * {@link start} before the first one. 0 for a lease that is over.
   */
  sinceTouch(ticket: number): number;
  /**
   * Ends a lease: the file is not touched afterwards. Waits for a touch under way. Ignores a ticket whose
   * lease is over.
   */
  stop(ticket: number): void;
}

/** A lifeline on an open file description of its own. */
export interface InheritableLifeline {
  readonly lifeline: string;
  readonly descriptor: Descriptor;
}

/** What {@link LifelineOperations.list} found. */
export interface LifelineList {
  /**
   * The spaces that could be searched. A process cannot open the file of an initial namespace that it is not
   * in.
   */
  readonly spaces: readonly string[];
  readonly found: readonly string[];
  /** The limit was reached in one of the spaces, so there may be more. */
  readonly truncated: boolean;
  /** A lock of another program covers some of the bytes, which may be lifelines. */
  readonly obscured: boolean;
}

/**
 * The lifeline: a byte of a namespace's file that a process keeps locked for as long as it lives, and that
 * every process of the kernel can test without any privilege (OFD read locks of fcntl(2) on
 * /proc/self/ns/time of the initial time namespace). Its text is `<space>:<offset>`, such as `time:1234`.
 * Nothing here throws for what a record may hold.
 */
export interface LifelineOperations {
  /**
   * Takes the lifeline of this process, or makes sure that it is still held. It is one for all threads, and
   * its random offset is drawn once. null where the backend cannot. Throws for want of a descriptor or
   * memory: a later call may succeed.
   */
  takeOfProcess(): string | null;
  /**
   * Takes a lifeline at this offset, a decimal number below 2^62, for a lock of this thread. It is dropped
   * when the thread ends. null, and errors, as above.
   * @throws RangeError (ERR_OUT_OF_RANGE) for a larger number.
   */
  take(offset: string): string | null;
  /**
   * Takes a lifeline at this offset on an open file description of its own, which child processes can
   * inherit: it is held until the last copy of the descriptor is closed, in whatever process. Close it with
   * {@link FileOperations.close}; it is close-on-exec in this process. null, and errors, as above.
   * @throws RangeError (ERR_OUT_OF_RANGE) for a larger number.
   */
  takeInheritable(offset: string): InheritableLifeline | null;
  /**
   * Takes a lifeline through a descriptor that is open on the file of its space, whoever opened it: it is
   * held until the last copy of that descriptor is closed, in whatever process. A lifeline may be held
   * through several descriptors at once.
   * @throws EBADF; EXDEV for any other file, and where the backend takes no lifelines; system errors.
   */
  takeThrough(fd: Descriptor, lifeline: string): void;
  /** Drops a lifeline that {@link take} took in this thread. Any other is left alone. */
  drop(lifeline: string): void;
  /**
   * Takes no lock. `untestable` where the byte is hidden, or the text names no space that can be tested from
   * here.
   */
  test(lifeline: string): WitnessTest;
  /**
   * Finds the lifelines of this kernel, in no order. It ends in each space after `limit` locks, whether they
   * are lifelines or not. null where the backend cannot.
   */
  list(limit: number): LifelineList | null;
  /** How often the lifelines of this process were lost, because other code of it closed their descriptor. */
  losses(): number;
}

export type BackendName = 'native' | 'procfs' | 'portable';

export interface Backend {
  readonly name: BackendName;
  /**
   * True when {@link FileOperations} act on the very directory that was opened, whatever becomes of its name.
   * False when they act on whatever its path leads to; then they check the path before and after each call,
   * and undo a change that reached another directory.
   */
  readonly actsOnOpenDirectory: boolean;
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: WitnessOperations;
  /** null where the witness is a lock on the descriptor of owner.json itself. */
  readonly openWitness: OpenWitness | null;
  /** null where this backend can take none and test none. */
  readonly directoryWitness: DirectoryWitnessOperations | null;
  /** null where this backend can only poll. */
  readonly watch: WatchOperations | null;
  readonly lease: LeaseOperations;
  readonly lifeline: LifelineOperations;
  /** Fills the array with bytes from a random generator that nobody can predict. */
  fillRandom(bytes: Uint8Array): void;
  /**
   * Probed at the first call, then remembered. Throws where descriptors or memory have run out, and remembers
   * nothing.
   */
  capabilities(): Capabilities;
}
