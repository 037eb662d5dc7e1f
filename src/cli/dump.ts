import { dumpDiagnostics } from '../dump/dump.js';
import { refuseAddresses } from './addresses.js';
import { parseArguments, refuseEmptyPath } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { formatDump } from './format/format-dump.js';
import { print, printJson } from './output.js';

const help = `Usage: kernel-identity dump [LOCK...] [--redact] [--json]

Prints what is needed to understand a verdict: versions, the backend and why it
is this one, what the kernel can do and why, the identity of this process, its
namespaces, the state of /proc, seccomp, hints of a container, and the state of
each LOCK. Changes nothing. What cannot be read is reported, and is no error.

  --redact    host names, container and machine ids, users and commands become
              host-1, container-1, machine-1, user-1, command-1, ...
  --json      as JSON
  -h, --help  this text

Exit codes: 0.`;

export const dumpCommand: Command = {
  help,
  failureCode: EXIT.failure,
  execute(args) {
    const { values, positionals } = parseArguments(args, {
      redact: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    refuseEmptyPath(positionals);
    refuseAddresses(positionals, 'dump');
    const dump = dumpDiagnostics({ locks: positionals, redact: values.redact === true });
    if (values.json) printJson(dump);
    else print(formatDump(dump, stdoutPaint()));
    return EXIT.success;
  },
};
