import { type InspectedLock, inspectLockSync } from '../lock/inspect.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { isAddress, refuseAddresses } from './addresses.js';
import { parseArguments, requirePaths, UsageError } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { awaitEach, type JsonForm, jsonForm, type Looks, lookAtEach } from './each-path.js';
import { EXIT } from './exit-codes.js';
import { formatInspection } from './format/format-inspection.js';
import { inspectTrees } from './inspect-trees.js';
import { type InspectedPath, printInspectionsJson, printTable } from './inspected-paths.js';
import { JUDGE_FLAGS, JUDGE_FLAGS_HELP, parseJudgeFlags } from './judge-flags.js';
import { print } from './output.js';
import { watchLocks } from './watch-locks.js';

const help = `Usage: kernel-identity inspect PATH... [JUDGING] [--json | --json-lines]
                               [--exit-code[=detailed]]
       kernel-identity inspect --recursive DIR... [the same options]
       kernel-identity inspect --watch PATH... [JUDGING]

Judges the lock at each PATH, and shows all evidence for the verdict, who holds
the lock and who waits for it; with several paths, one line for each. Changes
nothing.

A PATH is an address such as etcd://host:2379/locks/job, or a lock directory, or the lock or PID file of another program: a bare
pid, JSON with a pid, postmaster.pid, the locks of Firefox, GnuPG, git, Vim, Qt
and others (docs/formats.md). Such a file holds no identity, so its verdict is
"assumed": the pid is taken to be one of this PID namespace.

  -r, --recursive  search each DIR for locks: directories with an owner.json,
                   and what is named like a lock: *.lock, *.pid, lockfile,
                   .X*-lock, SingletonLock, .#*, *.swp. Symbolic links are not
                   followed; proc, sysfs and the like are left out, and so are
                   files that turn out to name no owner
  --watch          go on showing them, until q or Ctrl-C: in a terminal a table;
                   in a pipe one JSON object in each line, for every lock at
                   first and then for each change
  --json           as JSON: an array, in which a path that could not be read is
                   {path, error}
  --json-lines     as JSON: one object in each line
  --exit-code      report the state of the lock in the exit code; as
                   --exit-code=detailed, stale has a code of its own
  -h, --help       this text

JUDGING, how an owner is judged:
${JUDGE_FLAGS_HELP}

Exit codes: 0; 1 a path could not be read. With --exit-code: 0 free or stale,
1 held, 3 unknown, 4 a path could not be read; with --exit-code=detailed also
10 stale. Of several paths the worst counts, in the order 4, 1, 3, 10, 0.`;

export const inspectCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(withCodeValue(args), {
      recursive: { type: 'boolean', short: 'r' },
      watch: { type: 'boolean' },
      ...JUDGE_FLAGS,
      json: { type: 'boolean' },
      'json-lines': { type: 'boolean' },
      'exit-code': { type: 'string' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    requirePaths(positionals);
    const codes = values['exit-code'];
    if (codes !== undefined && codes !== SIMPLE && codes !== DETAILED) {
      throw new UsageError(`--exit-code is written alone or as --exit-code=${DETAILED}, not '=${codes}'`);
    }
    const options = parseJudgeFlags(values);
    const form = jsonForm(values);
    if (values.watch) refuseAddresses(positionals, '--watch');
    if (values.recursive) refuseAddresses(positionals, '--recursive');
    if (values.watch) {
      if (values.recursive || form !== null || codes !== undefined) {
        throw new UsageError('--watch goes with paths and the options for judging only');
      }
      return watchLocks(positionals, options);
    }
    const looks = values.recursive
      ? inspectTrees(positionals, options, form)
      : await inspectPaths(positionals, options, form);
    if (codes === undefined) return looks.failed ? EXIT.failure : EXIT.success;
    return worstOf(looks, codes === DETAILED);
  },
};

const SIMPLE = 'simple';
const DETAILED = 'detailed';

/** Gives a bare --exit-code its value, because parseArgs(3) knows no option whose value may be left out. */
function withCodeValue(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((word, index) =>
    word === '--exit-code' && (end < 0 || index < end) ? `${word}=${SIMPLE}` : word,
  );
}

async function inspectPaths(
  paths: readonly string[],
  options: InspectOptions,
  form: JsonForm | null,
): Promise<Looks<InspectedPath>> {
  const looks = paths.some(isAddress)
    ? await awaitEach(paths, async (path) => ({ path, inspection: await lookAt(path, options) }))
    : lookAtEach(paths, (path) => ({ path, inspection: inspectLockSync(path, options) }));
  const { results, entries } = looks;
  const [first] = results;
  if (form !== null) {
    printInspectionsJson(looks, form);
  } else if (paths.length > 1) {
    printTable(results, entries.length - results.length, stdoutPaint());
  } else if (first !== undefined) {
    print(formatInspection(first.inspection, stdoutPaint()));
  }
  return looks;
}

async function lookAt(path: string, options: InspectOptions): Promise<InspectedLock> {
  if (!isAddress(path)) return inspectLockSync(path, options);
  const { inspectAt } = await import('./engine.js');
  return inspectAt(path, options);
}

function worstOf({ results, failed }: Looks<InspectedPath>, isDetailed: boolean): number {
  const isAny = (state: string) => results.some(({ inspection }) => inspection.state === state);
  if (failed) return EXIT.unreadable;
  if (isAny('held')) return EXIT.failure;
  if (isAny('unknown')) return EXIT.unknown;
  return isDetailed && isAny('stale') ? EXIT.stale : EXIT.success;
}
