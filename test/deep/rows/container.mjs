import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { execute } from '../containers/foreground.mjs';

const LINE_MS = 60_000;

/**
 * A runtime that can start containers that share nothing but a volume, if that.
 * @typedef {object} Runtime
 * @property {string} name
 * @property {(program: readonly string[], volume?: string) => RowContainer} start the volume at /db
 */

/** A container whose program reads lines of JSON and answers with such lines. */
export class RowContainer {
  #child;
  #lines;
  #kill;
  #errors = '';

  /**
   * @param {readonly string[]} run the command, which stays in the foreground
   * @param {readonly string[]} kill
   */
  constructor([command = '', ...args], kill) {
    this.#child = spawn(command, args, { stdio: 'pipe' });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#kill = kill;
  }

  /**
   * @param {number} [limitMs]
   * @returns {Promise<any>} the next line of JSON
   */
  async answer(limitMs = LINE_MS) {
    const late = new Promise((_, reject) => {
      setTimeout(() => reject(new Error(`no line within ${limitMs} ms: ${this.#errors}`)), limitMs).unref();
    });
    const { value, done } = await Promise.race([this.#lines.next(), late]);
    if (done) throw new Error(`the container ended: ${this.#errors}`);
    return JSON.parse(value);
  }

  /** @param {unknown} value */
  async ask(value) {
    this.#child.stdin.write(`${JSON.stringify(value)}\n`);
    return this.answer();
  }

  /** Sends SIGKILL to all of it. Resolves when it is gone. */
  async kill() {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    execute(this.#kill);
    await ended;
  }
}
