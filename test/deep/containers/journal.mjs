import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A line that a contender wrote.
 * @typedef {object} Entry
 * @property {string} who
 * @property {string} run different for every process
 * @property {number} at ms since the epoch
 * @property {'born' | 'waiting' | 'entered' | 'inside' | 'refused' | 'failed' | 'lost' | 'released'} event
 * @property {number} [ms] entered and refused: since the call
 * @property {string | null} [reclaimed] entered: why another's lock could be removed
 * @property {string} [reason] waiting, refused and failed
 * @property {string | null} [state] refused: the state of the verdict on the owner
 * @property {number} [pid] born
 * @property {string | null} [namespace] born
 * @property {string | null} [bootId] born
 * @property {boolean} [bootIdNative] born
 * @property {string} [hostname] born
 */

const LOOK_MS = 5;

/** The entries of the contenders of one volume. */
export class Journal {
  #path;

  /** @param {string} volume */
  constructor(volume) {
    this.#path = `${volume}/journal`;
  }

  /** @returns {Entry[]} */
  entries() {
    const text = readIfThere(this.#path);
    // The last line may be half written.
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /**
   * Waits for the first entry that fits; null when there was none in time.
   * @param {(entry: Entry) => boolean} fits
   * @param {number} limitMs
   */
  async find(fits, limitMs) {
    const until = performance.now() + limitMs;
    for (;;) {
      const found = this.entries().find(fits);
      if (found !== undefined || performance.now() > until) return found ?? null;
      await sleep(LOOK_MS);
    }
  }

  /**
   * Counts the owners that lost their lock: they found it gone, or were still inside when another one had
   * entered. A process that was killed before that writes no more.
   */
  thefts() {
    /** @type {Map<string, { overtaken: boolean }>} */
    const owners = new Map();
    let count = 0;
    for (const { run, event } of this.entries()) {
      const owner = owners.get(run);
      if (event === 'entered') {
        for (const other of owners.values()) other.overtaken = true;
        owners.set(run, { overtaken: false });
      } else if (owner !== undefined && (event === 'lost' || (event === 'inside' && owner.overtaken))) {
        count += 1;
        owners.delete(run);
      } else if (event === 'released') {
        owners.delete(run);
      }
    }
    return count;
  }
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
