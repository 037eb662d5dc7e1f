import type { LeaseRecord } from '../record/owner-record.js';
import { formatElapsed } from '../text/elapsed.js';
import { GONE } from './own-record.js';
import { BEATS_PER_LEASE } from './protocol/assess.js';
import { keepLifelines } from './protocol/own-lifeline.js';
import type { PublishedLock } from './protocol/publish.js';

/** @param hangs true when a touch is still under way, so that a close of the file may hang as well. */
type Lost = (how: string, hangs: boolean) => void;

/**
 * Renews the lease of a lock that this process holds, and reports in time that it cannot be renewed: before a
 * waiter can have seen the whole lease pass in silence. Call stop() when done.
 *
 * A lock that has a witness as well is lost only with its file, because observers that can test the witness
 * do not count beats.
 */
export class LeaseKeeper {
  readonly #published: PublishedLock;
  readonly #lost: Lost;
  readonly #ticket: number;
  #check: NodeJS.Timeout | null = null;
  /** The last check found the deadline passed. */
  #isSuspect = false;

  /**
   * @throws when the thread that renews the lease cannot be started: EAGAIN, or ERR_ACCESS_DENIED of Node's
   * permission model.
   */
  constructor(published: PublishedLock, { durationMs }: LeaseRecord, lost: Lost) {
    const { lockPath, owner, record } = published;
    const beatMs = Math.round(durationMs / BEATS_PER_LEASE);
    // A waiter counts from the last beat that it saw. The last sixth is left for this process to stop its
    // work.
    const patienceMs = durationMs - beatMs;
    const isAlone = record.witness === null;
    this.#published = published;
    this.#lost = lost;
    this.#ticket = lockPath.backend.lease.start(
      owner.descriptor,
      beatMs,
      () => lost(isAlone ? `${GONE}, or has not let itself be touched for most of its lease` : GONE, false),
      isAlone ? patienceMs : Number.POSITIVE_INFINITY,
    );
    if (!isAlone) return;
    this.#check = setInterval(() => this.#checkDeadline(durationMs, patienceMs), beatMs / 4);
    this.#check.unref();
  }

  /** Waits for a touch under way, so it may hang with the file's server. */
  stop(): void {
    this.stopChecking();
    this.#published.lockPath.backend.lease.stop(this.#ticket);
  }

  /** The part of {@link stop} that never hangs. */
  stopChecking(): void {
    if (this.#check !== null) clearInterval(this.#check);
    this.#check = null;
  }

  /**
   * The thread that touches the file reports a touch that fails, but not one that hangs. After a pause of the
   * whole process the first check may come before the touch that is overdue, so it takes a second one.
   */
  #checkDeadline(durationMs: number, patienceMs: number): void {
    const silentMs = this.#published.lockPath.backend.lease.sinceTouch(this.#ticket);
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = silentMs >= patienceMs;
    if (this.#isSuspect && wasSuspect) {
      const silence = `${formatElapsed(silentMs)} of its lease of ${formatElapsed(durationMs)}`;
      this.#lost(`its owner.json could not be touched for ${silence}`, true);
    } else if (!this.#isSuspect) {
      keepLifelines(this.#published.lifeline);
    }
  }
}
