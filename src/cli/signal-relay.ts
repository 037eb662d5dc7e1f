import type { ChildProcess } from 'node:child_process';
import { isAtKeyboard } from './terminal.js';

/** By default they end a process. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const;
/** By default they do nothing, or let a stopped process go on. */
const HARMLESS = ['SIGWINCH', 'SIGCONT'] as const;
/** The terminal sends them to all processes in its foreground. */
const FROM_KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Takes the signals that `run` gets: until there is a command they end the waiting, from then on they are the
 * command's. SIGKILL and SIGSTOP cannot be taken, and SIGTSTP stops `run` as it stops the command.
 */
export class SignalRelay {
  readonly #ended = new AbortController();
  #command: ChildProcess | undefined;

  constructor() {
    for (const signal of ENDING) process.on(signal, () => this.#take(signal, true));
    for (const signal of HARMLESS) process.on(signal, () => this.#take(signal, false));
  }

  /** Aborts, with the name of the signal as its reason, when one arrives while there is no command. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Which signal ended the waiting; undefined: none. */
  get endedBy(): NodeJS.Signals | undefined {
    return this.#ended.signal.aborted ? (this.#ended.signal.reason as NodeJS.Signals) : undefined;
  }

  forwardTo(command: ChildProcess): void {
    this.#command = command;
  }

  #take(signal: NodeJS.Signals, ending: boolean): void {
    if (this.#command === undefined) {
      if (ending) this.#ended.abort(signal);
      return;
    }
    // The command got its own from the terminal. Many a program takes a second Ctrl-C for "at once, without clean-up".
    if (FROM_KEYBOARD.has(signal) && isAtKeyboard()) return;
    this.#command.kill(signal);
  }
}
