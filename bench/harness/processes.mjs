import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A child process that reads and writes lines. */
export class Talker {
  #lines;
  #exited;

  constructor(command, ...args) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    running.add(this.child);
    this.child.stdin.on('error', () => {});
    this.#exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', resolve);
    });
    this.#exited.then(() => running.delete(this.child));
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  get pid() {
    return this.child.pid;
  }

  async line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.child.spawnargs.join(' ')} ended before it answered`);
    return value;
  }

  /** Returns the next message that has the property. Messages before it are dropped. */
  async until(property) {
    for (;;) {
      const message = JSON.parse(await this.line());
      if (property in message) return message;
    }
  }

  write(line) {
    this.child.stdin.write(`${line}\n`);
  }

  send(message) {
    this.write(JSON.stringify(message));
  }

  /** Resolves when the process ends by itself, or when another process has killed it. */
  exited() {
    return this.#exited;
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.#exited;
  }
}
