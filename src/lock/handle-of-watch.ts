/**
 * The handle of a lock, for a watch on that lock. A watch that leads to its lock keeps it from being collected, so that
 * nobody hears when its handle is forgotten. That must be so where a program listens. But NODE_DEBUG is what the warning
 * of a forgotten lock asks for, and must not be what silences it.
 */
export class HandleOfWatch<Lock extends object> {
  readonly #weak: WeakRef<Lock>;
  /** Keeps the lock alive. */
  #kept: Lock | null = null;

  constructor(lock: Lock) {
    this.#weak = new WeakRef(lock);
  }

  keep(lock: Lock): void {
    this.#kept = lock;
  }

  /** null once the handle was forgotten. */
  get lock(): Lock | null {
    return this.#kept ?? this.#weak.deref() ?? null;
  }
}
