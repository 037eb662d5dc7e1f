import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { isAtKeyboard } from './format/terminal.js';

/** Signals that end a process by default. SIGPROF is left out, because the profiler of V8 uses it. */
const ENDING = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGPWR', 'SIGIO', 'SIGVTALRM', 'SIGXCPU', 'SIGSTKFLT'] as const),
];
/** Signals that by default do nothing, or let a stopped process go on. */
const HARMLESS = ['SIGWINCH', 'SIGCONT', 'SIGURG'] as const;
/** Signals that the terminal sends to all processes in its foreground. */
const FROM_KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);
/** Milliseconds from SIGTERM to SIGKILL for a command that has to end. */
const KILL_AFTER = 10_000;

/**
 * Handles the signals that `run` gets. Until the command starts they end the waiting, and from then on they
 * are forwarded to the command. SIGTSTP stops both `run` and the command. SIGKILL and SIGSTOP cannot be handled.
 */
export class SignalRelay {
  readonly #ended = new AbortController();
  #command: ChildProcess | undefined;
  #isToEnd = false;

  constructor() {
    for (const signal of ENDING) handle(signal, () => this.#take(signal, true));
    for (const signal of HARMLESS) handle(signal, () => this.#take(signal, false));
    this.#stopOnRequest();
  }

  /** Aborts when a signal arrives before there is a command. Its reason is the name of the signal. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The signal that ended the waiting; undefined when none did. */
  get endedBy(): NodeJS.Signals | undefined {
    return this.#ended.signal.aborted ? (this.#ended.signal.reason as NodeJS.Signals) : undefined;
  }

  /** True once a signal has come that ends a process by default, for this one or for the command. */
  get isToEnd(): boolean {
    return this.#isToEnd;
  }

  forwardTo(command: ChildProcess): void {
    this.#command = command;
  }

  /** Asks the command to end, and kills it if it has not ended after KILL_AFTER. */
  endCommand(): void {
    const command = this.#command;
    command?.kill('SIGTERM');
    setTimeout(() => command?.kill('SIGKILL'), KILL_AFTER).unref();
  }

  #take(signal: NodeJS.Signals, ending: boolean): void {
    this.#isToEnd ||= ending;
    if (this.#command === undefined) {
      if (ending) this.#ended.abort(signal);
      return;
    }
    // The terminal sent the command its own. Many programs take a second Ctrl-C for "quit without clean-up".
    if (FROM_KEYBOARD.has(signal) && isAtKeyboard()) return;
    this.#command.kill(signal);
  }

  /**
   * SIGTSTP stops the command, and then `run` by the default action, so that the shell sees a stopped job. A
   * second one from the terminal does no harm: SIGCONT discards it. The handler is set anew once SIGCONT has
   * let `run` go on.
   */
  #stopOnRequest(): void {
    if (!('SIGTSTP' in constants.signals)) return;
    process.once('SIGTSTP', () => {
      this.#command?.kill('SIGTSTP');
      process.kill(process.pid, 'SIGTSTP');
      this.#stopOnRequest();
    });
  }
}

/** Not every system has every signal. */
function handle(signal: NodeJS.Signals, listener: () => void): void {
  if (signal in constants.signals) process.on(signal, listener);
}
