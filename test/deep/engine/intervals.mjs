// Who was inside when: the judge of the torture. It knows nothing of locks.

/** @typedef {{ token: bigint, from: bigint, to: bigint }} Interval nanoseconds on the clock that all processes share */

export class Intervals {
  /** @type {Interval[]} */
  #all = [];
  /** @type {Map<number, { token: bigint, from: bigint }>} */
  #inside = new Map();

  /**
   * @param {number} process any number that is its own
   * @param {string} line of contender.mjs
   */
  take(process, line) {
    const [what, token = '0', at = '0'] = line.split(' ');
    if (what === 'in') this.#inside.set(process, { token: BigInt(token), from: BigInt(at) });
    else if (what === 'out' || what === 'lost') this.#end(process, BigInt(at));
  }

  /**
   * @param {number} process
   * @param {bigint} at a moment when it surely lived: just before it was killed
   */
  killed(process, at) {
    this.#end(process, at);
  }

  /** @param {number} process @param {bigint} to */
  #end(process, to) {
    const entered = this.#inside.get(process);
    this.#inside.delete(process);
    if (entered !== undefined) this.#all.push({ ...entered, to });
  }

  get count() {
    return this.#all.length;
  }

  /**
   * How often two were inside at once and for how many ms at most, and how often a token was not larger than the one
   * before.
   */
  faults() {
    const sorted = [...this.#all].sort((a, b) => (a.from < b.from ? -1 : 1));
    let overlaps = 0;
    let longest = 0;
    let fallen = 0;
    let last = { token: 0n, to: 0n };
    for (const interval of sorted) {
      if (interval.from < last.to) {
        overlaps += 1;
        longest = Math.max(longest, Number(last.to - interval.from) / 1e6);
      }
      if (interval.token <= last.token) fallen += 1;
      last = { token: interval.token, to: later(interval.to, last.to) };
    }
    return { overlaps, longest, fallen };
  }
}

/** Math.max() takes no such numbers. @param {bigint} a @param {bigint} b */
function later(a, b) {
  if (a < b) return b;
  return a;
}
