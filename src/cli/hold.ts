import { readFileSync } from 'node:fs';
import { ownCommand } from '../backend/own-command.js';
import { showsDescriptors } from '../identity/lock-descriptors.js';
import { currentObserver } from '../identity/observer.js';
import { holdThrough, lifelineFile, lifelineFileOn } from '../lock/hold-through.js';
import { inspectLockSync } from '../lock/inspect.js';
import { MAX_LABEL } from '../record/parse.js';
import { refuseAddresses } from './addresses.js';
import { parseArguments, parseDecimal, requireOnePath, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { JUDGE_FLAGS, JUDGE_FLAGS_HELP, parseJudgeFlags } from './judge-flags.js';
import { print } from './output.js';
import { waitAsAsked } from './wait-notice.js';
import { INSTEAD_OF_FLOCK, parseWaitOptions, WAIT_OPTIONS, WAIT_OPTIONS_HELP } from './wait-options.js';

const help = `Usage: kernel-identity hold LOCK --fd N [OPTION...]

  exec 9</proc/self/ns/time
  kernel-identity hold LOCK --fd 9 || exit

Acquires LOCK for the rest of a shell script. The lock belongs to descriptor 9,
not to this program, which ends at once: it is held until the shell and all
processes that inherited the descriptor from it have ended or closed it, however
they end. A program that must not keep the lock is started with 9<&- after its
words, and exec 9<&- gives the lock up. Its directory is left for the next one
who takes the lock, or for reclaim.

After a second of waiting one line on stderr says who holds the lock.

  --fd N           the descriptor, 3 to 1023
${WAIT_OPTIONS_HELP}
  --label TEXT     a word for people, shown with the lock; default: the name of
                   the script
  -h, --help       this text

How the owner of a lock that is held is judged:
${JUDGE_FLAGS_HELP}

Exit codes: 0 the lock is held; 75 it was not acquired in time; 125 hold itself
failed, such as where lifelines or this filesystem do not allow it.`;

const MAX_DESCRIPTOR = 1023;

const OPTIONS = {
  ...WAIT_OPTIONS,
  fd: { type: 'string' },
  label: { type: 'string' },
  ...JUDGE_FLAGS,
} as const;

export const holdCommand: Command = {
  help,
  failureCode: EXIT.runFailed,
  async execute(args) {
    const { values, positionals } = parseArguments(args, OPTIONS, INSTEAD_OF_FLOCK);
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    const path = requireOnePath(positionals);
    refuseAddresses([path], 'hold');
    if (values.fd === undefined) throw new UsageError('--fd is missing: the descriptor that holds the lock');
    const descriptor = parseDecimal('descriptor', values.fd, 3, MAX_DESCRIPTOR);
    const wait = parseWaitOptions(values);
    const judging = parseJudgeFlags(values);
    requireLifelines(descriptor);
    const label = values.label ?? nameOfParent();
    return waitAsAsked(wait, async (waiting) => {
      await holdThrough(descriptor, path, { ...waiting, ...judging, label });
      requireAnotherHolder(descriptor, path);
      return EXIT.success;
    });
  },
};

/** @throws when a lock that was acquired would not be held by the shell. */
function requireLifelines(descriptor: number): void {
  const isOpenOn = lifelineFileOn(descriptor);
  const file = lifelineFile();
  if (file === null) {
    const command = ownCommand();
    throw new Error(`no lifeline can be taken here: ${command} dump says why; ${command} run needs none`);
  }
  if (isOpenOn === file) return;
  const remedy = `exec ${descriptor}<${file}`;
  throw new Error(`descriptor ${descriptor} is not open on ${file}; let the shell do this before: ${remedy}`);
}

/**
 * A descriptor that the shell opened for this command alone, as in `hold LOCK --fd 9 9</proc/self/ns/time`, ends with it,
 * and so would the lock: the script would go on without it. What is left is a dead owner's lock.
 * @throws when this process alone has the descriptor. What cannot be seen is taken for right:
 * dash opens the descriptor in the shell itself, until the command has ended.
 */
function requireAnotherHolder(descriptor: number, path: string): void {
  if (!currentObserver().ownProc || !showsDescriptors(process.ppid)) return;
  const lock = inspectLockSync(path);
  const offset = lock.owner?.lifeline?.split(':')[1] ?? '';
  // The holders are searched when they are read, so they are read only where the first look does not answer.
  if (isLockedThrough(process.ppid, descriptor, offset) || lock.holders.some(({ self }) => !self)) return;
  const remedy = `exec ${descriptor}<${lifelineFile()}`;
  throw new Error(
    `descriptor ${descriptor} is open in this command alone, so the lock would end with it; let the shell do this before: ${remedy}`,
  );
}

/** Looks at the one place where the lock mostly is, because a search of all processes takes longer. */
function isLockedThrough(pid: number, descriptor: number, offset: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1').includes(` ${offset} ${offset}\n`);
  } catch {
    return false;
  }
}

/** The name of a script is that of the process that runs it (proc_pid_comm(5)). */
function nameOfParent(): string | undefined {
  try {
    return readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trimEnd().slice(0, MAX_LABEL);
  } catch {
    return undefined;
  }
}
