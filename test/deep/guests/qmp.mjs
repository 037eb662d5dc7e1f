import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection to qemu's machine protocol, which controls a running machine with one JSON object a line. */
export class Monitor {
  #socket;
  #lines;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** @param {string} path of the socket that qemu listens on, or will */
  static async connect(path) {
    while (!existsSync(path)) await sleep(100);
    const socket = createConnection(path);
    await once(socket, 'connect');
    const monitor = new Monitor(socket);
    await monitor.#lines.next();
    await monitor.tell('qmp_capabilities');
    return monitor;
  }

  /**
   * @param {string} execute
   * @param {Record<string, unknown>} [more] its arguments
   * @returns {Promise<any>}
   */
  async tell(execute, more = {}) {
    this.#socket.write(`${JSON.stringify({ execute, arguments: more })}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`qemu ended at ${execute}`);
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`);
      // All other lines are events.
      if (answer.return !== undefined) return answer.return;
    }
  }

  /** Writes the machine's state into a file, and halts it. @param {string} file */
  async save(file) {
    await this.tell('migrate', { uri: `exec:cat >'${file}'` });
    for (;;) {
      const { status, 'error-desc': why } = await this.tell('query-migrate');
      if (status === 'completed') return;
      if (status === 'failed') throw new Error(`cannot be saved: ${why}`);
      await sleep(100);
    }
  }

  /** Resolves when the machine runs. Input to its console is lost before. */
  async running() {
    while ((await this.tell('query-status')).status !== 'running') await sleep(100);
  }

  close() {
    this.#socket.destroy();
  }
}
