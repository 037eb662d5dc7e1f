import { isErrno } from '../backend/system-error.js';
import { currentObserver } from '../identity/observer.js';

/** A lifeline that is watched, and the keys that wait for its end. */
interface Watched {
  readonly ticket: number;
  readonly keys: Set<string>;
}

/**
 * Watches a lifeline for each key, and each lifeline once, however many keys wait for it. The thread that watches tests all
 * lifelines whenever any process of the kernel may have ended, and again a few times, so their number is what idling costs.
 */
export class LifelineWatches {
  readonly #ended: (keys: readonly string[], lifeline: string) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #lifelines = new Map<string, string>();

  /** @param ended is called with the keys that waited for a lifeline, which they do no longer. */
  constructor(ended: (keys: readonly string[], lifeline: string) => void) {
    this.#ended = ended;
  }

  /** Watches this lifeline for the key, and no other one any more. False: it cannot be watched now. */
  watch(key: string, lifeline: string): boolean {
    this.forget(key);
    const watched = this.#watched.get(lifeline) ?? this.#start(lifeline);
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
  }

  #start(lifeline: string): Watched | null {
    const { watch } = currentObserver().backend;
    const ticket = watch?.onLifelineEnd(lifeline, () => this.#onEnd(lifeline)) ?? 'ENOSYS';
    if (isErrno(ticket)) return null;
    const watched = { ticket: ticket as number, keys: new Set<string>() };
    this.#watched.set(lifeline, watched);
    return watched;
  }

  #onEnd(lifeline: string): void {
    const keys = [...(this.#watched.get(lifeline)?.keys ?? [])];
    for (const key of keys) this.forget(key);
    this.#ended(keys, lifeline);
  }
}
