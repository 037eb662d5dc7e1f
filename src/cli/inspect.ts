import { inspectLockSync, type LockInspection } from '../lock/inspect.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { parseArguments, requirePaths } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { type Looks, lookAtEach, printJsonOfEach } from './each-path.js';
import { EXIT } from './exit-codes.js';
import { formatInspection } from './format/format-inspection.js';
import { formatTable, summarise } from './format/format-table.js';
import { inspectTrees } from './inspect-trees.js';
import { JUDGE_FLAGS, JUDGE_FLAGS_HELP, parseJudgeFlags } from './judge-flags.js';
import { inspectionJson, print } from './output.js';

const help = `Usage: kernel-identity inspect PATH... [JUDGING] [--json] [--exit-code]
       kernel-identity inspect --recursive DIR... [JUDGING] [--json]
                               [--exit-code]

Judges the lock at each PATH, and shows all evidence for the verdict; with
several paths, one line for each. Changes nothing.

A PATH is a lock directory, or the lock or PID file of another program: a bare
pid, JSON with a pid, postmaster.pid, Chromium's SingletonLock, Emacs's .#file,
"PID TICKS BOOT-ID". Such a file holds no more than a pid and a time, so its
verdict is "assumed": the pid is taken to be one of this PID namespace.

  -r, --recursive  search each DIR for locks: directories with an owner.json,
                   and *.lock, *.pid, .X*-lock, SingletonLock, .#*. Symbolic
                   links are not followed; proc, sysfs and the like are left
                   out, and so are files that turn out to name no owner
  --json           as JSON: an object for one path, an array for several or a
                   search, in which a path that could not be read is left out
  --exit-code      report the state of the lock in the exit code
  -h, --help       this text

JUDGING, how an owner is judged:
${JUDGE_FLAGS_HELP}

Exit codes: 0; 1 a path could not be read. With --exit-code: 0 free or stale,
1 held, 3 unknown. Of several paths, one held or not readable makes it 1, else
one unknown makes it 3: 0 says that all can be taken.`;

export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'judge a lock or PID file, with all the evidence; changes nothing',
  help,
  failureCode: EXIT.failure,
  execute(args) {
    const { values, positionals } = parseArguments(args, {
      recursive: { type: 'boolean', short: 'r' },
      ...JUDGE_FLAGS,
      json: { type: 'boolean' },
      'exit-code': { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    requirePaths(positionals);
    const report = values.recursive ? inspectTrees : inspectPaths;
    const options = parseJudgeFlags(values);
    const { results, failed } = report(positionals, options, values.json === true);
    if (failed) return EXIT.failure;
    return values['exit-code'] ? worstOf(results) : EXIT.success;
  },
};

function inspectPaths(
  paths: readonly string[],
  options: InspectOptions,
  json: boolean,
): Looks<LockInspection> {
  const report = lookAtEach(paths, (path) => inspectLockSync(path, options));
  const { results } = report;
  const [first] = results;
  if (json) {
    printJsonOfEach(paths, results.map(inspectionJson));
  } else if (paths.length > 1) {
    if (results.length > 0) print(formatTable(results, (path) => path, stdoutPaint()));
    print(summarise(results, paths.length - results.length));
  } else if (first !== undefined) {
    print(formatInspection(first, stdoutPaint()));
  }
  return report;
}

function worstOf(inspections: readonly LockInspection[]): number {
  if (inspections.some(({ state }) => state === 'held')) return EXIT.failure;
  return inspections.some(({ state }) => state === 'unknown') ? EXIT.unknown : EXIT.success;
}
