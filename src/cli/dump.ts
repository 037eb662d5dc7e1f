import { dumpLocks, dumpWith } from '../dump/dump.js';
import type { LockDump } from '../dump/types.js';
import { isAddress } from './addresses.js';
import { parseArguments, refuseNoPath } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { formatDump } from './format/format-dump.js';
import { print, printJson } from './output.js';

const help = `Usage: kernel-identity dump [LOCK...] [--redact] [--json]

Prints what is needed to understand a verdict: versions, the backend and why it
is this one, what the kernel can do and why, the identity of this process, its
namespaces, the state of /proc, seccomp, hints of a container, and the state of
each LOCK, a path or an address such as etcd://host:2379/locks/job. Changes
nothing. What cannot be read is reported, and is no error.

  --redact    names become host-1, path-1, label-1, ...: of hosts, containers,
              machines, boots, users, paths, labels, commands, addresses; the
              last line says what is still there
  --json      as JSON
  -h, --help  this text

Exit codes: 0.`;

export const dumpCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(args, {
      redact: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    refuseNoPath(positionals);
    const dump = dumpWith(await dumpAll(positionals), values.redact === true);
    if (values.json) printJson(dump);
    else print(formatDump(dump, stdoutPaint()));
    return EXIT.success;
  },
};

/** Reports on paths and addresses, in the order in which they were given. */
async function dumpAll(locks: readonly string[]): Promise<LockDump[]> {
  const onDisk = dumpLocks(locks.filter((lock) => !isAddress(lock)));
  const addresses = locks.filter(isAddress);
  if (addresses.length === 0) return onDisk;
  const { dumpAt } = await import('./engine.js');
  const onEngines = await Promise.all(addresses.map(dumpAt));
  return locks.map((lock) => (isAddress(lock) ? onEngines : onDisk).shift() as LockDump);
}
