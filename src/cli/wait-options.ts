import { parseDecimal, UsageError } from './arguments.js';
import { parseDuration } from './duration.js';
import { EXIT } from './exit-codes.js';

/** The options of every command that waits for a lock. The short ones are those of flock(1). */
export const WAIT_OPTIONS = {
  timeout: { type: 'string', short: 'w' },
  nonblock: { type: 'boolean', short: 'n' },
  'conflict-exit-code': { type: 'string', short: 'E' },
  quiet: { type: 'boolean', short: 'q' },
} as const;

/** Their part of the help of `run` and `hold`, which acquire the lock. */
export const WAIT_OPTIONS_HELP = `\
  -n, --nonblock   one try: do not wait
  -w, --timeout TIME
                   give up after 300ms, 10s, 5m, 2h, or 30 (seconds); 0: one
                   try; default: never
  -E, --conflict-exit-code CODE
                   exit with this code (0 to 255) instead of 75 when the lock
                   was not acquired in time
  -q, --quiet      say nothing of waiting, and of giving up`;

const EXCLUSIVE = 'every lock is exclusive, so leave it out';
const SHARED = 'there are no shared locks';
const UNLOCK =
  'run releases the lock when its command ends, and closing the descriptor gives up that of hold';
const CLOSE = 'the lock of run ends with its command, whatever that leaves in the background';
const NO_FORK = 'run has to stay; hold leaves no process behind';
const VERBOSE = 'kernel-identity inspect shows who holds a lock';

/** What to write in place of the options of flock(1) that are not among ours. */
export const INSTEAD_OF_FLOCK: Readonly<Record<string, string>> = {
  '-x': EXCLUSIVE,
  '-e': EXCLUSIVE,
  '--exclusive': EXCLUSIVE,
  '-s': SHARED,
  '--shared': SHARED,
  '-u': UNLOCK,
  '--unlock': UNLOCK,
  '-o': CLOSE,
  '--close': CLOSE,
  '-F': NO_FORK,
  '--no-fork': NO_FORK,
  '--verbose': VERBOSE,
};

export interface WaitRequest {
  /** Milliseconds; undefined: wait for ever. */
  readonly timeout: number | undefined;
  /** The exit code for what was not free in time. */
  readonly conflictCode: number;
  /** Nothing is said about the waiting and about a timeout. */
  readonly isQuiet: boolean;
}

interface Values {
  readonly timeout?: string | undefined;
  readonly nonblock?: boolean | undefined;
  readonly 'conflict-exit-code'?: string | undefined;
  readonly quiet?: boolean | undefined;
}

/** @throws UsageError */
export function parseWaitOptions(values: Values): WaitRequest {
  const { timeout, nonblock, 'conflict-exit-code': code, quiet } = values;
  if (nonblock === true && timeout !== undefined) {
    throw new UsageError('--nonblock is a --timeout of 0, so only one of the two can be given');
  }
  return {
    timeout: nonblock === true ? 0 : timeout === undefined ? undefined : parseDuration(timeout),
    conflictCode: code === undefined ? EXIT.notAcquired : parseDecimal('exit code', code, 0, 255),
    isQuiet: quiet === true,
  };
}
