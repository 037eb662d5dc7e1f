// A process that takes orders: test/engine/party.mjs, at a client of the cluster.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../engine/party.mjs', import.meta.url));

/** @typedef {Record<string, any> & { at: number }} Said */

export class Party {
  /** @type {Said[]} */
  #said = [];
  /** @type {(() => void) | null} */
  #wake = null;

  /**
   * @param {import('./cluster.mjs').Cluster} cluster
   * @param {number} client
   * @param {object} options of etcd()
   * @param {Record<string, string>} env
   * @param {string} address with the servers in the order in which this party asks them
   */
  constructor(cluster, client, options = {}, env = {}, address = cluster.address) {
    const [program, ...words] = cluster.at(client, [
      ...[process.execPath, PROGRAM, address],
      JSON.stringify(options),
    ]);
    this.child = spawn(/** @type {string} */ (program), words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#said.push(JSON.parse(line));
      this.#wake?.();
    });
    this.child.once('exit', () => this.#wake?.());
  }

  /** @param {object} order */
  send(order) {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /**
   * Waits for a message with this field, and forgets those before it.
   * @param {string} field
   * @returns {Promise<Said>}
   */
  async until(field, ms = 60_000) {
    const deadline = performance.now() + ms;
    for (;;) {
      const index = this.#said.findIndex((message) => field in message);
      const found = this.#said[index];
      this.#said.splice(0, index < 0 ? this.#said.length : index + 1);
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`waited in vain for '${field}'`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, deadline - performance.now()), undefined);
        this.#wake = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      });
    }
  }

  /** @param {string} name */
  async acquire(name) {
    this.send({ do: 'acquire', name });
    return this.until('held');
  }

  /** Takes a place in line, and returns when it is known that another holds the lock. @param {string} name */
  async queue(name) {
    this.send({ do: 'acquire', name });
    return this.until('waiting');
  }

  /** @param {string} name */
  async release(name) {
    this.send({ do: 'release', name });
    return this.until('released');
  }

  /** Whether the party still has the lock, by the server and by itself. @param {string} name */
  async verify(name) {
    this.send({ do: 'verify', name });
    const { verified, held } = await this.until('verified');
    return verified === true && held === true;
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    this.child.kill(signal);
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async end() {
    this.child.stdin.end();
    await this.exited;
  }
}
