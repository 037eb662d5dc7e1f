import { Session } from 'node:inspector';

/** V8's counts of this process's own code: which blocks ran, and roughly how often. */
export class Coverage {
  #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * Returns the blocks that ran since the last call.
   * @returns {string[]}
   */
  take() {
    const blocks = [];
    for (const { url, functions } of this.#post('Profiler.takePreciseCoverage').result) {
      if (!url.includes('/build/modules/')) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          // Counts are rounded to powers of two, so that one more iteration of a loop is nothing new.
          if (count > 0) blocks.push(`${url}:${startOffset}:${endOffset}:${32 - Math.clz32(count)}`);
        }
      }
    }
    return blocks;
  }

  /**
   * Within one thread the answer arrives before the call returns.
   * @param {string} method
   * @param {object} [parameters]
   * @returns {any}
   */
  #post(method, parameters) {
    let answer;
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }
}
