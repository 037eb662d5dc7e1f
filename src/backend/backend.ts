import type { Descriptor } from './descriptor.js';
/**
 * What a backend must be able to say and do. Everything above this file is the same for the C++ addon
 * (`native`), for plain Node on /proc (`procfs`) and for plain Node alone (`portable`); what a backend lacks it reports as `null`
 * or as an errno name, never as a mismatch.
 */

/** Name of a system error, such as `ESRCH`. Returned, not thrown, where an error is an ordinary answer. */
export type Errno = string;

export interface BootId {
  /** Lower-case UUID from /proc/sys/kernel/random/boot_id (random(4)). */
  readonly id: string;
  /**
   * True when the file belongs to procfs itself. LXC and systemd-nspawn mount another file over it, which shows
   * as a device other than the one of /proc/self.
   */
  readonly native: boolean;
}

export interface PidNamespace {
  /** Inode of /proc/<pid>/ns/pid, decimal. Recycled by the kernel as soon as a namespace is gone. */
  readonly inode: string;
  /** NS_GET_ID, decimal, never reused within a boot (kernel 6.18); null where the kernel cannot tell. */
  readonly id: string | null;
}

/** Shift of CLOCK_BOOTTIME in the caller's time namespace (time_namespaces(7)): seconds + nanoseconds. */
export interface TimeOffset {
  readonly seconds: number;
  /** 0 to 999 999 999, also when seconds is negative. */
  readonly nanoseconds: number;
}

/** /proc/<pid>/stat, the fields that tell who a process is and whether it runs (proc_pid_stat(5)). */
export interface ProcessStat {
  /** One letter: R S D T t Z X I ... */
  readonly state: string;
  readonly threads: number;
  /**
   * Field 22 as read: USER_HZ ticks since boot, shifted by the reader's time namespace. null where that shift
   * made it negative (the kernel then prints a huge unsigned number).
   */
  readonly startTicks: number | null;
}

/** /proc/<pid>/status, the lines about numbers (proc_pid_status(5)). */
export interface ProcessStatus {
  readonly tgid: number;
  /** NSpid: the process's number in each PID namespace, from that of the /proc mount to the innermost. */
  readonly nsPids: readonly number[];
}

export interface Filesystem {
  /**
   * Name by statfs(2) magic, such as `ext`, `overlay`, `nfs`; a hexadecimal magic where it has no name here. `unknown`,
   * which is trusted with nothing, where a sandbox keeps it from being asked.
   */
  readonly type: string;
  /** f_fsid in hexadecimal; null where it is zero or the backend cannot read it. */
  readonly fsid: string | null;
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** st_dev, decimal. */
  readonly device: string;
  /** st_ino, decimal. */
  readonly inode: string;
  readonly links: number;
  /** Bytes. */
  readonly size: number;
  /** Last data change, ms since the epoch, with fraction. */
  readonly mtimeMs: number;
  /** Last change of the inode, also by setting its times, which cannot be set itself; as `mtimeMs`. */
  readonly ctimeMs: number;
}

/** A file that was opened by name, and what it was found to be then. */
export interface OpenFile {
  readonly descriptor: Descriptor;
  readonly status: FileStatus;
  readonly filesystem: Filesystem;
}

/** A directory that was opened, and what it will be known by. */
export interface OpenDirectory {
  readonly descriptor: Descriptor;
  readonly device: string;
  readonly inode: string;
}

export interface OpenText extends OpenFile {
  /** The whole of it as UTF-8; null: it is no regular file, or longer than was asked for. */
  readonly text: string | null;
}

/** What a pidfd shows of its process: see {@link ProcessOperations.pidfdInode} and {@link ProcessOperations.pidfdExited}. */
export interface PidfdProbe {
  readonly inode: string | null;
  readonly exited: boolean;
}

export type WitnessTest = 'held' | 'free' | 'untestable';

export interface Capability {
  readonly available: boolean;
  /** Why, in words for a person: `kernel answered ENOSYS`, `procfs backend`, ... */
  readonly reason: string;
}

export interface Capabilities {
  /** pidfd_open(2) of the own process succeeded. */
  readonly pidfd: Capability;
  /** st_ino of a pidfd identifies a process (pidfs, kernel 6.9). */
  readonly pidfdInode: Capability;
  /** NS_GET_ID answers for the own PID namespace (kernel 6.18). */
  readonly namespaceId: Capability;
  /** The backend can take an open-file-description lock and see it from a second description. */
  readonly takeWitness: Capability;
  /** The backend can tell whether somebody holds one. */
  readonly testWitness: Capability;
  /** A lifeline can be taken, and is seen through a second description of its file. */
  readonly lifeline: Capability;
  /** renameat2(2) with RENAME_NOREPLACE can be called (the filesystem may still answer EINVAL). */
  readonly renameNoReplace: Capability;
}

/** Reads what the kernel knows of processes. Nothing here throws for a process that is missing or hidden. */
export interface ProcessOperations {
  /** null: no boot_id can be read (subset=pid, gVisor, no /proc). */
  bootId(): BootId | null;
  /** Of the process `pid`, or of the caller. null: not readable (other uid, no /proc). */
  pidNamespace(pid?: number): PidNamespace | null;
  /**
   * Whether the process `pid` is of the PID namespace with this inode: a tenth of the time that {@link status} takes, which
   * tells more. False also where it may not be known.
   */
  isInPidNamespace(pid: number, inode: string): boolean;
  /** null: not known. Zero where the kernel has no time namespaces or the caller is in the initial one. */
  timeOffset(): TimeOffset | null;
  stat(pid: number): ProcessStat | Errno;
  status(pid: number | 'self'): ProcessStatus | Errno;
  /** A descriptor to be closed with {@link FileOperations.close}, or ENOSYS where there are no pidfds. */
  openPidfd(pid: number): Descriptor | Errno;
  /** Unique number of the process within this boot, decimal; null unless the descriptor is on pidfs. */
  pidfdInode(fd: Descriptor): string | null;
  /** True once the process (all its threads) has exited: the pidfd polls readable. */
  pidfdExited(fd: Descriptor): boolean;
  /**
   * Opens a pidfd, looks through it and closes it, in one call: most judgements need no more. May answer with the object
   * that it gave out last while it sees the same.
   */
  probePidfd(pid: number): PidfdProbe | Errno;
}

/**
 * The file operations of the lock, relative to directory descriptors. Every open has O_CLOEXEC, O_NOFOLLOW and
 * O_NONBLOCK. Each call changes one thing on the disk at the most, so that a death between two calls stands for a death at
 * any moment. They throw Node-shaped system errors (`errno`, `code`, `syscall`). A descriptor is a number for these
 * operations; it need not be one of the kernel's.
 */
export interface FileOperations {
  /** Opens a directory to look names up in it; the path may lead through symbolic links. */
  openParent(path: string): Descriptor;
  /** Opens the directory `name` itself for reading: ELOOP or ENOTDIR for a symbolic link, ENOTDIR for a file. */
  openDirectoryAt(directory: Descriptor, name: string): Descriptor;
  /** As {@link openDirectoryAt} where a missing name is an ordinary answer: null, and no error has to be made. */
  findDirectoryAt(directory: Descriptor, name: string): Descriptor | null;
  /** Opens `name` for reading. */
  openAt(directory: Descriptor, name: string): Descriptor;
  /** Creates the file `name` for reading and writing (O_EXCL, mode 0666 minus umask), and looks at it. */
  createAt(directory: Descriptor, name: string): OpenFile;
  /** Opens `name` for reading, looks at it and reads it: a look at a lock. null: there is no such name. */
  openText(directory: Descriptor, name: string, limit: number): OpenText | null;
  /** Mode 0777 minus umask. */
  mkdirAt(directory: Descriptor, name: string): void;
  /**
   * As {@link mkdirAt}, and opens what it made: see {@link openDirectoryAt}. Where that fails it removes it again. null:
   * somebody else removed it before it was open.
   */
  createDirectoryAt(directory: Descriptor, name: string): OpenDirectory | null;
  renameAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void;
  /** EEXIST when `to` exists; ENOSYS or EINVAL where kernel, backend or filesystem cannot. */
  renameNoReplaceAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void;
  unlinkAt(directory: Descriptor, name: string): void;
  rmdirAt(directory: Descriptor, name: string): void;
  /** As {@link rmdirAt}, if the directory is the very one that is open as `fd`: see {@link isAt}. */
  rmdirIfAt(directory: Descriptor, name: string, fd: Descriptor): void;
  /** Never follows a symbolic link. */
  statAt(directory: Descriptor, name: string): FileStatus;
  statDescriptor(fd: Descriptor): FileStatus;
  /**
   * As {@link statDescriptor}, but asks whoever keeps the filesystem (a server, a FUSE daemon) in place of what the
   * kernel remembers of it, where the backend can.
   */
  statFresh(fd: Descriptor): FileStatus;
  /** Does `name` stand for the very file that is open as `fd`? Throws as {@link statAt} where the name is gone. */
  isAt(directory: Descriptor, name: string, fd: Descriptor): boolean;
  /** Names without `.` and `..`; `limit` bounds how many are returned. */
  list(directory: Descriptor, limit: number): string[];
  /**
   * As {@link isAt}, for a descriptor that was of this device and inode when it was opened. Throws EBADF where it is of
   * others by now: somebody else in this process closed it, and the number went to another file.
   */
  isStillAt(directory: Descriptor, name: string, fd: Descriptor, device: string, inode: string): boolean;
  /** From offset 0, at most `limit` bytes. */
  read(fd: Descriptor, limit: number): Buffer;
  /** As {@link read}, decoded from UTF-8. */
  readText(fd: Descriptor, limit: number): string;
  /** Writes all of it at offset 0. */
  write(fd: Descriptor, text: string): void;
  filesystem(fd: Descriptor): Filesystem;
  close(fd: Descriptor): void;
  /**
   * Closes a descriptor that was of this device and inode when it was opened, unless it is of others by now: then somebody
   * else in this process closed it, and the number went to another file.
   */
  closeIfStill(fd: Descriptor, device: string, inode: string): void;
}

/** The lock on owner.json that lives exactly as long as its owner: OFD locks of fcntl(2). */
export interface WitnessOperations {
  /** Write-locks the whole file. Throws EAGAIN when somebody holds it, ENOSYS where the backend cannot. */
  take(fd: Descriptor): void;
  /** Never takes a lock, not even for a moment. `type` is the file's filesystem. */
  test(fd: Descriptor, type: string): WitnessTest;
  /** As {@link test}, through a description of its own: what is asked through the one that has the lock finds none. */
  testAt(directory: Descriptor, name: string, type: string): WitnessTest;
}

/**
 * Waiting without polling, by one thread of the process that waits on pidfds and inotify for all of it. Everything
 * watched is watched until {@link cancel}; nothing here keeps the process from exiting but a {@link onLockChange}.
 */
export interface WatchOperations {
  /**
   * Writes 1 into `words[index]` once the process of `pidfd` has exited, whether or not the event loop runs.
   * The pidfd is the caller's again when this returns. Returns a ticket for {@link cancel}, or why it cannot watch
   * (EMFILE, ENOMEM, EAGAIN where no thread can be started, ...). Until then the array is kept from being collected,
   * and its buffer must not be transferred; one that can be resized is refused, unless it is shared.
   */
  onExit(pidfd: Descriptor, words: Int32Array, index: number): number | Errno;
  /**
   * Writes 1 into `words[index]` once nobody holds the witness on `file`, open for reading, on which
   * {@link WitnessOperations.test} can tell; otherwise as {@link onExit}. It never takes a lock, and looks only when
   * somebody has closed the file that had it open for writing.
   */
  onRelease(file: Descriptor, words: Int32Array, index: number): number | Errno;
  /**
   * Calls `wake` in this thread's event loop whenever something changes in the lock directory (an entry renamed away
   * or deleted, a file closed that was open for writing, the directory deleted or renamed), and once when the process
   * of `pidfd` exits (null: none). Events that come together may give one call; what happened before this returns may
   * give none. Both descriptors are the caller's again when this returns, and the directory's is better closed then:
   * while anybody has a directory open, its deletion is not reported. Keeps the event loop alive until cancelled.
   */
  onLockChange(directory: Descriptor, pidfd: Descriptor | null, wake: () => void): number | Errno;
  /** Ends what a ticket stands for: afterwards nothing is written or called. A ticket that is over is ignored. */
  cancel(ticket: number): void;
  /**
   * An inotify descriptor that reports what {@link onLockChange} reports, for {@link block}; to be closed with
   * {@link FileOperations.close}.
   */
  openChangeMonitor(directory: Descriptor): Descriptor | Errno;
  /**
   * Blocks this thread until the monitor or (null: none) the pidfd is readable, at most `timeoutMs`; drains the
   * monitor. Says which came, `exit` if both; `timeout`: neither. worker.terminate() gets through within 0.2 s.
   */
  block(monitor: Descriptor, pidfd: Descriptor | null, timeoutMs: number): 'change' | 'exit' | 'timeout';
}

/** Showing that the owner of a lock lives, where nothing else can: its owner.json is touched again and again. */
export interface LeaseOperations {
  /**
   * Touches the file (mtime) every `intervalMs` from a thread that a blocked event loop does not stop. Calls `lost`
   * once, in this thread's event loop, and stops, when the file has no name any more or cannot be touched (ESTALE,
   * EIO, ...). The descriptor stays the caller's and must stay open until {@link stop}. Does not keep the process from
   * exiting. Returns a ticket; throws EBADF of the file, and what keeps a thread from being started.
   */
  start(file: Descriptor, intervalMs: number, lost: () => void): number;
  /** A ticket that is over is ignored. */
  stop(ticket: number): void;
}

/** What {@link LifelineOperations.list} found. */
export interface LifelineList {
  readonly found: readonly string[];
  /** The limit was reached, so there may be more. */
  readonly truncated: boolean;
  /** A lock of another program covers some of the bytes, which may be lifelines. */
  readonly obscured: boolean;
}

/**
 * The lifeline: a byte of a namespace's file that a process keeps locked for as long as it lives, and that every process
 * of the kernel can test without any right (OFD read locks of fcntl(2) on /proc/self/ns/time of the initial time
 * namespace). Its text is `<space>:<offset>`, such as `time:1234`. Nothing here throws for what a record may hold.
 */
export interface LifelineOperations {
  /**
   * Takes the lifeline of this process, or makes sure that it is still held. It is one for all threads, and its random
   * offset is drawn once. ENOSYS where the backend cannot; EMFILE and the like may pass.
   */
  takeOfProcess(): string | Errno;
  /**
   * Takes a lifeline at this offset, a decimal number below 2^62, for a lock of this thread. It is dropped when the
   * thread ends.
   */
  take(offset: string): string | Errno;
  /** Drops a lifeline that {@link take} took in this thread. Any other is left alone. */
  drop(lifeline: string): void;
  /** Takes no lock. `untestable` where the byte is hidden, or the text names no space that can be tested from here. */
  test(lifeline: string): WitnessTest;
  /** Finds at most `limit` lifelines of this kernel, in no order. */
  list(limit: number): LifelineList | Errno;
  /** How often the lifelines of this process were lost, because other code of it closed their descriptor. */
  losses(): number;
}

export type BackendName = 'native' | 'procfs' | 'portable';

export interface Backend {
  readonly name: BackendName;
  /**
   * True: {@link FileOperations} act on the very directory that was opened, whatever becomes of its name. False: on what
   * its path leads to. That is looked at before and after, and what hit another directory meanwhile is undone.
   */
  readonly actsOnOpenDirectory: boolean;
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: WitnessOperations;
  /** null: this backend can only poll. */
  readonly watch: WatchOperations | null;
  readonly lease: LeaseOperations;
  readonly lifeline: LifelineOperations;
  /** Probed at the first call, then remembered. */
  capabilities(): Capabilities;
}
