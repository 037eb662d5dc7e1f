import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Every command has it. */
const HELP = { help: { type: 'boolean', short: 'h' } } as const;

type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T & typeof HELP; allowPositionals: true }>
>;

/** @throws UsageError for an option that is not known or lacks its value. */
export function parseArguments<T extends Options>(args: readonly string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options: { ...options, ...HELP }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(firstSentence(error as Error));
  }
}

/** Node explains at length how to pass a value that begins with a dash. */
function firstSentence({ message }: Error): string {
  const [sentence = message] = message.split(/\.? (?=To specify a positional)|\.?\n/, 1);
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** @throws UsageError unless there is at least one, and none is empty. */
export function requirePaths(paths: readonly string[]): void {
  if (paths.length === 0) throw new UsageError('the path of a lock is missing');
  refuseEmptyPath(paths);
}

/** @throws UsageError: an empty path is a variable that was not set, never the current directory. */
export function refuseEmptyPath(paths: readonly string[]): void {
  if (paths.includes('')) throw new UsageError('a path is empty');
}

/** @throws UsageError when a command that takes no arguments gets some. */
export function refuseArguments(positionals: readonly string[]): void {
  const [first] = positionals;
  if (first !== undefined) throw new UsageError(`unexpected argument '${first}'`);
}
