import { parseArgs } from 'node:util';

/**
 * Reads `DIR_A DIR_B [--rounds N]`, and prints the usage and ends where the words are not that.
 * @param options of this comparison alone, as parseArgs() takes them.
 */
export function readTwoBuilds(usage, { rounds, options = {} }) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: String(rounds) },
      help: { type: 'boolean', short: 'h', default: false },
      ...options,
    },
  });
  const count = Number(values.rounds);
  const isUsable = positionals.length === 2 && Number.isInteger(count) && count > 0;
  if (values.help || !isUsable) {
    console.log(usage);
    process.exit(values.help ? 0 : 2);
  }
  return { folders: positionals, rounds: count, values };
}

/** Says that the directory is not built, and ends. */
export function endUnbuilt(folder, missing) {
  console.error(`${missing} does not exist: run npm run build in ${folder}`);
  process.exit(2);
}
