import { RecentMap } from '../../recent-map.js';
import { describeOwner } from '../../record/describe-owner.js';
import { callSite, whereTaken } from '../call-site.js';
import type { WaitReport } from '../events.js';
import type { AcquireOptions } from '../options.js';
import { isHeldForCaller } from '../reentry.js';

/**
 * Milliseconds. The function of withLock() may start an acquisition of the same lock that it does not wait for. That one
 * succeeds when the function ends, mostly sooner than this, and deserves no warning.
 */
const REENTRANT_AFTER = 1_000;
/** Milliseconds for which a task may hold a lock that others of its thread wait for, before its release seems forgotten. */
const SILENT_AFTER = 60_000;

/** The locks of which this thread has warned, by nonce. */
const warned = new RecentMap<true>(64);

/**
 * One waiter's wait for a lock that this very thread holds. Tasks of one thread may well wait for each other, so this is
 * no error. But if the holder waits for the waiter, both wait for ever, and nothing would say so.
 */
export class SelfWait {
  readonly #isSilent: boolean;
  #nonce: string | null = null;
  #isReentrant = false;
  #calledAt: string | null = null;
  /** Milliseconds since the acquisition began. */
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param isListening true when somebody is told how the waiting goes. */
  constructor({ timeout = Number.POSITIVE_INFINITY, signal }: AcquireOptions, isListening: boolean) {
    // A wait that ends by itself, or that is reported, leaves nobody without an answer.
    this.#isSilent = timeout === Number.POSITIVE_INFINITY && signal === undefined && !isListening;
  }

  /** Takes note of what stands in the way, and warns when that is due. */
  see(report: WaitReport): void {
    const { owner, verdict, waited } = report;
    const nonce = verdict?.reason === 'held-by-this-process' ? (owner?.nonce ?? null) : null;
    if (nonce !== this.#nonce) this.#begin(nonce, waited);
    if (waited < this.#dueAt) return;
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (nonce === null || warned.has(nonce)) return;
    warned.set(nonce, true);
    this.#warn(report, nonce);
  }

  /** Milliseconds until a warning is due. Infinity when none is. */
  dueIn(waited: number): number {
    return this.#dueAt - waited;
  }

  #begin(nonce: string | null, waited: number): void {
    this.#nonce = nonce;
    this.#isReentrant = nonce !== null && isHeldForCaller(nonce);
    // The first look is made before the caller goes on, so that the stack still shows it.
    this.#calledAt = this.#isReentrant ? callSite() : null;
    const delay = this.#isReentrant
      ? REENTRANT_AFTER
      : nonce !== null && this.#isSilent
        ? SILENT_AFTER
        : Number.POSITIVE_INFINITY;
    this.#dueAt = waited + delay;
  }

  #warn({ path, owner, ownerAge, waited }: WaitReport, nonce: string): void {
    const places = `${this.#calledAt === null ? '' : ` It was called ${this.#calledAt}.`}${whereTaken(nonce)}`;
    const who = `for ${Math.round(waited / 1000)} s for the lock '${path}', which it holds itself (${describeOwner(owner, ownerAge)})`;
    if (this.#isReentrant) {
      process.emitWarning(
        `this program waits ${who}: the acquisition was called inside the function that withLock runs for the same lock. ` +
          `If that function waits for it, both wait for ever; use the lock that it was given.${places}`,
        { code: 'KERNEL_IDENTITY_LOCK_REENTRANT' },
      );
    } else {
      process.emitWarning(`this thread waits ${who}. A release may have been forgotten.${places}`, {
        code: 'KERNEL_IDENTITY_LOCK_SELF_WAIT',
      });
    }
  }
}
