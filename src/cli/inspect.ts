import { formatInspection } from '../dump/format-inspection.js';
import { inspectLockSync, type LockInspection } from '../lock/inspect.js';
import { parseArguments, requirePaths } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { lookAtEach, printJsonOfEach } from './each-path.js';
import { EXIT } from './exit-codes.js';
import { inspectionJson } from './inspection-json.js';
import { print } from './output.js';

const help = `Usage: kernel-identity inspect PATH... [--json] [--exit-code]

Judges the lock at each PATH, and shows all that the judgement rests on. Changes
nothing.

  --json       as JSON: an object for one path, an array for several, in which
               a path that could not be read is left out
  --exit-code  tell by the exit code how the lock stands
  -h, --help   this text

Exit codes: 0; 1 a path could not be read. With --exit-code: 0 free or stale,
1 held, 3 unknown. Of several paths, one held or not readable makes it 1, else
one unknown makes it 3: 0 says that all can be taken.`;

export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'judge a lock, with all the evidence; changes nothing',
  help,
  failureCode: EXIT.failure,
  execute(args) {
    const { values, positionals } = parseArguments(args, {
      json: { type: 'boolean' },
      'exit-code': { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    requirePaths(positionals);
    const { results, failed } = lookAtEach(positionals, (path) => inspectLockSync(path));
    if (values.json) {
      printJsonOfEach(positionals, results.map(inspectionJson));
    } else if (results.length > 0) {
      const paint = stdoutPaint();
      print(results.map((inspection) => formatInspection(inspection, paint)).join('\n\n'));
    }
    if (failed) return EXIT.failure;
    return values['exit-code'] ? worstOf(results) : EXIT.success;
  },
};

function worstOf(inspections: readonly LockInspection[]): number {
  if (inspections.some(({ state }) => state === 'held')) return EXIT.failure;
  return inspections.some(({ state }) => state === 'unknown') ? EXIT.unknown : EXIT.success;
}
