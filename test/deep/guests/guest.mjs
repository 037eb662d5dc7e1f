import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** ms. Guests are slow, and emulated ones on a busy machine are very slow. */
const BOOT_MS = 300_000;
const CALL_MS = 120_000;

/** @typedef {import('../locks/agent.mjs').Agent & { name: string }} GuestAgent */

/** A kernel of its own that is running. It takes orders through its console (see inside.mjs). */
export class Guest {
  #child;
  #next;
  /** @type {Map<number, (answer: any) => void>} */
  #waiting = new Map();
  #noise = '';
  #closed;

  /**
   * @param {readonly string[]} command whose stdin and stdout are the console
   * @param {Guest} [original] the guest of which this one is a resumed copy
   */
  constructor([program = '', ...args], original) {
    this.#next = original === undefined ? 1 : original.#next;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text) => this.#hear(text));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line));
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#closed.then(() => {
      for (const answer of this.#waiting.values()) answer({ error: 'the guest is gone' });
    });
    /** Resolves when the guest's program is there. In a copy it is there from the start. */
    this.ready = original === undefined ? this.#answer(0, BOOT_MS, 'boot') : Promise.resolve();
    this.ready.catch(() => {});
  }

  /**
   * @param {string} call of inside.mjs
   * @param {Record<string, unknown>} [request]
   * @param {number} [timeoutMs] the watchdog: a call that takes longer hangs
   * @returns {Promise<any>}
   */
  call(call, request = {}, timeoutMs = CALL_MS) {
    const id = this.#next++;
    this.#child.stdin.write(`${JSON.stringify({ id, call, ...request })}\n`);
    return this.#answer(id, timeoutMs, call);
  }

  /**
   * @param {{ pid?: number, uptime?: number, env?: Record<string, string>, through?: readonly string[],
   *   script?: string }} [options] see inside.mjs
   * @returns {Promise<GuestAgent>}
   */
  async start(options = {}) {
    const name = `agent ${this.#next}`;
    const { pid } = await this.call('start', { name, ...options });
    return this.agent(name, pid);
  }

  /**
   * Returns an agent that was started before, also in the guest of which this one is a copy.
   * @param {string} name
   * @param {number} pid
   * @returns {GuestAgent}
   */
  agent(name, pid) {
    return {
      name,
      pid,
      ask: (call, request = {}, timeoutMs = CALL_MS) =>
        this.call('ask', { name, request: { call, timeoutMs, ...request } }, timeoutMs + 5_000),
      kill: (signal = 'SIGKILL') => this.call('kill', { name, signal }),
    };
  }

  /**
   * @param {readonly string[]} command
   * @param {number} [timeoutMs]
   * @returns {Promise<string>} its output
   */
  async run(command, timeoutMs) {
    const { code, output } = await this.call('run', { command }, timeoutMs);
    if (code !== 0) throw new Error(`${command.join(' ')} in the guest: exit code ${code}: ${output.trim()}`);
    return output;
  }

  /** @param {readonly string[]} names of user-mode Linux's package, which are not where modprobe(8) looks */
  async loadModules(names) {
    if (names.length === 0) return;
    const script =
      'mkdir -p /run/m/lib && ln -sf /usr/lib/uml/modules /run/m/lib/modules && modprobe -d /run/m -a "$@"';
    await this.run(['sh', '-c', script, 'sh', ...names]);
  }

  /** Ends the guest as if the plug was pulled: data that the guest had not written is lost. */
  async powerCut() {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /**
   * @param {number} id
   * @param {number} timeoutMs
   * @param {string} what
   * @returns {Promise<any>}
   */
  #answer(id, timeoutMs, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`no answer to ${what} within ${timeoutMs} ms; the console said: ${this.#noise}`));
      }, timeoutMs);
      this.#waiting.set(id, ({ value, error }) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (error === undefined) resolve(value);
        else reject(new Error(`${what} in the guest: ${error}; the console said: ${this.#noise}`));
      });
    });
  }

  /** @param {string} line */
  #take(line) {
    const text = line.trim();
    if (!text.startsWith('@{')) return this.#hear(`${text}\n`);
    const answer = JSON.parse(text.slice(1));
    this.#waiting.get(answer.id)?.(answer);
  }

  /** @param {string} text */
  #hear(text) {
    this.#noise = (this.#noise + text).slice(-2_000);
  }
}
