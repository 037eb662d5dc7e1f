import { packageVersion } from '../backend/own-package.js';
import { isUsageError, parseArguments, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { COMMANDS } from './commands.js';
import { EXIT } from './exit-codes.js';
import { complain, print } from './output.js';

const help = `Usage: kernel-identity COMMAND ...

Is the process that took this lock still alive? Asks the kernel, not the pid.

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

  -h, --help  this text; after a command, its own
  --version   the version

KERNEL_IDENTITY_BACKEND=native|procfs|portable forces a backend.
Exit codes: 2 the command line is wrong; else see each command.`;

/** @returns the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const entry = COMMANDS.find(({ name }) => name === args[0]);
  let command: Command | undefined;
  try {
    command = await entry?.load();
    return command === undefined ? withoutCommand(args) : await command.execute(args.slice(1));
  } catch (error) {
    const { message } = error as Error;
    if (isUsageError(error)) {
      const name = entry === undefined ? '' : ` ${entry.name}`;
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
