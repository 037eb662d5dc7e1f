/**
 * The tasks of this process that want the same lock, one after the other. A session has one entry in the line of a lock,
 * so that two tasks would otherwise share it, and both hold the lock.
 */
export class Turns {
  readonly #ends = new Map<string, Promise<void>>();

  isTaken(name: string): boolean {
    return this.#ends.has(name);
  }

  /**
   * Takes a place in line at once.
   * @returns `turn` resolves when all before have left; `leave` ends the turn, or gives the place up before it.
   */
  enter(name: string): { readonly turn: Promise<void>; readonly leave: () => void } {
    const turn = this.#ends.get(name) ?? Promise.resolve();
    let leave = () => {};
    const own = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const end = turn.then(() => own);
    this.#ends.set(name, end);
    void end.then(() => {
      if (this.#ends.get(name) === end) this.#ends.delete(name);
    });
    return { turn, leave };
  }
}
