import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onCleanup } from './cleanup.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a process: on this machine ({@link startProcess}) or in a box. */
export type Start = (command: readonly string[], options?: StartOptions) => Promise<TestProcess>;

const LINE_TIMEOUT_MS = 15_000;

/** Returns the path of a script in test/fixtures. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/**
 * A process of a test. It communicates in lines: what it prints on stdout is read with `line` or, where it is
 * JSON, with `message`; `send` writes a line of JSON to its stdin. It is killed when the test is over.
 */
export class TestProcess {
  /** Its number in the PID namespace it was started in. */
  readonly pid: number;
  /** Its number on this machine, which is the one to signal. */
  readonly hostPid: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #output: Output;

  constructor(child: ChildProcess, pid: number, hostPid: number, exited: Promise<Exit>, output: Output) {
    this.#child = child;
    this.pid = pid;
    this.hostPid = hostPid;
    this.exited = exited;
    this.#output = output;
  }

  /** Resolves with the next line of stdout. Rejects when the process ends or stays silent. */
  line(timeoutMs = LINE_TIMEOUT_MS): Promise<string> {
    return this.#output.line(timeoutMs);
  }

  async message<T = unknown>(timeoutMs?: number): Promise<T> {
    return JSON.parse(await this.line(timeoutMs)) as T;
  }

  send(value: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(value)}\n`);
  }

  /** Closes its stdin, which the fixtures take as a request to end. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** The text that it has written to stderr so far. */
  get errors(): string {
    return this.#output.errors;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends the signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) process.kill(this.hostPid, signal);
  }

  /** Sends SIGKILL, then waits until the process is gone and reaped. */
  async kill(): Promise<Exit> {
    killIfThere(this.hostPid, this.running);
    return this.exited;
  }
}

/** Starts a command on this machine, in the namespaces of the test. */
export async function startProcess(
  command: readonly string[],
  options: StartOptions = {},
): Promise<TestProcess> {
  const { child, exited, output } = launch(command, options);
  const pid = child.pid as number;
  return new TestProcess(child, pid, pid, exited, output);
}

export interface Launched {
  readonly child: ChildProcess;
  exited: Promise<Exit>;
  readonly output: Output;
  /**
   * The process to kill after the test: the child itself, until the process that it started is known. Killing
   * nsenter instead would leave that process to the init of this machine, and the box waits until it is
   * reaped.
   */
  hostPid: number | undefined;
  /** Resolves with the next line that the command writes to descriptor 3, a socket. */
  announced(): Promise<string>;
  /** Writes a line to its descriptor 3, and closes it on this side. */
  proceed(): void;
}

/** Starts a process, and leaves the rest to {@link startProcess} and the boxes. */
export function launch(command: readonly string[], options: StartOptions): Launched {
  const [program, ...args] = command;
  const child = spawn(program as string, args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // A write to a process that was killed fails with EPIPE, which its exit reports as well.
  child.stdin?.on('error', () => {});

  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  exited.catch(() => {});
  const output = new Output(child.stdout as Readable, child.stderr as Readable, exited);
  const socket = child.stdio[3] as Duplex;
  socket.on('error', () => {});
  const side = new Output(socket, null, exited, output);
  const launched: Launched = {
    child,
    exited,
    output,
    hostPid: child.pid,
    announced: () => side.line(LINE_TIMEOUT_MS),
    proceed: () => socket.end('go\n'),
  };
  onCleanup(async () => {
    killIfThere(launched.hostPid, child.exitCode === null && child.signalCode === null);
    await exited.catch(() => {});
  });
  return launched;
}

function killIfThere(pid: number | undefined, running: boolean): void {
  if (pid === undefined || !running) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The lines of a stream, one for each request. */
class Output {
  errors = '';
  readonly #lines: string[] = [];
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #exited: Promise<Exit>;
  readonly #closed: Promise<void>;
  readonly #talker: Output;
  #rest = '';

  /** `talker` is the output whose `errors` explain a silence, when that is not this one. */
  constructor(lines: Readable, errors: Readable | null, exited: Promise<Exit>, talker?: Output) {
    this.#exited = exited;
    this.#talker = talker ?? this;
    this.#closed = new Promise((resolve) => lines.once('close', resolve));
    lines.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    errors?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
  }

  async line(timeoutMs: number): Promise<string> {
    const ready = this.#lines.shift();
    if (ready !== undefined) return ready;

    let timer: NodeJS.Timeout | undefined;
    let take: (line: string) => void = () => {};
    try {
      return await Promise.race([
        new Promise<string>((resolve) => {
          take = resolve;
          this.#waiting.push(take);
        }),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(this.#silence(`no line within ${timeoutMs} ms`)), timeoutMs);
        }),
        // The last output may arrive after the exit event.
        Promise.all([this.#exited, this.#closed]).then(([exit]) => {
          throw this.#silence(`ended (code ${exit.code}, signal ${exit.signal}) without another line`);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      // A caller that gave up waiting must not take the line that arrives after all.
      const place = this.#waiting.indexOf(take);
      if (place >= 0) this.#waiting.splice(place, 1);
    }
  }

  #silence(what: string): Error {
    return new Error(`${what}; stderr: ${this.#talker.errors.trim() || 'empty'}`);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() as string;
    for (const line of lines) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#lines.push(line);
      else waiting(line);
    }
  }
}

/** Returns the number on this machine of the process that is `pid` in the PID namespace with this inode. */
export function hostPidOf(pid: number, namespaceInode: string): number | undefined {
  for (const candidate of readdirSync('/proc')) {
    if (!/^\d+$/.test(candidate)) continue;
    if (nsPidsOf(candidate).at(-1) === pid && namespaceOf(candidate) === namespaceInode)
      return Number(candidate);
  }
  return undefined;
}

/**
 * Returns the inode of the PID namespace of `pid` (a number of this machine), undefined when it cannot be
 * read.
 */
export function namespaceOf(pid: number | string): string | undefined {
  try {
    return statSync(`/proc/${pid}/ns/pid`, { bigint: true }).ino.toString();
  } catch {
    return undefined;
  }
}

function nsPidsOf(pid: string): number[] {
  try {
    const line = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    return line.trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

/** Reads the start ticks of a process of this machine: field 22 of /proc/<pid>/stat. */
export function startTicksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

/** Returns the number of a process that was killed and reaped. */
export async function pidOfDead(): Promise<number> {
  const dead = await startProcess(['sleep', '600']);
  await dead.kill();
  return dead.pid;
}
