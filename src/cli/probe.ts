import { describeProcess } from '../identity/describe-process.js';
import { isPid } from '../identity/format.js';
import { currentObserver } from '../identity/observer.js';
import { probeIdentity } from '../identity/read.js';
import { parseArguments, refuseArguments, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { describeIdentity } from './format/format-identity.js';
import { complain, print, printJson } from './output.js';

const help = `Usage: kernel-identity probe PID [--json]

Prints the identity of the process that has the number PID in this PID
namespace, and what it is: its command line (100 characters of it), its user,
and when it started. These are for people, and prove nothing. A value that may
not be read is "not known", or null in JSON.

  --json      as JSON
  -h, --help  this text

Exit codes: 0; 1 no such process.`;

export const probeCommand: Command = {
  help,
  failureCode: EXIT.failure,
  execute(args) {
    const { values, positionals } = parseArguments(args, { json: { type: 'boolean' } });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    const [given, ...rest] = positionals;
    refuseArguments(rest);
    const pid = parsePid(given);
    const identity = probeIdentity(pid);
    if (identity === null) {
      complain(`no process has the number ${pid} here`);
      return EXIT.failure;
    }
    const { command, user, startedAt, kernelThread } = describeProcess(currentObserver(), pid);
    const about = { command, user, startedAt, kernelThread };
    if (values.json) printJson({ ...identity, process: about });
    else print(describeIdentity(identity, 0, about));
    return EXIT.success;
  },
};

function parsePid(text: string | undefined): number {
  if (text === undefined) throw new UsageError('the pid is missing');
  const pid = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!isPid(pid)) throw new UsageError(`'${text}' is not a pid, an integer from 1 to 2147483647`);
  return pid;
}
