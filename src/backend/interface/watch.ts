import type { Descriptor } from '../descriptor.js';
import type { Errno } from './errno.js';

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
   * Whether {@link onLockChange} reports all changes in the lock directory. Where it does not, it reports the end of the
   * process, and on macOS what becomes of the owner's file, and a waiter looks again and again as well.
   */
  readonly reportsChanges: boolean;
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
   * (IN_CLOSE_WRITE of inotify(7)), on macOS when a lock on it is dropped (NOTE_FUNLOCK of kqueue(2)).
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
   * @param file the owner's file, open for reading. It is what is watched where the directory is not.
   */
  onLockChange(
    directory: Descriptor,
    pidfd: Descriptor | null,
    wake: () => void,
    file?: Descriptor | null,
  ): number | Errno;
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
