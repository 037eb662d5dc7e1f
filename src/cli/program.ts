import { packageVersion } from '../backend/own-package.js';
import { parseArguments, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { dumpCommand } from './dump.js';
import { EXIT } from './exit-codes.js';
import { holdCommand } from './hold.js';
import { inspectCommand } from './inspect.js';
import { listCommand } from './list.js';
import { complain, print } from './output.js';
import { probeCommand } from './probe.js';
import { reclaimCommand } from './reclaim.js';
import { runCommand } from './run.js';
import { selfCommand } from './self.js';
import { waitCommand } from './wait.js';

const COMMANDS: readonly Command[] = [
  runCommand,
  holdCommand,
  waitCommand,
  inspectCommand,
  reclaimCommand,
  selfCommand,
  probeCommand,
  listCommand,
  dumpCommand,
];

const help = `Usage: kernel-identity COMMAND ...

Is the process that took this lock still alive? Asks the kernel, not the pid.

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

  -h, --help  this text; after a command, its own
  --version   the version

KERNEL_IDENTITY_BACKEND=native|procfs|portable forces a backend.
Exit codes: 2 the command line is wrong; else see each command.`;

/** @returns the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === args[0]);
  try {
    return command === undefined ? withoutCommand(args) : await command.execute(args.slice(1));
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof UsageError) {
      const name = command === undefined ? '' : ` ${command.name}`;
      complain(`${message}; see kernel-identity${name} --help`);
      return EXIT.usage;
    }
    complain(message);
    return command?.failureCode ?? EXIT.failure;
  }
}

function withoutCommand(args: readonly string[]): number {
  const { values, positionals } = parseArguments(args, { version: { type: 'boolean' } });
  const [name] = positionals;
  if (name !== undefined) throw new UsageError(`unknown command '${name}'`);
  if (values.help) print(help);
  else if (values.version) print(packageVersion());
  else throw new UsageError('a command is missing');
  return EXIT.success;
}
