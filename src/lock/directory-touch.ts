import type { PublishedLock } from './protocol/publish.js';

/**
 * Sets the time of a lock's directory again and again, for programs that judge by it. A lock is not lost by that time, so
 * nothing is reported. Call stop() when done.
 */
export class DirectoryTouch {
  readonly #published: PublishedLock;
  readonly #ticket: number;

  /** @throws when the thread cannot be started: EAGAIN, or ERR_ACCESS_DENIED of Node's permission model. */
  constructor(published: PublishedLock, intervalMs: number) {
    this.#published = published;
    this.#ticket = published.lockPath.backend.lease.start(published.directory, intervalMs, () => {});
  }

  stop(): void {
    this.#published.lockPath.backend.lease.stop(this.#ticket);
  }
}
