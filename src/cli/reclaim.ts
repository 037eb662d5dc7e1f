import type { ReclaimResult } from '../lock/reclaim.js';
import { type PatientResult, reclaimPatiently } from '../lock/reclaim-patiently.js';
import { printable } from '../text/printable.js';
import { parseArguments, requirePaths } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { parseDuration } from './duration.js';
import { awaitEach, jsonForm, printJsonOfEach } from './each-path.js';
import { EXIT } from './exit-codes.js';
import { formatInspection } from './format/format-inspection.js';
import { complain, inspectionJson, print } from './output.js';

const help = `Usage: kernel-identity reclaim PATH... [--timeout TIME] [--ownerless AGE]
                               [--trust-boot-id] [--json | --json-lines]

Removes the lock at each PATH if its owner is dead, and leaves it alone if the
owner is alive or its state unknown. A path that does not exist counts as free.
The lock and PID files of other programs (see inspect --help) are removed too,
unless they changed after they were judged. A file without an owner is an error.

Where nothing but its lease can show that an owner is dead, it waits until the
owner has been silent for the whole lease (30 s by default), or until it renews
its lease. stderr says so.

  --timeout TIME   wait for no longer than 300ms, 10s, 5m, 2h, or 30 (seconds);
                   0: decide at once
  --ownerless AGE  an empty directory, or one with a torn owner.json, that has
                   not changed for AGE (0s, 5m) is a left-over lock, whatever it
                   is called. Without it, only after 30s, and only if lock, lck
                   or pid is a word of its name
  --trust-boot-id  a process with this boot id is one of this very machine, and
                   not of a copy of it: its death counts on filesystems that
                   machines share too
  --json           as JSON: an array, in which a path that failed is
                   {path, error}
  --json-lines     as JSON: one object in each line
  -h, --help       this text

Exit codes: 0 all are free now; 1 one was left alone, or failed.`;

export const reclaimCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(args, {
      timeout: { type: 'string' },
      ownerless: { type: 'string' },
      'trust-boot-id': { type: 'boolean' },
      json: { type: 'boolean' },
      'json-lines': { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    requirePaths(positionals);
    const options = {
      trustBootId: values['trust-boot-id'] === true,
      timeout: values.timeout === undefined ? Number.POSITIVE_INFINITY : parseDuration(values.timeout),
      ...(values.ownerless === undefined ? {} : { ownerlessGrace: parseDuration(values.ownerless) }),
      onWait: (found: ReclaimResult) => complain(noticeOf(found)),
    };
    const looks = await awaitEach(positionals, (path) => reclaimPatiently(path, options));
    const { results, failed } = looks;
    const form = jsonForm(values);
    if (form !== null) {
      printJsonOfEach(looks, form, (result) => ({ ...inspectionJson(result), reclaimed: result.reclaimed }));
    } else {
      for (const result of results) print(describe(result));
    }
    return failed || results.some(({ state }) => state !== 'free') ? EXIT.failure : EXIT.success;
  },
};

function noticeOf({ path, description }: ReclaimResult): string {
  return `waiting for '${path}': ${description}`;
}

function describe(result: PatientResult): string {
  if (result.state !== 'free') {
    const why = result.isRenewed ? ', because its owner has just renewed its lease' : '';
    return `left alone${why}: ${formatInspection(result, stdoutPaint())}`;
  }
  const what = result.reclaimed ? `reclaimed (${result.description})` : 'free';
  return `${printable(result.path)}: ${printable(what)}`;
}
