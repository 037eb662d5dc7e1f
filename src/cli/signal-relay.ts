import type { ChildProcess } from 'node:child_process';
import { isAtKeyboard } from './terminal.js';

/** Signals that end a process by default. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const;
/** Signals that by default do nothing, or let a stopped process go on. */
const HARMLESS = ['SIGWINCH', 'SIGCONT'] as const;
/** Signals that the terminal sends to all processes in its foreground. */
const FROM_KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);
/** Milliseconds from SIGTERM to SIGKILL for a command that has to end. */
const KILL_AFTER = 10_000;

/**
 * Handles the signals that `run` gets. Until the command starts they end the waiting, and from then on they
 * are forwarded to the command. SIGKILL and SIGSTOP cannot be handled, and SIGTSTP stops both `run` and the
 * command.
 */
export class SignalRelay {
  readonly #ended = new AbortController();
  #command: ChildProcess | undefined;

  constructor() {
    for (const signal of ENDING) process.on(signal, () => this.#take(signal, true));
    for (const signal of HARMLESS) process.on(signal, () => this.#take(signal, false));
  }

  /** Aborts when a signal arrives before there is a command. Its reason is the name of the signal. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The signal that ended the waiting; undefined when none did. */
  get endedBy(): NodeJS.Signals | undefined {
    return this.#ended.signal.aborted ? (this.#ended.signal.reason as NodeJS.Signals) : undefined;
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
    if (this.#command === undefined) {
      if (ending) this.#ended.abort(signal);
      return;
    }
    // The terminal sent the command its own. Many programs take a second Ctrl-C for "quit without clean-up".
    if (FROM_KEYBOARD.has(signal) && isAtKeyboard()) return;
    this.#command.kill(signal);
  }
}
