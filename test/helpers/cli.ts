import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { watchesOf } from '../waiting/process-state.js';
import { onCleanup } from './cleanup.js';
import { isBuilt, type Requirement } from './requirements.js';
import { until } from './until.js';

/** The path of the program as it is installed. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));

/** How the program names itself when it is started as the tests start it. The library names it alike. */
export const PROGRAM = `node ${MAIN}`;

/** The requirements of every test of the built program. */
export const BUILT: readonly Requirement[] = [isBuilt()];

/** The signals that `run` passes on to its command. */
export const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGALRM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGPWR',
  'SIGIO',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGSTKFLT',
  'SIGWINCH',
  'SIGCONT',
  'SIGURG',
];

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The running program. Its stdin stays empty and open until `endInput`. It is killed after the test. */
export class RunningCli {
  readonly pid: number;
  /** Resolves when the program has ended; processes that it left behind may still hold its output open. */
  readonly exited: Promise<Outcome>;
  /** Resolves when its output has ended as well. */
  readonly closed: Promise<Outcome>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid as number;
    child.stdin?.on('error', () => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = this.#outcomeAt('exit');
    this.closed = this.#outcomeAt('close');
    onCleanup(async () => {
      child.kill('SIGKILL');
      child.stdin?.destroy();
      await this.exited;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /**
   * Waits until the program waits for a lock. It says so only after a second, but before that its watch on the
   * lock shows it, if it has the addon.
   */
  async waits(): Promise<void> {
    await until(`${this.pid} waits`, () => watchesOf(this.pid) > 0 || this.stderr.includes('waiting'));
  }

  /** Waits until stdout or stderr holds `text`. */
  async said(text: string): Promise<void> {
    await until(`"${text}" of ${JSON.stringify([this.stdout, this.stderr])}`, () =>
      (this.stdout + this.stderr).includes(text),
    );
  }

  #outcomeAt(event: 'exit' | 'close'): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#child.once(event, (code: number | null, signal: NodeJS.Signals | null) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
  }
}

export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  return startProgram([process.execPath, MAIN, ...args], options);
}

/** Starts a command that runs the program inside, such as a shell or a terminal. */
export function startProgram([file, ...args]: readonly string[], options: CliOptions = {}): RunningCli {
  // The colour settings of the shell that runs the tests must not change the output.
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  const child = spawn(file as string, args, {
    stdio: 'pipe',
    env: { ...env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return new RunningCli(child);
}

/** Runs the program to its end, with an empty stdin. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
  const running = startCli(args, options);
  running.endInput();
  return running.closed;
}
