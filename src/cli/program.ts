import { packageVersion } from '../backend/own-package.js';
import { didYouMean, isUsageError, parseArguments, refuseArguments, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { COMMANDS, type CommandEntry } from './commands.js';
import { EXIT } from './exit-codes.js';
import { complain, print } from './output.js';

const help = `Usage: kernel-identity COMMAND ...

Is the process that took this lock still alive? Asks the kernel, not the pid.

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

  -h, --help     this text; after a command, its own; also: help [COMMAND]
  -V, --version  the version; also: version

KERNEL_IDENTITY_BACKEND=native|procfs|portable forces a backend.
Exit codes: 2 the command line is wrong; else see each command.`;

/** @returns the exit code. */
export async function runProgram(given: readonly string[]): Promise<number> {
  let entry: CommandEntry | undefined;
  let command: Command | undefined;
  try {
    const args = asOptions(given);
    entry = COMMANDS.find(({ name }) => name === args[0]);
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

/** Many programs know `help` and `version` as commands too: they stand for the options. */
function asOptions([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  if (first === 'version') {
    refuseArguments(rest);
    return ['--version'];
  }
  if (first !== 'help') return [first, ...rest];
  const [command, ...others] = rest;
  refuseArguments(others);
  return command === undefined ? ['--help'] : [command, '--help'];
}

function withoutCommand(args: readonly string[]): number {
  const { values, positionals } = parseArguments(args, { version: { type: 'boolean', short: 'V' } });
  const [name] = positionals;
  if (name !== undefined) {
    const names = [...COMMANDS.map((command) => command.name), 'help', 'version'];
    throw new UsageError(`unknown command '${name}'${didYouMean(name, names)}`);
  }
  if (values.help) print(help);
  else if (values.version) print(packageVersion());
  else throw new UsageError('a command is missing');
  return EXIT.success;
}
