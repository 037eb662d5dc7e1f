// Processes that fight for one lock, and the judge of who was inside when.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Intervals } from './intervals.mjs';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const CONTENDER = fileURLToPath(new URL('contender.mjs', import.meta.url));
const CLIENTS = 3;

export class Crowd {
  intervals = new Intervals();
  /** The codes of the acquisitions and releases that failed, and how often. @type {Map<string, number>} */
  errors = new Map();
  /** How often one that was inside was told that it had lost the lock. */
  losses = 0;
  /** @type {Map<number, ChildProcess>} */
  #running = new Map();
  #started = 0;
  #cluster;
  #words;
  #through;

  /**
   * @param {import('./cluster.mjs').Cluster} cluster
   * @param {{ name: string, ttl: number, ms: number }} setting `ms`: for how long one stays inside
   * @param {(number: number) => string[]} through the words that start a program in place of the process of this number
   */
  constructor(cluster, { name, ttl, ms }, through = () => []) {
    this.#cluster = cluster;
    this.#through = through;
    this.#words = [CONTENDER, cluster.address, JSON.stringify({ ttl }), name, String(ms)];
  }

  /** Starts one more, at the next client. */
  start() {
    this.#started += 1;
    const number = this.#started;
    const words = [...this.#through(number), process.execPath, ...this.#words];
    const child = this.#cluster.spawnAt(1 + (number % CLIENTS), words);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, code = ''] = line.split(' ');
      if (what === 'error') this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
      else this.intervals.take(number, line);
      if (what === 'lost') this.losses += 1;
    });
    this.#running.set(number, child);
  }

  /** One of those that run. @returns {{ number: number, child: ChildProcess }} */
  any() {
    const all = [...this.#running];
    const [number, child] = all[Math.floor(Math.random() * all.length)] ?? [];
    if (number === undefined || child === undefined) throw new Error('nobody is there');
    return { number, child };
  }

  /** @param {number} number */
  async kill(number) {
    const child = this.#running.get(number);
    this.#running.delete(number);
    // A moment at which it surely lived.
    const at = process.hrtime.bigint();
    const closed = new Promise((resolve) => child?.once('close', resolve));
    child?.kill('SIGKILL');
    await closed;
    this.intervals.killed(number, at);
  }

  async killAll() {
    for (const number of [...this.#running.keys()]) await this.kill(number);
  }

  /** Waits for so many more acquisitions. Resolves with false if they do not come. @param {number} count @param {number} ms */
  async progress(count, ms) {
    const target = this.intervals.count + count;
    const deadline = performance.now() + ms;
    while (this.intervals.count < target) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  }
}
