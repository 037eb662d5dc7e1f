import { DEFAULT_LIMIT, type LifelineListing, listLifelines, MAX_LIMIT } from '../identity/list-lifelines.js';
import { isAddress } from './addresses.js';
import { parseArguments, refuseArguments, UsageError } from './arguments.js';
import { stdoutPaint } from './colour.js';
import type { Command } from './command.js';
import { EXIT } from './exit-codes.js';
import { formatLifelines, summariseLifelines } from './format/format-lifelines.js';
import { complain, print, printJson } from './output.js';

const help = `Usage: kernel-identity list [--limit N] [--json]
       kernel-identity list ADDRESS [--json]

Lists the lifelines of this kernel: one for each process that has identified
itself or taken a lock, in whatever container it is, and that of a lock which
has its own. Shows the processes that hold them, where /proc lets them be seen:
ask as root on the host to see all. Changes nothing, and takes no lifeline.

  --limit N   end the search after N, at most ${MAX_LIMIT}; default: ${DEFAULT_LIMIT}
  --json      as JSON: an array
  -h, --help  this text

With an ADDRESS such as etcd://host:2379/locks/ it lists the locks there that
somebody holds, as inspect shows them.

What may be missing in the list is said on stderr.

Exit codes: 0; 1 lifelines cannot be listed here.`;

export const listCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(args, {
      limit: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    const [address, ...others] = positionals;
    if (address !== undefined && isAddress(address)) {
      refuseArguments(others);
      if (values.limit !== undefined) throw new UsageError('--limit goes with no address');
      return listAddress(address, values.json === true);
    }
    refuseArguments(positionals);
    const limit = parseLimit(values.limit);
    const listing = listLifelines({ limit });
    const { lifelines } = listing;
    if (values.json) {
      printJson(lifelines);
    } else {
      if (lifelines.length > 0) print(formatLifelines(lifelines, stdoutPaint()));
      print(summariseLifelines(lifelines));
    }
    for (const gap of gapsIn(listing, limit)) complain(gap);
    return EXIT.success;
  },
};

async function listAddress(address: string, isJson: boolean): Promise<number> {
  const { locksAt } = await import('./engine.js');
  const { printInspectionsJson, printTable } = await import('./inspected-paths.js');
  const results = (await locksAt(address, {})).map((inspection) => ({ path: inspection.path, inspection }));
  if (isJson) printInspectionsJson({ results, failed: false, entries: results }, 'array');
  else printTable(results, 0, stdoutPaint());
  return EXIT.success;
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new UsageError(`'${text}' is not a limit, an integer from 1 to ${MAX_LIMIT}`);
  }
  return limit;
}

/** What may be missing in the list, and why. */
function gapsIn({ spaces, truncated, obscured }: LifelineListing, limit: number): string[] {
  const gaps: string[] = [];
  if (truncated)
    gaps.push(`the search ended at its limit of ${limit}, so there may be more lifelines: --limit N`);
  if (obscured) gaps.push('a lock of another program covers some bytes, so that lifelines may be missing');
  for (const space of ['time', 'user']) {
    if (spaces.includes(space)) continue;
    gaps.push(
      `the lifelines of the initial ${space} namespace are not listed, because this process cannot open it`,
    );
  }
  return gaps;
}
