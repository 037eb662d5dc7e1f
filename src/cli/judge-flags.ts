import { checkInspectOptions } from '../lock/options.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { UsageError } from './arguments.js';
import { parseDuration } from './duration.js';

/** The options of `run`, `hold`, `wait`, `inspect` and `reclaim` that decide how an owner is judged. */
export const JUDGE_FLAGS = {
  legacy: { type: 'string' },
  'clock-slack': { type: 'string' },
  ownerless: { type: 'string' },
  'empty-file': { type: 'string' },
  'same-host': { type: 'boolean' },
  'trust-boot-id': { type: 'boolean' },
} as const;

/** Their part of the help. */
export const JUDGE_FLAGS_HELP = `\
  --legacy assume|unknown
                   unknown: a record that holds a pid and no identity, as other
                   programs write it, is never judged. Default: assume
  --clock-slack TIME
                   the wall clock was set by no more than TIME since such a
                   record was written; default: 60s
  --ownerless AGE  an empty directory, or one whose owner.json is torn or has
                   pid 0, that has not changed for AGE (0s, 5m) is a left-over
                   lock. Without it, only after 30s, only if lock, lck or pid is
                   a word of its name, and with pid 0 never
  --empty-file take
                   a file that is empty, torn, or has pid 0 is a left-over lock
                   once it has not changed for the AGE of --ownerless (30s), if
                   it is named like a lock and no process has locked it
  --same-host      a record of another program was written on this host, though
                   it names another host or container, as that of a container
                   that was made anew, or stands on a filesystem that machines
                   share. KERNEL_IDENTITY_SAME_HOST=1 says so for all
  --trust-boot-id  a process with this boot id is one of this very machine, and
                   not of a copy of it: its death counts on filesystems that
                   machines share too`;

type Values = { readonly [Flag in keyof typeof JUDGE_FLAGS]?: string | boolean | undefined };

/** @throws UsageError */
export function parseJudgeFlags(values: Values): InspectOptions {
  const options = Object.fromEntries(
    Object.entries({
      legacy: values.legacy,
      clockSlack: durationOf(values['clock-slack']),
      ownerlessGrace: durationOf(values.ownerless),
      emptyFile: values['empty-file'],
      sameHost: values['same-host'],
      trustBootId: values['trust-boot-id'],
    }).filter(([, value]) => value !== undefined),
  ) as InspectOptions;
  try {
    checkInspectOptions(options);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return options;
}

function durationOf(text: string | boolean | undefined): number | undefined {
  return typeof text === 'string' ? parseDuration(text) : undefined;
}
