import type { LockView } from './view.js';

/**
 * What an observer remembers of a lock from one look to the next. It keeps the directory open, so that the kernel
 * cannot give its inode number to another one: an equal number is then the same directory.
 */
export class LastLook {
  #kept: LockView | null = null;
  #signature = '';
  #sinceMs = 0;

  /** ms, on the own monotonic clock, for which `signature` has been the one seen. */
  unchangedFor(signature: string): number {
    const now = performance.now();
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#sinceMs = now;
    }
    return now - this.#sinceMs;
  }

  /** Remembers `view`, in place of any before; its directory stays open until {@link forget}. */
  keep(view: LockView): void {
    this.forget();
    // First what can fail: a directory that is not kept is closed with its view.
    view.keepDirectory();
    this.#kept = view;
  }

  /** True when `view` shows the directory that was kept, with the same owner in it. */
  isOf(view: LockView): boolean {
    const kept = this.#kept;
    if (kept === null || !kept.isSameDirectory(view)) return false;
    if (kept.owner?.status.inode !== view.owner?.status.inode) return false;
    // Older programs know no nonce, and may write over the file that is there.
    return kept.record?.nonce === view.record?.nonce && kept.record?.pid === view.record?.pid;
  }

  forget(): void {
    this.#kept?.closeDirectory();
    this.#kept = null;
  }
}
