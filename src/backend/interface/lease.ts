import type { Descriptor } from '../descriptor.js';

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
