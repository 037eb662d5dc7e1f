import { ownIdentity } from '../identity/read.js';
import { parseArguments, refuseArguments } from './arguments.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { describeIdentity } from './format/format-identity.js';
import { print, printJson } from './output.js';

const help = `Usage: kernel-identity self [--json]

Prints the identity of this very process: what it would record in a lock, but
for the lifeline, which would end with it.

  --json      as JSON
  -h, --help  this text

Exit codes: 0.`;

export const selfCommand: Command = {
  help,
  failureCode: EXIT.failure,
  execute(args) {
    const { values, positionals } = parseArguments(args, { json: { type: 'boolean' } });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    refuseArguments(positionals);
    const identity = ownIdentity();
    if (values.json) printJson(identity);
    else print(describeIdentity(identity));
    return EXIT.success;
  },
};
