import { Session } from 'node:inspector';

/** What V8 counts of this process's own code: which blocks ran, and roughly how often. */
export class Coverage {
  #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * The blocks that ran since this was last asked.
   * @returns {string[]}
   */
  take() {
    const blocks = [];
    for (const { url, functions } of this.#post('Profiler.takePreciseCoverage').result) {
      if (!url.includes('/build/modules/')) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          // Powers of two, so that a loop that runs once more is no news.
          if (count > 0) blocks.push(`${url}:${startOffset}:${endOffset}:${32 - Math.clz32(count)}`);
        }
      }
    }
    return blocks;
  }

  /**
   * In one thread the answer comes before the call returns.
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
