import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAcquireOptions } from '../lock/options.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { MAX_LABEL } from '../record/parse.js';
import { parseArguments, refuseNoPath, UsageError } from './arguments.js';
import { JUDGE_FLAGS, parseJudgeFlags } from './judge-flags.js';
import { INSTEAD_OF_FLOCK, parseWaitOptions, WAIT_OPTIONS, type WaitRequest } from './wait-options.js';

const OPTIONS = {
  ...WAIT_OPTIONS,
  command: { type: 'string', short: 'c' },
  close: { type: 'boolean', short: 'o' },
  label: { type: 'string' },
  'on-lost': { type: 'string' },
  ...JUDGE_FLAGS,
} as const;

/** What `run` starts: a program with its arguments, or a line for the shell. */
export type CommandToRun =
  | { readonly program: string; readonly args: readonly string[] }
  | { readonly shellLine: string };

export interface RunRequest {
  readonly path: string;
  readonly command: CommandToRun;
  /** What becomes of the command when the lock is lost. */
  readonly onLost: 'end' | 'ignore';
  readonly wait: WaitRequest;
  readonly options: InspectOptions & { readonly label: string; readonly handOver: boolean };
}

/**
 * Reads `LOCK [options] -- COMMAND...`. Every word after the first `--` belongs to the command.
 * @returns null when help is wanted.
 * @throws UsageError
 */
export function parseRunArguments(args: readonly string[]): RunRequest | null {
  const [own, words] = split(args);
  const { values, positionals } = parseArguments(own, OPTIONS, INSTEAD_OF_FLOCK);
  if (values.help) return null;
  const [path, unexpected] = positionals;
  if (path === undefined) throw new UsageError('the path of the lock is missing');
  refuseNoPath([path]);
  if (unexpected !== undefined) throw new UsageError(`unexpected argument '${unexpected}' before --`);
  const command = toCommand(values.command, words);
  const wait = parseWaitOptions(values);
  const handOver = values.close !== true;
  const options = { label: values.label ?? labelOf(command), handOver, ...parseJudgeFlags(values) };
  checkOptions(options);
  return { path, command, onLost: parseOnLost(values['on-lost']), wait, options };
}

function toCommand(shellLine: string | undefined, [program, ...args]: readonly string[]): CommandToRun {
  if (shellLine === undefined) {
    if (program === undefined) throw new UsageError('the command to run is missing');
    return { program, args };
  }
  if (program !== undefined) {
    throw new UsageError(`-c takes one shell line and no command, so '${program}' is one word too many`);
  }
  if (shellLine.trim() === '') throw new UsageError('the shell line of -c is empty');
  return { shellLine };
}

/** The name of the program alone, because its arguments may hold a secret, and anybody may read the record. */
function labelOf(command: CommandToRun): string {
  return 'shellLine' in command ? 'sh' : basename(command.program).slice(0, MAX_LABEL);
}

function parseOnLost(value: string | undefined): RunRequest['onLost'] {
  if (value === undefined || value === 'end' || value === 'ignore') return value ?? 'end';
  throw new UsageError(`--on-lost is end or ignore, not '${value}'`);
}

/** Splits the words into our own arguments and the command with its arguments. */
function split(args: readonly string[]): [own: readonly string[], command: readonly string[]] {
  const dashes = args.indexOf('--');
  if (dashes >= 0) return [args.slice(0, dashes), args.slice(dashes + 1)];
  const start = secondWord(args);
  if (start === undefined) return [args, []];
  const command = args.slice(start);
  // A reader of the line could take an option among these words for the command's or for ours.
  const option = command.find((word) => word.startsWith('-') && word !== '-');
  if (option !== undefined) {
    throw new UsageError(`write -- before the command, because '${option}' could belong to it or to run`);
  }
  return [args.slice(0, start), command];
}

/** Index of the argument after the lock; undefined when there is none. */
function secondWord(args: readonly string[]): number | undefined {
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  return tokens.filter(({ kind }) => kind === 'positional')[1]?.index;
}

function checkOptions(options: RunRequest['options']): void {
  try {
    checkAcquireOptions(options);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
