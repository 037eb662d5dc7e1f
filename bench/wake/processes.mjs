import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A child process that talks in lines. */
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
    if (done) throw new Error(`${this.child.spawnargs.join(' ')} ended`);
    return value;
  }

  /** The next object with a property of that name; those before it are passed over. */
  async until(property) {
    for (;;) {
      const message = JSON.parse(await this.line());
      if (property in message) return message;
    }
  }

  send(message) {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** For the one that ends by itself, or was killed by somebody else. */
  exited() {
    return this.#exited;
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.#exited;
  }
}

/** A process that locks in its own way (contender.mjs). */
export async function startContender(way) {
  const contender = new Talker(
    process.execPath,
    fileURLToPath(new URL('contender.mjs', import.meta.url)),
    way,
  );
  await contender.until('ready');
  return contender;
}

/** ns for which all threads of a process have run so far (/proc/<pid>/task/<tid>/schedstat). */
export function cpuTimeOf(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]))
    .reduce((sum, ns) => sum + ns, 0);
}
