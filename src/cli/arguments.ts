import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../text/nearest.js';

/** The command line cannot be understood. The message is one line, without a capital or a full stop. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** True also for one that a command throws: each command is a file of its own, with its own copy of this class. */
export function isUsageError(error: unknown): boolean {
  return (error as Error).name === 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** The option that every command has. */
const HELP = { help: { type: 'boolean', short: 'h' } } as const;

type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T & typeof HELP; allowPositionals: true }>
>;

/**
 * @param instead says of options that another program has, and this one has not, what to do instead.
 * @throws UsageError for an unknown option, or one without its value.
 */
export function parseArguments<T extends Options>(
  args: readonly string[],
  options: T,
  instead: Readonly<Record<string, string>> = {},
): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options: { ...options, ...HELP }, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '([^'=]+)/.exec(message)?.[1] ?? '';
    const advice = Object.hasOwn(instead, unknown)
      ? `: ${instead[unknown]}`
      : meantOption(error as Error, Object.keys(options));
    throw new UsageError(firstSentence(error as Error) + advice);
  }
}

/** Names the option that was most likely meant, in words that follow the complaint. Empty where none is near. */
function meantOption({ message }: Error, options: readonly string[]): string {
  const slip = /^Unknown option '--([^'=]+)/.exec(message)?.[1];
  return slip === undefined ? '' : didYouMean(slip, [...options, 'help'], '--');
}

/** `; did you mean '--json'?` Empty where no word is near. */
export function didYouMean(slip: string, words: readonly string[], prefix = ''): string {
  const meant = nearest(slip, words);
  return meant === null ? '' : `; did you mean '${prefix}${meant}'?`;
}

/** Drops all but the first sentence: after it Node explains how to pass a value that begins with a dash. */
function firstSentence({ message }: Error): string {
  const [sentence = message] = message.split(/\.? (?=To specify a positional)|\.?\n/, 1);
  const clear = sentence.replace(
    / argument is ambiguous$/,
    ' needs a value, and the next word begins with a dash',
  );
  return clear.charAt(0).toLowerCase() + clear.slice(1);
}

/** @throws UsageError when there is no path, or when one of them is empty. */
export function requirePaths(paths: readonly string[]): void {
  if (paths.length === 0) throw new UsageError('the path of a lock is missing');
  refuseNoPath(paths);
}

/** @throws UsageError unless there is one path, which is not empty. */
export function requireOnePath(paths: readonly string[]): string {
  requirePaths(paths);
  const [path, ...more] = paths;
  refuseArguments(more);
  return path as string;
}

/**
 * @throws UsageError for an empty path, which is an unset variable and never means the current directory, and for an
 * address of a kind that is not known.
 */
export function refuseNoPath(paths: readonly string[]): void {
  if (paths.includes('')) throw new UsageError('a path is empty');
  const strange = paths.find((path) => /^(?!etcds?:\/\/)(?:file:\/|[A-Za-z][A-Za-z\d+.-]+:\/\/)/.test(path));
  if (strange === undefined) return;
  const isFile = /^file:/.test(strange);
  throw new UsageError(
    `'${strange}' is no path${isFile ? '; write a path without file:' : ', and no address that is known here'}`,
  );
}

/** @throws UsageError when a command that takes no arguments gets some. */
export function refuseArguments(positionals: readonly string[]): void {
  const [first] = positionals;
  if (first !== undefined) throw new UsageError(`unexpected argument '${first}'`);
}

/** @throws UsageError unless the text is a decimal integer from `least` to `most`. */
export function parseDecimal(what: string, text: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`'${text}' is no ${what}, an integer from ${least} to ${most}`);
}
