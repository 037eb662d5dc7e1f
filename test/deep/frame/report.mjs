/**
 * One line of the closing table.
 * @typedef {object} Row
 * @property {string} runtime what was tested on: a container runtime, a kernel, a filesystem, a tool
 * @property {string} situation what was done there
 * @property {number} cycles how often
 * @property {string} result what came of it, in a few words
 * @property {'ok' | 'failed' | 'skipped'} status
 * @property {number | null} p50 ms, of what the situation is about; null: nothing was timed
 * @property {number | null} max ms
 * @property {number} thefts locks that were taken from a living owner
 * @property {number} wedges times that somebody waited in vain for a lock that was free or whose owner was dead
 */

/**
 * What a part knows of a row; the rest follows.
 * @typedef {object} Findings
 * @property {string} runtime
 * @property {string} situation
 * @property {number} [cycles]
 * @property {string} result
 * @property {readonly number[]} [ms] one figure for each cycle
 * @property {number} [thefts]
 * @property {number} [wedges]
 * @property {readonly string[]} [failures] what else went wrong; any makes the row a failed one
 */

/** What a part has to say. Each row leaves for the runner at once, so that an interrupted run shows what it has. */
export class Report {
  rows = 0;
  #send;

  /** @param {(row: Row) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {Findings} findings */
  row({ runtime, situation, cycles = 1, result, ms = [], thefts = 0, wedges = 0, failures = [] }) {
    const failed = thefts > 0 || wedges > 0 || failures.length > 0;
    const said = failures.length === 0 ? result : `${result}; ${failures.length} wrong: ${failures[0]}`;
    const status = failed ? 'failed' : 'ok';
    this.#add({ runtime, situation, cycles, result: said, status, ...timesOf(ms), thefts, wedges });
    for (const failure of failures) console.error(`  ${runtime}, ${situation}: ${failure}`);
  }

  /**
   * What this machine cannot do.
   * @param {string} runtime
   * @param {string} situation
   * @param {string} reason
   */
  skip(runtime, situation, reason) {
    const nothing = { cycles: 0, p50: null, max: null, thefts: 0, wedges: 0 };
    this.#add({ runtime, situation, result: `skipped: ${reason}`, status: 'skipped', ...nothing });
  }

  /** @param {Row} row */
  #add(row) {
    this.rows += 1;
    this.#send(row);
  }
}

/** @param {readonly number[]} ms */
function timesOf(ms) {
  const sorted = [...ms].sort((a, b) => a - b);
  const [p50 = null, max = null] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)];
  return { p50, max };
}
