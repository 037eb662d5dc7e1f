import { getSystemErrorMap } from 'node:util';
import { withCode } from '../errors.js';
import { EXIT, exitCodeOfSignal } from './exit-codes.js';
import { complain } from './output.js';
import type { SignalRelay } from './signal-relay.js';

/**
 * The number under which the command inherits the witness. Scripts name descriptors by one digit (`exec 3>log`), and
 * shells put their own copies at 10 and up wherever it is free: this one is in nobody's way.
 */
const INHERITED_DESCRIPTOR = 20;

/** System limits and the like: the command was never reached. */
const OWN_FAILURES = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * Runs a command over the own stdin, stdout and stderr, and waits for its end.
 * @param witness descriptor that the command inherits; null: none.
 * @returns its exit code; 128 + n for signal n; 125, 126 or 127 when it could not be started.
 */
export function executeCommand(
  [program, ...args]: readonly [string, ...string[]],
  witness: number | null,
  relay: SignalRelay,
): Promise<number> {
  return new Promise((resolve) => {
    function failed(error: NodeJS.ErrnoException): void {
      complain(`cannot run '${program}': ${wordsOf(error)}`);
      resolve(exitCodeOfFailure(error));
    }

    try {
      // spawn would call an empty name a wrong argument; to a shell it is a command like any other, which nobody has.
      if (program === '') throw withCode(new Error('the name is empty'), 'ENOENT');
      // Loaded only now: only `run` needs it.
      const { spawn } = process.getBuiltinModule('node:child_process');
      const command = spawn(program, args, { stdio: stdioWith(witness) });
      command.on('error', (error: NodeJS.ErrnoException) => {
        // A command that changed its user may not be signalled any more; it runs on.
        if (error.syscall === 'kill') complain(`cannot signal '${program}': ${wordsOf(error)}`);
        else failed(error);
      });
      command.once('exit', (code, signal) => {
        resolve(signal === null ? (code ?? EXIT.runFailed) : exitCodeOfSignal(signal));
      });
      relay.forwardTo(command);
    } catch (error) {
      // Node throws some errors of execve(2) (E2BIG, ELOOP, ...) and emits others.
      failed(error as NodeJS.ErrnoException);
    }
  });
}

function stdioWith(witness: number | null): ('inherit' | 'ignore' | number)[] {
  const stdio: ('inherit' | 'ignore' | number)[] = ['inherit', 'inherit', 'inherit'];
  if (witness === null) return stdio;
  // Beyond stderr, 'ignore' leaves the descriptor closed.
  while (stdio.length < INHERITED_DESCRIPTOR) stdio.push('ignore');
  return [...stdio, witness];
}

/** What strerror(3) says; Node's own message is but `spawn name ENOENT`. */
function wordsOf({ errno, message }: NodeJS.ErrnoException): string {
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}

/** As env(1) and timeout(1) do it. */
function exitCodeOfFailure({ code }: NodeJS.ErrnoException): number {
  if (code === 'ENOENT') return EXIT.notFound;
  return code !== undefined && OWN_FAILURES.has(code) ? EXIT.runFailed : EXIT.notExecutable;
}
