import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const AGENT = fileURLToPath(new URL('../../fixtures/lock-agent.mjs', import.meta.url));

/**
 * The answer of an agent.
 * @typedef {{ value?: any, error?: { name: string, code?: string, message: string }, wallMs?: number }}
 * Answer
 */

/**
 * A process that uses the package on request, on this machine or in a guest.
 * @typedef {object} Agent
 * @property {number} pid
 * @property {(call: string, request?: Record<string, unknown>, timeoutMs?: number) => Promise<Answer>} ask
 * makes one call of test/fixtures/lock-agent.mjs. The watchdog rejects when the call takes longer
 * @property {(signal?: NodeJS.Signals) => Promise<unknown>} kill resolves when it is gone
 */

/** @typedef {(options?: { env?: Record<string, string> }) => Promise<Agent>} StartAgent */

/** An agent on this machine. Answers arrive in the order of the calls. */
class LocalAgent {
  /** @type {((answer: any) => void)[]} */
  #waiting = [];
  #child;
  #exited;

  /**
   * @param {Record<string, string>} env
   * @param {readonly string[]} through a command that runs another one, which is appended to it
   * @param {string} script the program that answers
   */
  constructor(env, through, script) {
    const [program = '', ...args] = [...through, process.execPath, script];
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#child.stdin.on('error', () => {});
    const lines = createInterface({ input: this.#child.stdout });
    lines.on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
    // The close event comes when no process holds its pipes any more, not when the command that it runs
    // through ends.
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve));
    this.#exited.then(() => {
      for (const answer of this.#waiting.splice(0)) answer({ error: { name: 'Error', message: 'it ended' } });
    });
    this.ready = this.#answer('start', 30_000);
    this.ready.catch(() => {});
  }

  get pid() {
    return this.#child.pid ?? 0;
  }

  /**
   * @param {string} call
   * @param {Record<string, unknown>} [request]
   * @param {number} [timeoutMs]
   * @returns {Promise<Answer>}
   */
  ask(call, request = {}, timeoutMs = 30_000) {
    this.#child.stdin.write(`${JSON.stringify({ call, ...request })}\n`);
    return this.#answer(call, timeoutMs);
  }

  /** @param {NodeJS.Signals} [signal] */
  kill(signal = 'SIGKILL') {
    this.#child.kill(signal);
    return this.#exited;
  }

  /**
   * @param {string} call
   * @param {number} timeoutMs
   * @returns {Promise<Answer>}
   */
  #answer(call, timeoutMs) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${call}: no answer for ${timeoutMs} ms`)), timeoutMs);
      this.#waiting.push((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }
}

/**
 * An agent that runs through this command sees no other's process, and has no number that others see, like a
 * container next to them.
 */
export const APART = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];

/**
 * @param {{ env?: Record<string, string>, through?: readonly string[], script?: string }} [options] `script`:
 *   another program than test/fixtures/lock-agent.mjs, which speaks as it does
 * @returns {Promise<Agent>}
 */
export async function startLocalAgent({ env = {}, through = [], script = AGENT } = {}) {
  const agent = new LocalAgent(env, through, script);
  await agent.ready;
  return agent;
}
