import type { Descriptor } from '../descriptor.js';
import type { Errno } from './errno.js';

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

/** What a pidfd shows of its process. */
export interface PidfdProbe {
  /** See {@link ProcessOperations.pidfdInode}. */
  readonly inode: string | null;
  /** See {@link ProcessOperations.pidfdExited}. */
  readonly exited: boolean;
  /**
   * Start of the process in microseconds since 1970, where the system reports it in the same call: on Windows and macOS.
   * It is what the wall clock showed then, and stays the same when that is set. null: not known.
   */
  readonly started?: number | null;
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
  /**
   * Has each process that is forked from now on get a signal when the thread that forked it ends (PR_SET_PDEATHSIG of
   * prctl(2)). It is lost where the process runs a program with the set-user-id bit or with capabilities.
   * @param signal its number; 0: none.
   * @returns ENOSYS where the backend cannot.
   */
  setDeathSignal(signal: number): Errno | null;
}
