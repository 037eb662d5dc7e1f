import { subscribe } from 'node:diagnostics_channel';
import { CHANNELS, type MovedEvent } from '../lock/events.js';
import { acquireLock } from '../lock/index.js';
import type { Lock } from '../lock/lock.js';
import type { AcquireOptions } from '../lock/options.js';
import { isAddress } from './addresses.js';
import type { Command } from './command.js';
import { executeCommand } from './execute-command.js';
import { EXIT, exitCodeOfSignal } from './exit-codes.js';
import { JUDGE_FLAGS_HELP } from './judge-flags.js';
import { complain, print } from './output.js';
import { parseRunArguments, type RunRequest } from './run-arguments.js';
import { SignalRelay } from './signal-relay.js';
import { waitAsAsked } from './wait-notice.js';
import { WAIT_OPTIONS_HELP } from './wait-options.js';

const help = `Usage: kernel-identity run LOCK [OPTION...] -- COMMAND...
       kernel-identity run LOCK [OPTION...] -c 'SHELL LINE'

Acquires LOCK, runs COMMAND while holding it, and releases it. The lock of a
dead owner is reclaimed. After a second of waiting one line on stderr says who
holds the lock. LOCK is a path, or an address such as etcd://host:2379/locks/job
(docs/across-machines.md); COMMAND then finds its fencing token in
KERNEL_IDENTITY_FENCING_TOKEN, and KERNEL_IDENTITY_ETCD_TTL says after what time
the lock of an owner falls that nobody can see to be dead: 60s, 5m, or 60
(seconds), from 2s to 24h; default: 30s.

COMMAND finds the absolute path of the lock in KERNEL_IDENTITY_LOCK, and gets
the signals that run gets; SIGTSTP and SIGCONT stop both and let them go on. As
PID 1 of a container run also reaps orphans.

COMMAND inherits the lock's witness and lifeline, so that the lock stays held
until COMMAND ends even if run alone is killed; where neither can be taken (see
"kernel-identity dump"), it does not. Processes that COMMAND leaves in the
background keep the lock only if run was killed. COMMAND inherits owner.json
open for writing, so do not run what you do not trust without --close: one that
changes to a user with fewer rights should do so outside, as in
"setpriv ... kernel-identity run LOCK -- COMMAND".

  -c, --command LINE
                   run this line by /bin/sh instead of COMMAND
${WAIT_OPTIONS_HELP}
  --label TEXT     a word for people, shown with the lock; default: the name of
                   the program that runs, without its arguments
  -o, --close      COMMAND inherits nothing of the lock, which then ends with
                   run, also while COMMAND goes on. Without it COMMAND can
                   write owner.json, whatever user it becomes
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
    const options = lock.optionsOfHeir({ stdio: 'inherit' });
    // Nobody renews the lease for a command that lives on.
    const endsWithThis = isAddress(request.path) && request.onLost === 'end';
    const code = await executeCommand(request.command, options, relay, endsWithThis);
    isRunning = false;
    const released = await release(lock);
    return !isEnded && (released || code !== EXIT.success) ? code : EXIT.runFailed;
  },
};

/** What `run` needs of a lock in a file or on an engine. */
type HeldLock = Pick<Lock, 'signal' | 'release' | 'optionsOfHeir'>;

/** @returns the lock, or the exit code to end with when it was not acquired. */
async function acquire({ path, options, wait }: RunRequest, relay: SignalRelay): Promise<HeldLock | number> {
  try {
    const lock = await waitAsAsked(wait, (waiting) => take(path, waiting, options, relay));
    if (typeof lock === 'number' || relay.endedBy === undefined) return lock;
    // A signal came at the same moment as the lock.
    await lock.release();
  } catch (error) {
    if (relay.endedBy === undefined) throw error;
  }
  return exitCodeOfSignal(relay.endedBy);
}

async function take(
  path: string,
  waiting: Pick<AcquireOptions, 'timeout' | 'onWait'>,
  options: RunRequest['options'],
  relay: SignalRelay,
): Promise<HeldLock> {
  const signal = relay.ended;
  if (!isAddress(path)) return acquireLock(path, { ...waiting, ...options, signal });
  const { acquireAt } = await import('./engine.js');
  const given = { ...waiting, label: options.label, handedOver: options.handOver, signal };
  return acquireAt(path, given, options, () => relay.isToEnd);
}

/** @returns false when the lock had been lost or could not be released; the reason has then been printed. */
async function release(lock: HeldLock): Promise<boolean> {
  try {
    await lock.release();
    return true;
  } catch (error) {
    // A loss was printed already, when the signal aborted.
    if (error !== lock.signal.reason) complain((error as Error).message);
    return false;
  }
}
