import { monotonicMs } from '../../backend/monotonic-clock.js';
import type { LockView } from './view.js';

/**
 * What an observer remembers of a lock from one look to the next. The nonce in the record identifies a lock of
 * this package. For any other it keeps the directory open, because the kernel may give the inode number of a
 * closed, deleted directory to a new one. While it is open, an equal number means the same directory. Call
 * {@link forget} when done.
 */
export class LastLook {
  #kept: LockView | null = null;
  #sawOwner = false;
  #signature = '';
  #sinceMs = 0;

  /** Milliseconds on this process's monotonic clock for which `signature` has been the only one seen. */
  unchangedFor(signature: string): number {
    const now = monotonicMs();
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#sinceMs = now;
    }
    return now - this.#sinceMs;
  }

  /** Remembers `view` instead of the one before. Its directory may stay open until {@link forget}. */
  keep(view: LockView): void {
    this.#sawOwner = view.record !== null || this.sawOwnerIn(view);
    this.forget();
    // This call can fail, so it comes first: a directory that is not kept is closed together with its view.
    view.directoryStatus();
    // A thread that waits for a thousand locks of this package therefore needs no thousand descriptors.
    if (view.record === null || view.record.nonce === null) view.keepDirectory();
    this.#kept = view;
  }

  /** True when `view` shows the directory that was kept, with the same owner in it. */
  isOf(view: LockView): boolean {
    const kept = this.#kept;
    if (kept === null || !kept.isSameDirectory(view)) return false;
    if (kept.owner?.status.inode !== view.owner?.status.inode) return false;
    // Older programs write no nonce, and may overwrite owner.json in place.
    return kept.record?.nonce === view.record?.nonce && kept.record?.pid === view.record?.pid;
  }

  /** True when there was an owner in the directory of `view`, or in one that had its number before. */
  sawOwnerIn(view: LockView): boolean {
    return this.#sawOwner && this.#kept?.isSameDirectory(view) === true;
  }

  forget(): void {
    this.#kept?.closeKeptDirectory();
    this.#kept = null;
  }
}
