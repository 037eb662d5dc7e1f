import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { currentBackend } from '../backend/select.js';
import { errnoOf, isSystemError, reasonOf } from '../backend/system-error.js';
import { EXIT, exitCodeOfSignal } from './exit-codes.js';
import { complain } from './output.js';
import { reapOrphans } from './reap-orphans.js';
import type { CommandToRun } from './run-arguments.js';
import type { SignalRelay } from './signal-relay.js';

/** Errors of system limits, which arise before the command is reached. */
const OWN_FAILURES = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * Runs a command with the given files and environment, and waits for its end.
 * @param endsWithThis true: the command gets SIGTERM when this process dies, where the backend can bring that about.
 * @returns the command's exit code; 128 + n if signal n ended it; 125, 126 or 127 if it could not be started.
 */
export function executeCommand(
  toRun: CommandToRun,
  options: SpawnOptions,
  relay: SignalRelay,
  endsWithThis: boolean,
): Promise<number> {
  const program = 'shellLine' in toRun ? 'sh' : toRun.program;
  // spawn rejects an empty name as a wrong argument. A shell reports a command that is not found; so do we.
  if (program === '') {
    complain("cannot run '': the name is empty");
    return Promise.resolve(EXIT.notFound);
  }
  return new Promise((resolve) => {
    function failed(error: unknown): void {
      const isLine = !('shellLine' in toRun) && toRun.args.length === 0 && /\s/.test(program);
      const hint = isLine && errnoOf(error) === 'ENOENT' ? '; -c runs a shell line' : '';
      complain(`cannot run '${program}': ${wordsOf(error)}${hint}`);
      resolve(exitCodeOfFailure(error));
    }

    try {
      const command = endsWithThis ? bound(() => start(toRun, options)) : start(toRun, options);
      command.on('error', (error) => {
        // kill(2) is denied once the command has changed its user. The command goes on running.
        const isUnsignalled = isSystemError(error) && error.syscall === 'kill';
        if (isUnsignalled) complain(`cannot signal '${program}': ${wordsOf(error)}`);
        else failed(error);
      });
      command.once('exit', (code, signal) => {
        resolve(signal === null ? (code ?? EXIT.runFailed) : exitCodeOfSignal(signal));
      });
      relay.forwardTo(command);
      if (command.pid !== undefined) reapOrphans(command.pid);
    } catch (error) {
      // Node throws some errors of execve(2) (E2BIG, ELOOP, ...) and emits the others as events.
      failed(error);
    }
  });
}

/** Starts a process that gets SIGTERM when this one dies. */
function bound(start: () => ChildProcess): ChildProcess {
  const { processes } = currentBackend();
  processes.setDeathSignal(constants.signals.SIGTERM);
  try {
    return start();
  } finally {
    processes.setDeathSignal(0);
  }
}

function start(toRun: CommandToRun, options: SpawnOptions): ChildProcess {
  // The module is loaded only here, because no other command needs it.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return 'shellLine' in toRun
    ? spawn(toRun.shellLine, [], { ...options, shell: true })
    : spawn(toRun.program, toRun.args, options);
}

/** The text of strerror(3), because Node's own message is only `spawn name ENOENT`. */
function wordsOf(error: unknown): string {
  const words = isSystemError(error) ? getSystemErrorMap().get(error.errno)?.[1] : undefined;
  return words ?? reasonOf(error);
}

/** The exit code that env(1) and timeout(1) give for the same error. */
function exitCodeOfFailure(error: unknown): number {
  const code = errnoOf(error);
  if (code === 'ENOENT') return EXIT.notFound;
  return code !== undefined && OWN_FAILURES.has(code) ? EXIT.runFailed : EXIT.notExecutable;
}
