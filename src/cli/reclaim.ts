import type { ReclaimResult } from '../lock/reclaim.js';
import { type PatientOptions, type PatientResult, reclaimPatiently } from '../lock/reclaim-patiently.js';
import { isAddress, refuseAddresses } from './addresses.js';
import { parseArguments, requirePaths, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { parseDuration } from './duration.js';
import { awaitEach, jsonForm, printJsonOfEach } from './each-path.js';
import { EXIT } from './exit-codes.js';
import { JUDGE_FLAGS, JUDGE_FLAGS_HELP, parseJudgeFlags } from './judge-flags.js';
import { complain, inspectionJson, print } from './output.js';
import { forceReclaim } from './reclaim-force.js';
import { describeMany, describeOne } from './reclaim-report.js';

const help = `Usage: kernel-identity reclaim PATH... [--timeout TIME] [JUDGING]
                               [--json | --json-lines]
       kernel-identity reclaim --force PATH [--yes] [JUDGING]

Removes the lock at each PATH if its owner is dead, and leaves it alone if the
owner is alive or its state unknown. A path that does not exist counts as free.
The lock and PID files of other programs (see inspect --help) are removed too,
if they are named like a lock, and unless they changed after they were judged.
A file without an owner is an error. Of several paths each gets one line.

Where nothing but its lease can show that an owner is dead, it waits until the
owner has been silent for the whole lease (30 s by default), or until it renews
its lease. stderr says so. So it does for an address of a lock on etcd, where an
entry falls by itself with its lease; one without a lease is left alone.

  --timeout TIME   wait for no longer than 300ms, 10s, 5m, 2h, or 30 (seconds);
                   0: decide at once
  --force          show the evidence, ask on the terminal, and remove the lock
                   at the one PATH even if its owner lives or cannot be judged.
                   That owner finds that it has lost the lock; until then two
                   programs work at once. stderr says what was removed. What is
                   no lock, and files that are not the lock's own, stay
  --yes            with --force: do not ask. Needed where there is no terminal
  --json           as JSON: an array, in which a path that failed is
                   {path, error}
  --json-lines     as JSON: one object in each line
  -h, --help       this text

JUDGING, how an owner is judged:
${JUDGE_FLAGS_HELP}

Exit codes: 0 all are free now; 1 one was left alone, or failed.`;

export const reclaimCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(args, {
      ...JUDGE_FLAGS,
      timeout: { type: 'string' },
      force: { type: 'boolean' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
      'json-lines': { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    requirePaths(positionals);
    const judging = parseJudgeFlags(values);
    if (values.force) {
      refuseAddresses(positionals, '--force');
      return forceReclaim(onlyPath(positionals, values), judging, values.yes === true);
    }
    if (values.yes) throw new UsageError('--yes is the answer to --force');
    const options: PatientOptions = {
      ...judging,
      timeout: values.timeout === undefined ? Number.POSITIVE_INFINITY : parseDuration(values.timeout),
      onWait: (found: ReclaimResult) => complain(noticeOf(found)),
    };
    const looks = await awaitEach(positionals, (path) =>
      isAddress(path) ? reclaimAddress(path, options) : reclaimPatiently(path, options),
    );
    const { results, failed } = looks;
    const form = jsonForm(values);
    if (form !== null) {
      printJsonOfEach(looks, form, (result) => ({ ...inspectionJson(result), reclaimed: result.reclaimed }));
    } else if (positionals.length > 1) {
      print(describeMany(results, positionals.length - results.length));
    } else {
      for (const result of results) print(describeOne(result));
    }
    return failed || results.some(({ state }) => state !== 'free') ? EXIT.failure : EXIT.success;
  },
};

async function reclaimAddress(
  address: string,
  { timeout, onWait, trustBootId }: PatientOptions,
): Promise<PatientResult> {
  const { reclaimAt } = await import('./engine.js');
  return reclaimAt(address, { trustBootId }, { timeout, onWait });
}

function noticeOf({ path, description }: ReclaimResult): string {
  return `waiting for '${path}': ${description}`;
}

/** A force that takes a list, or a pattern of the shell, would rob owners whose evidence nobody has seen. */
function onlyPath(
  [path, ...others]: readonly string[],
  values: { timeout?: string; json?: boolean; 'json-lines'?: boolean },
): string {
  if (others.length > 0) throw new UsageError('--force takes one path, because each owner must be looked at');
  if (values.timeout !== undefined || jsonForm(values) !== null) {
    throw new UsageError('--force goes with neither --timeout nor --json');
  }
  return path as string;
}
