import { parseArgs } from 'node:util';
import { checkAcquireOptions } from '../lock/options.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { parseArguments, refuseEmptyPath, UsageError } from './arguments.js';
import { parseDuration } from './duration.js';
import { JUDGE_FLAGS, parseJudgeFlags } from './judge-flags.js';

const OPTIONS = {
  timeout: { type: 'string' },
  label: { type: 'string' },
  'on-lost': { type: 'string' },
  ...JUDGE_FLAGS,
} as const;

export interface RunRequest {
  readonly path: string;
  /** Program and its arguments; at least one word. */
  readonly command: readonly [string, ...string[]];
  /** What becomes of the command when the lock is lost. */
  readonly onLost: 'end' | 'ignore';
  readonly options: InspectOptions & { readonly timeout?: number; readonly label?: string };
}

/**
 * Reads `LOCK [options] -- COMMAND...`. Every word after the first `--` belongs to the command.
 * @returns null when help is wanted.
 * @throws UsageError
 */
export function parseRunArguments(args: readonly string[]): RunRequest | null {
  const [own, afterDashes] = split(args);
  const { values, positionals } = parseArguments(own, OPTIONS);
  if (values.help) return null;
  const [path, unexpected] = positionals;
  if (path === undefined) throw new UsageError('the path of the lock is missing');
  refuseEmptyPath([path]);
  if (unexpected !== undefined) throw new UsageError(`unexpected argument '${unexpected}' before --`);
  const [program, ...rest] = afterDashes;
  if (program === undefined) throw new UsageError('the command to run is missing');
  const options = {
    ...(values.timeout === undefined ? {} : { timeout: parseDuration(values.timeout) }),
    ...(values.label === undefined ? {} : { label: values.label }),
    ...parseJudgeFlags(values),
  };
  checkOptions(options);
  return { path, command: [program, ...rest], onLost: parseOnLost(values['on-lost']), options };
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
