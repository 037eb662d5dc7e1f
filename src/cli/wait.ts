import { isPid } from '../identity/format.js';
import { waitUntilFree } from '../lock/waiting/until-free.js';
import { formatElapsed } from '../text/elapsed.js';
import { waitUntilExit } from '../watch/until-exit.js';
import { isAddress } from './addresses.js';
import { parseArguments, requireOnePath, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { JUDGE_FLAGS, JUDGE_FLAGS_HELP, parseJudgeFlags } from './judge-flags.js';
import { complain, print } from './output.js';
import { SILENCE, waitAsAsked } from './wait-notice.js';
import { parseWaitOptions, WAIT_OPTIONS, type WaitRequest } from './wait-options.js';

const help = `Usage: kernel-identity wait LOCK|PID [OPTION...]

Waits until LOCK is free or its owner dead, or until the process that has the
number PID now has ended. Takes and removes nothing: another process may have
the lock again by the time this program ends. LOCK may be the lock or PID file
of another program too (see inspect --help), or an address such as
etcd://host:2379/locks/job. Digits alone are a PID; a lock of
such a name is ./123.

After a second of waiting one line on stderr says so.

  -n, --nonblock   one look: do not wait
  -w, --timeout TIME
                   give up after 300ms, 10s, 5m, 2h, or 30 (seconds); 0: one
                   look; default: never
  -E, --conflict-exit-code CODE
                   exit with this code (0 to 255) instead of 75 after that time
  -q, --quiet      say nothing of waiting, and of giving up
  -h, --help       this text

How the owner of a lock that is held is judged:
${JUDGE_FLAGS_HELP}

Exit codes: 0 it is free, or has ended; 75 not within that time; 1 an error.`;

export const waitCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(args, {
      ...WAIT_OPTIONS,
      ...JUDGE_FLAGS,
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    const what = requireOnePath(positionals);
    const wait = parseWaitOptions(values);
    const judging = parseJudgeFlags(values);
    if (/^\d+$/.test(what)) return waitForProcess(Number(what), wait);
    return waitAsAsked(wait, async (waiting) => {
      if (isAddress(what)) await (await import('./engine.js')).waitAt(what, waiting, judging);
      else await waitUntilFree(what, { ...waiting, ...judging });
      return EXIT.success;
    });
  },
};

async function waitForProcess(pid: number, wait: WaitRequest): Promise<number> {
  if (!isPid(pid)) throw new UsageError(`${pid} is not a pid, an integer from 1 to 2147483647`);
  const { timeout = Number.POSITIVE_INFINITY, isQuiet } = wait;
  const notice = setTimeout(() => complain(`waiting for the end of process ${pid}`), SILENCE);
  if (isQuiet || timeout <= SILENCE) clearTimeout(notice);
  const outcome = await waitUntilExit(pid, timeout);
  clearTimeout(notice);
  if (outcome === 'ended') return EXIT.success;
  if (!isQuiet) complain(`the process ${pid} did not end within ${formatElapsed(timeout)}`);
  return wait.conflictCode;
}
