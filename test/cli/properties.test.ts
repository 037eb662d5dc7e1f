import fs, { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { acquireLockSync } from '../../src/index.js';
import { BUILT, FORWARDED, startCli } from '../helpers/cli.js';
import { describeRequiring, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { type CommandLine, clears, commandLines, documentedCodes } from './command-lines.js';
import { build, fingerprints, makeFifo, mayBeCleared, type Thing, things } from './scenes.js';

/** KI_PROPERTY_RUNS multiplies the number of runs. */
const TIMES = Number(process.env.KI_PROPERTY_RUNS ?? 1);
const RUNS_HERE = Math.ceil(250 * TIMES);
const RUNS_AS_PROCESS = Math.ceil(20 * TIMES);
const TIMEOUT_MS = 120_000 * Math.max(TIMES, 1);
/** ms after which a command counts as hanging; none waits for longer than 20 ms. */
const PATIENCE = 20_000;

/** A case that fails is reported as it was drawn, because shrinking it takes minutes. */
const FAST = { endOnFailure: true };

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Run = (args: readonly string[], cwd: string) => Promise<Said>;

/** Runs a command line among things, and checks what must be true of any command line. */
async function check(
  { command, words }: CommandLine,
  all: readonly Thing[],
  run: Run,
  allowed: readonly number[] = documentedCodes(command),
): Promise<void> {
  const root = tempDir();
  const directory = join(root, 'things');
  const precious = join(root, 'precious');
  for (const path of [directory, precious]) mkdirSync(path);
  writeFileSync(join(precious, 'data'), '4194304\n');
  build(directory, all, makeFifo(join(root, 'fifo')));
  const held = acquireLockSync(join(directory, 'held'));
  const before = fingerprints(root);

  // The last path is that of a lock that is held.
  const paths = [...all.map(({ name }) => join(directory, name)), held.path];
  const args = [command, ...words].map((word) =>
    typeof word === 'string' ? word : (paths[word.thing % paths.length] as string),
  );
  const { code, stdout, stderr } = await run(args, directory);

  expect(allowed, `exit code; stderr: ${stderr}`).toContain(code);
  expect(stderr).not.toMatch(/^(?!kernel-identity: |$)/m);
  expect(stderr).not.toMatch(/\\n +at |node:internal|TypeError|ReferenceError|RangeError|is not a function/);
  expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}]/u);
  if (isJson(args) && !args.includes('--json-lines') && stdout !== '' && !stdout.startsWith('Usage: '))
    JSON.parse(stdout);

  expect(held.verify()).toBe(true);
  const after = fingerprints(root);
  expect(
    Object.keys(after).filter((name) => !(name in before)),
    'left behind',
  ).toEqual([]);
  const changed = Object.keys(before).filter((name) => after[name] !== before[name]);
  const may = clears(command);
  const cleared = new Set<Thing>();
  const untouchable = changed.filter((name) => {
    const thing = all.find((one) => `things/${one.name}` === name || name.startsWith(`things/${one.name}/`));
    if (thing === undefined) return name !== 'things';
    cleared.add(thing);
    // A file whose name does not say that it is a lock is never taken over, whatever is in it.
    const isOnlyToBeNamed = may === 'one' && thing.kind === 'file' && !/lock|lck|pid/i.test(thing.name);
    return may === 'none' || isOnlyToBeNamed || !mayBeCleared(thing);
  });
  expect(untouchable, 'changed').toEqual([]);
  if (may === 'one') expect(cleared.size).toBeLessThanOrEqual(1);
  held.releaseSync();
  rmSync(root, { recursive: true });
}

function isJson([command = '', ...words]: readonly string[]): boolean {
  const end = words.indexOf('--');
  return command !== 'run' && (end < 0 ? words : words.slice(0, end)).includes('--json');
}

/** Runs the program in this process, and catches what it prints on the way to the descriptors. */
const here: Run = async (args, cwd) => {
  const [cwdBefore, pathBefore, original] = [process.cwd(), process.env.PATH, fs.writeSync];
  const output: Record<number, string> = { 1: '', 2: '' };
  const caught = (descriptor: number, data: Buffer, ...rest: never[]) => {
    if (output[descriptor] === undefined) return original(descriptor, data, ...rest);
    output[descriptor] += data.toString();
    return data.length;
  };
  const heard = [...FORWARDED, 'SIGTSTP' as const];
  const listeners = heard.map((signal) => process.listeners(signal));
  try {
    process.chdir(cwd);
    // No word is the name of a program on this PATH.
    process.env.PATH = cwd;
    Object.assign(fs, { writeSync: caught });
    syncBuiltinESMExports();
    const code = await runProgram(args);
    return { code, stdout: output[1] as string, stderr: output[2] as string };
  } finally {
    Object.assign(fs, { writeSync: original });
    syncBuiltinESMExports();
    process.env.PATH = pathBefore;
    process.chdir(cwdBefore);
    // `run` listens to signals until its process ends, so its listeners are removed here.
    for (const [index, signal] of heard.entries()) {
      for (const listener of process.listeners(signal)) {
        if (!listeners[index]?.includes(listener)) process.off(signal, listener);
      }
    }
  }
};

test(
  'whatever the command line and whatever exists at its paths',
  async () => {
    const property = fc.asyncProperty(commandLines, things, async (line, all) => {
      const started = performance.now();
      await check(line, all, here);
      expect(performance.now() - started).toBeLessThan(PATIENCE);
    });
    const file = { name: 'a\nb.lock', content: '{"pid":4194304}', target: '', old: true, mode: 0o666 };
    const takesOver: [CommandLine, Thing[]] = [
      { command: 'run', words: ['--timeout=20ms', { thing: 0 }, { thing: 1 }] },
      [{ kind: 'file', ...file }],
    ];
    await fc.assert(property, { numRuns: RUNS_HERE, examples: [takesOver], ...FAST });
  },
  TIMEOUT_MS,
);

describeRequiring(BUILT, 'as a process', () => {
  const environments = fc.record(
    {
      KERNEL_IDENTITY_BACKEND: fc.constantFrom('', 'native', 'procfs', 'portable', 'bogus'),
      NO_COLOR: fc.constantFrom('', '1'),
      TERM: fc.constantFrom('', 'dumb', 'xterm'),
      HOME: fc.constantFrom('', '/nonexistent'),
      LANG: fc.constantFrom('', 'C', 'de_DE.UTF-8'),
      TMPDIR: fc.constant('/nonexistent'),
    },
    { requiredKeys: [] },
  );

  testRequiring(
    [],
    'whatever the command line, the environment, and whatever exists at its paths',
    async () => {
      const property = fc.asyncProperty(commandLines, things, environments, async (line, all, env) => {
        const asProcess: Run = async (args, cwd) => {
          const running = startCli(args, { cwd, env: { ...env, PATH: cwd } });
          running.endInput();
          const limit = setTimeout(() => running.signal('SIGKILL'), PATIENCE);
          const outcome = await running.closed;
          clearTimeout(limit);
          return outcome;
        };
        // A backend that does not exist is a failure of any command.
        const failure = ['run', 'hold'].includes(line.command) ? 125 : 1;
        const codes = documentedCodes(line.command);
        const isBogus = env.KERNEL_IDENTITY_BACKEND === 'bogus';
        await check(line, all, asProcess, isBogus ? [...codes, failure] : codes);
      });
      await fc.assert(property, { numRuns: RUNS_AS_PROCESS, ...FAST });
    },
    TIMEOUT_MS,
  );
});
