import { isErrno, unlessShort } from '../backend/system-error.js';
import { currentObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { onExitOf, openOwnPidfd } from '../watch/process-exit.js';

/** Most processes that are watched by a descriptor each. */
const MAX_PIDFDS = 256;

/** A lifeline that is watched, and the keys that wait for its end. */
interface Watched {
  readonly ticket: number;
  /** Its process is watched, by a pidfd. */
  readonly isProcess: boolean;
  readonly keys: Set<string>;
}

/**
 * Watches a lifeline for each key, and each lifeline once, however many keys wait for it. The thread that watches tests all
 * lifelines whenever any process of the kernel may have ended, and again a few times, so their number is what idling costs.
 * A process of this PID namespace is watched in place of its lifeline, which costs nothing while others come and go.
 */
export class LifelineWatches {
  readonly #ended: (keys: readonly string[], lifeline: string) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #lifelines = new Map<string, string>();
  #pidfds = 0;

  /** @param ended is called with the keys that waited for a lifeline, which they do no longer. */
  constructor(ended: (keys: readonly string[], lifeline: string) => void) {
    this.#ended = ended;
  }

  /**
   * Watches this lifeline for the key, and no other one any more. False: it cannot be watched now.
   * @param process whose lifeline it is. null: that of a lock, which may outlive any process.
   */
  watch(key: string, lifeline: string, process: ProcessIdentity | null): boolean {
    this.forget(key);
    const watched = this.#watched.get(lifeline) ?? this.#start(lifeline, process);
    if (watched === null) return false;
    watched.keys.add(key);
    this.#lifelines.set(key, lifeline);
    return true;
  }

  forget(key: string): void {
    const lifeline = this.#lifelines.get(key);
    const watched = lifeline === undefined ? undefined : this.#watched.get(lifeline);
    if (lifeline === undefined || watched === undefined) return;
    this.#lifelines.delete(key);
    watched.keys.delete(key);
    if (watched.keys.size > 0) return;
    this.#watched.delete(lifeline);
    currentObserver().backend.watch?.cancel(watched.ticket);
    if (watched.isProcess) this.#pidfds -= 1;
  }

  #start(lifeline: string, process: ProcessIdentity | null): Watched | null {
    const exit = process === null ? null : this.#watchProcess(lifeline, process);
    const { watch } = currentObserver().backend;
    const ticket = exit ?? watch?.onLifelineEnd(lifeline, () => this.#onEnd(lifeline)) ?? 'ENOSYS';
    if (isErrno(ticket)) return null;
    const watched = { ticket: ticket as number, isProcess: exit !== null, keys: new Set<string>() };
    if (watched.isProcess) this.#pidfds += 1;
    this.#watched.set(lifeline, watched);
    return watched;
  }

  /** null where its exit is not seen from here. */
  #watchProcess(lifeline: string, process: ProcessIdentity): number | null {
    const observer = currentObserver();
    const { backend } = observer;
    const { watch } = backend;
    if (watch === null || this.#pidfds >= MAX_PIDFDS) return null;
    return unlessShort(
      () => {
        const pidfd = openOwnPidfd(observer, process);
        if (pidfd === null) return null;
        try {
          const ticket = onExitOf(backend, watch, pidfd, () => {
            if (backend.lifeline.test(lifeline) !== 'held') this.#onEnd(lifeline);
          });
          return isErrno(ticket) ? null : ticket;
        } finally {
          backend.files.close(pidfd);
        }
      },
      () => null,
    );
  }

  #onEnd(lifeline: string): void {
    const keys = [...(this.#watched.get(lifeline)?.keys ?? [])];
    for (const key of keys) this.forget(key);
    this.#ended(keys, lifeline);
  }
}
