import { subscribe } from 'node:diagnostics_channel';
import { CHANNELS, type MovedEvent } from '../lock/events.js';
import { acquireLock } from '../lock/index.js';
import type { Lock } from '../lock/lock.js';
import type { AcquireOptions } from '../lock/options.js';
import { LockTimeoutError } from '../lock/timeout-error.js';
import type { Command } from './command.js';
import { executeCommand } from './execute-command.js';
import { EXIT, exitCodeOfSignal } from './exit-codes.js';
import { JUDGE_FLAGS_HELP } from './judge-flags.js';
import { complain, print } from './output.js';
import { parseRunArguments, type RunRequest } from './run-arguments.js';
import { SignalRelay } from './signal-relay.js';
import { waitNotice } from './wait-notice.js';

const help = `Usage: kernel-identity run LOCK [--timeout TIME] [--label TEXT]
                           [--on-lost end|ignore] [JUDGING] -- COMMAND...

Acquires LOCK, runs COMMAND while holding it, and releases it. The lock of a
dead owner is reclaimed. While waiting, stderr shows who holds the lock.

COMMAND gets the signals that run gets. It inherits the lock's witness and
lifeline, so that the lock stays held until COMMAND ends even if run alone is
killed; where neither can be taken (see "kernel-identity dump"), it does not.
Processes that COMMAND leaves in the background keep the lock only if run was
killed.

  --timeout TIME   give up after 300ms, 10s, 5m, 2h, or 30 (seconds); 0: one
                   try; default: never
  --label TEXT     a word for people, shown with the lock
  --on-lost end    when another program deletes, moves or takes the lock while
                   COMMAND runs: SIGTERM, after 10 s SIGKILL, exit code 125.
                   This is the default. ignore: only a message
  -h, --help       this text

JUDGING, how the owner of a lock that is held is judged:
${JUDGE_FLAGS_HELP}

The -- may be left out before a command none of whose words begins with a dash.

Exit codes: that of COMMAND, or 128 + n if signal n ended it; 75 the lock was
not acquired in time; 125 run itself failed, or the lock was lost while COMMAND
ran and COMMAND was ended for that, or succeeded; 126 COMMAND cannot be
executed; 127 COMMAND was not found.`;

export const runCommand: Command = {
  name: 'run',
  summary: 'run a command while holding a lock',
  help,
  failureCode: EXIT.runFailed,
  async execute(args) {
    const request = parseRunArguments(args);
    if (request === null) {
      print(help);
      return EXIT.success;
    }
    subscribe(CHANNELS.moved, (event) => {
      const { path } = event as MovedEvent;
      complain(
        `the path '${path}' leads elsewhere by now; the lock is still held, but another can be taken there`,
      );
    });
    const relay = new SignalRelay();
    const lock = await acquire(request, relay);
    if (typeof lock === 'number') return lock;
    let isRunning = true;
    let isEnded = false;
    lock.signal.addEventListener('abort', () => {
      isEnded = isRunning && request.onLost === 'end';
      complain(`${(lock.signal.reason as Error).message}${isEnded ? ' The command is ended.' : ''}`);
      if (isEnded) relay.endCommand();
    });
    const code = await executeCommand(request.command, lock.stdioOfHeir('inherit'), relay);
    isRunning = false;
    const released = await release(lock);
    return !isEnded && (released || code !== EXIT.success) ? code : EXIT.runFailed;
  },
};

/** @returns the lock, or the exit code to end with when it was not acquired. */
async function acquire({ path, options }: RunRequest, relay: SignalRelay): Promise<Lock | number> {
  try {
    const onWait = (report: Parameters<typeof waitNotice>[0]) => complain(waitNotice(report));
    const request: AcquireOptions = {
      ...options,
      handOver: true,
      signal: relay.ended,
      onWait,
    };
    const lock = await acquireLock(path, request);
    if (relay.endedBy === undefined) return lock;
    // A signal came at the same moment as the lock.
    await lock.release();
  } catch (error) {
    if (error instanceof LockTimeoutError) {
      complain(error.message);
      return EXIT.notAcquired;
    }
    if (relay.endedBy === undefined) throw error;
  }
  return exitCodeOfSignal(relay.endedBy);
}

/** @returns false when the lock had been lost or could not be released; the reason has then been printed. */
async function release(lock: Lock): Promise<boolean> {
  try {
    await lock.release();
    return true;
  } catch (error) {
    // A loss was printed already, when the signal aborted.
    if (error !== lock.signal.reason) complain((error as Error).message);
    return false;
  }
}
