/** A process that may work for the owner of a record, or for the program that wrote it. */
export interface Worker {
  /** Its number in this PID namespace. null where the kernel shows only that such a process is there. */
  readonly pid: number | null;
  /** Start ticks as this process reads them. null when they are not known. */
  readonly ticksAsRead: number | null;
}

/** What the observer sees for records that hold no identity. Each value is read when a row first asks for it. */
export interface StrangerObservation {
  /** The process with the recorded number is a thread of the kernel, which writes no files. */
  readonly isKernelThread: boolean;
  /** Start ticks of the thread with the recorded number, where it is that of a mere thread. null when not known. */
  readonly threadTicks: number | null;
  /** A process holds a lock on the very file: flock(2), or a byte range of fcntl(2), for reading or for writing. */
  readonly isFileLocked: boolean;
  /** Name of a file beside it that the program is known to lock, and that is locked. null when none is. */
  readonly lockedSibling: string | null;
  /**
   * Name of such a file on which a lock of another PID namespace cannot be seen: that of fcntl(2) in plain Node, and any
   * on a file that may not be read. null when there is none, and when {@link lockedSibling} has a name.
   */
  readonly hiddenSibling: string | null;
  /**
   * The process with this number, if it lives and is neither this process nor one that this process has started.
   */
  workerAt(pid: number): Worker | null;
  /**
   * Living processes whose process group or session has the recorded number, without this process and those
   * that it has started. The kernel gives the number to no other process while there are any.
   */
  readonly followers: readonly Worker[];
  /** machine-id(5) of the filesystem that this process sees. null when there is none. */
  readonly machineId: string | null;
  /** Wall-clock time of the boot of this kernel, ms since the epoch, by the clock of now. null when not known. */
  readonly bootedAtMs: number | null;
  /**
   * ms by which the wall clock has provably been set forward since this PID namespace began, or since the boot where there
   * are none. On Linux it is 0 where nothing shows that, and where something shows that it was not since a process started
   * that has these ticks. Elsewhere it is Infinity where nothing shows how far.
   * @param ticksAsRead null: since before any process of this namespace.
   */
  clockStepSince(ticksAsRead: number | null): number;
  /** Why one of the values that were asked for could not be read: descriptors or memory ran out. null when none did. */
  readonly failed: string | null;
}
