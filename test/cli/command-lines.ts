import fc from 'fast-check';

/** One word of a command line: a text, or the path of a thing, by its number. */
type Word = string | { readonly thing: number };

export interface CommandLine {
  readonly command: string;
  readonly words: readonly Word[];
}

/** The commands that never wait, or not for long. */
const COMMANDS = ['inspect', 'reclaim', 'self', 'probe', 'list', 'dump'] as const;

const option = fc.constantFrom(
  ...[
    '--json',
    '--json',
    '--exit-code',
    '--exit-code=detailed',
    '--json-lines',
    '-r',
    '--recursive',
    '--redact',
    '-h',
    '--help',
    '--version',
    '--limit=1',
    '--limit=x',
    '--',
    '-',
  ],
  ...[
    '--label',
    '--on-lost',
    '--fd=9',
    '--quiet',
    '-qn',
    '-E',
    '-c',
    '--on-lost=ignore',
    '--label=x',
    `--label=${'x'.repeat(300)}`,
    '--unknown',
    '-jx',
    '--json=1',
    '--no-json',
    '-rr',
  ],
  ...['--timeout', '--timeout=0', '--timeout=-1', '--timeout=soon', '--timeout=', '0', '20ms', '-5', '١', ''],
);
const number = fc.constantFrom(
  '0',
  '1',
  '2',
  '4194304',
  '2147483648',
  '99999999999999999999',
  '-1',
  '1.5',
  '0x1',
  '01',
);
/** None of these leads out of the directory or names a program that exists. */
const junk = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !/^\/|\.\.|\0/.test(text));
const thing = fc.record({ thing: fc.nat({ max: 4 }) });
const word = fc.oneof({ weight: 4, arbitrary: thing }, { weight: 3, arbitrary: option }, number, junk);

/** The commands for `run`. Each ends at once. */
const program = fc.constantFrom<Word[]>(
  ...[['/bin/true'], ['/bin/false'], ['/bin/sh', '-c', 'exit 42'], ['/bin/sh', '-c', 'kill -9 $$']],
  ...[['/nonexistent'], ['.'], [''], [{ thing: 0 }], []],
);

const runLine = fc
  .tuple(fc.array(fc.oneof({ weight: 3, arbitrary: thing }, option), { maxLength: 3 }), fc.boolean(), program)
  .map(([own, dashes, words]): CommandLine => {
    // Without a timeout it would wait for ever. A later --timeout replaces this one.
    return { command: 'run', words: ['--timeout=20ms', ...own, ...(dashes ? ['--'] : []), ...words] };
  });

const waitLine = fc
  .tuple(fc.constantFrom('hold', 'wait'), fc.array(word, { maxLength: 4 }))
  .map(([command, words]): CommandLine => ({ command, words: ['--timeout=20ms', ...words] }));

export const commandLines: fc.Arbitrary<CommandLine> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      command: fc.constantFrom(...COMMANDS),
      words: fc.array(word, { maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: runLine },
  { weight: 2, arbitrary: waitLine },
  {
    weight: 1,
    arbitrary: fc.record({ command: fc.oneof(option, junk), words: fc.array(word, { maxLength: 3 }) }),
  },
);

/** The exit codes that docs/cli.md names for a command; `run` may also pass on those of the programs above. */
export function documentedCodes(command: string): readonly number[] {
  switch (command) {
    case 'run':
      return [0, 1, 2, 42, 75, 125, 126, 127, 137];
    case 'hold':
      // 0 is that of --help: no lock is held without --fd.
      return [0, 2, 75, 125];
    case 'wait':
      return [0, 1, 2, 75];
    case 'inspect':
      return [0, 1, 2, 3, 4, 10];
    // Plain Node can list nothing.
    case 'list':
    case 'probe':
    case 'reclaim':
      return [0, 1, 2];
    default:
      return [0, 2];
  }
}

/** Whether a command may clear the lock of a dead owner. `run` takes over one, at the path of its lock, and then frees it. */
export function clears(command: string): 'none' | 'one' | 'all' {
  if (command === 'reclaim') return 'all';
  return command === 'run' ? 'one' : 'none';
}
