import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/cli/arguments.js';
import { parseDuration } from '../../src/cli/duration.js';
import { BUILT, cli } from '../helpers/cli.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const COMMANDS = ['run', 'hold', 'wait', 'inspect', 'reclaim', 'self', 'probe', 'list', 'dump'];

describeRequiring(BUILT, 'the help', () => {
  for (const flag of ['--help', '-h']) {
    test(`of the program names every command: ${flag}`, async () => {
      const { code, stdout, stderr } = await cli([flag]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    });
  }

  for (const name of COMMANDS) {
    test(`of ${name} names its exit codes and fits 80 columns`, async () => {
      const { code, stdout, stderr } = await cli([name, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: kernel-identity ${name}`);
      expect(stdout).toContain('Exit codes:');
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
      expect((await cli([name, '-h'])).stdout).toBe(stdout);
    });
  }

  test('is not the version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describeRequiring(BUILT, 'a command line that is wrong exits 2 with one line', () => {
  const WRONG: readonly [args: string[], message: RegExp][] = [
    [[], /a command is missing; see kernel-identity --help/],
    [['frobnicate'], /unknown command 'frobnicate'; see kernel-identity --help/],
    [['--json'], /unknown option '--json'/],
    [['inspect'], /path of a lock is missing; see kernel-identity inspect --help/],
    [['inspect', ''], /a path is empty/],
    [
      ['inspect', 'x', '--jsn'],
      /unknown option '--jsn'; did you mean '--json'\?; see kernel-identity inspect --help/,
    ],
    [['inspect', 'x', '--zzzzzzz'], /unknown option '--zzzzzzz'; see kernel-identity inspect --help/],
    [['inspct', 'x'], /unknown command 'inspct'; did you mean 'inspect'\?; see kernel-identity --help/],
    [['versoin'], /did you mean 'version'\?/],
    [['version', 'x'], /unexpected argument 'x'/],
    [['help', 'run', 'x'], /unexpected argument 'x'/],
    [['inspect', 'x', '--exit-code=all'], /--exit-code is written alone or as --exit-code=detailed/],
    [['inspect', 'x', '--watch', '--json'], /--watch goes with paths and the options for judging only/],
    [['inspect', 'x', '--json=1'], /does not take an argument/],
    [['reclaim'], /path of a lock is missing/],
    [['reclaim', 'x', '--by-force'], /unknown option '--by-force'/],
    [['self', 'x'], /unexpected argument 'x'/],
    [['probe'], /the pid is missing/],
    [['probe', '1', '2'], /unexpected argument '2'/],
    [['probe', '0'], /'0' is not a pid/],
    [['probe', '-1'], /unknown option '-1'/],
    [['probe', '1e3'], /'1e3' is not a pid/],
    [['probe', '2147483648'], /'2147483648' is not a pid/],
    [['list', 'x'], /unexpected argument 'x'; see kernel-identity list --help/],
    [['list', '--limit'], /'--limit <value>' argument missing/],
    [['list', '--limit', '0'], /'0' is not a limit, an integer from 1 to 100000/],
    [['list', '--limit=-1'], /'-1' is not a limit/],
    [['list', '--limit', '1e3'], /'1e3' is not a limit/],
    [['list', '--limit', '100001'], /'100001' is not a limit/],
    [['dump', ''], /a path is empty/],
    [['inspect', 'file:/x'], /'file:\/x' is no path; write a path without file:/],
    [['run', 'redis://h/x', '--', 'true'], /'redis:\/\/h\/x' is no path, and no address that is known/],
    [['wait', 'ETCD://h/x'], /'ETCD:\/\/h\/x' is no path, and no address/],
    [['dump', 'file:///x'], /'file:\/\/\/x' is no path/],
    [['hold', 'etcd://h/x', '--fd', '9'], /hold takes paths, and not the address 'etcd:\/\/h\/x'/],
    [['agent'], /the address of the locks is missing/],
    [['agent', 'etcd://h/x'], /ends with a slash/],
    [['run', 'etcd://h/', '--', 'true'], /the name of one is missing; kernel-identity list shows them/],
    [['dump', '--all'], /unknown option '--all'/],
    [['run'], /path of the lock is missing; see kernel-identity run --help/],
    [['run', '--', 'true'], /path of the lock is missing/],
    [['run', '', '--', 'true'], /a path is empty/],
    [['run', 'x'], /command to run is missing/],
    [['run', 'x', '--'], /command to run is missing/],
    [['run', 'x', 'y', '--', 'true'], /unexpected argument 'y' before --/],
    [['run', 'x', '--wait', '--', 'true'], /unknown option '--wait'/],
    // The options of flock(1) that there are not.
    [['run', 'x', '-xn', '--', 'true'], /unknown option '-x': every lock is exclusive/],
    [['run', 'x', '--shared', '--', 'true'], /unknown option '--shared': there are no shared locks; see/],
    [
      ['hold', 'x', '-u'],
      /unknown option '-u': run releases .* closing the descriptor gives up that of hold; see/,
    ],
    [
      ['run', 'x', '-w', '-1', '--', 'true'],
      /option '-w' needs a value, and the next word begins with a dash; see/,
    ],
    [['run', 'x', '--timeout', '--', 'true'], /--timeout <value>' argument missing/],
    [['run', 'x', '--timeout', 'soon', '--', 'true'], /'soon' is not a duration/],
    [['run', 'x', '--timeout=-1s', '--', 'true'], /'-1s' is not a duration/],
    [['run', 'x', '--on-lost', 'panic', '--', 'true'], /--on-lost is end or ignore/],
    [['reclaim', 'x', '--timeout', 'soon'], /not a duration/],
    [['run', 'x', '--label', 'x'.repeat(257), '--', 'true'], /at most 256 characters/],
    [['run', 'x', 'ls', '-l'], /write -- before the command.*'-l'/],
    [['run', 'x', 'ls', '--timeout', '1s'], /write -- before the command.*'--timeout'/],
    [['run', 'x', 'ls', '--help'], /write -- before the command.*'--help'/],
  ];

  for (const [args, message] of WRONG) {
    test(JSON.stringify(args).slice(0, 60), async () => {
      const { code, stdout, stderr } = await cli(args, { cwd: tempDir() });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^kernel-identity: [^\n]+--help\n$/);
    });
  }
});

test('durations are milliseconds, seconds, minutes, hours, or bare seconds', () => {
  const durations = ['0', '30', '0.5', '300ms', '10s', '1.5s', '5m', '2h', '00010s'];
  expect(durations.map(parseDuration)).toEqual([
    0, 30_000, 500, 300, 10_000, 1_500, 300_000, 7_200_000, 10_000,
  ]);
});

test('a duration beyond all counting is for ever', () => {
  expect(parseDuration('99999999999999999999')).toBe(Number.POSITIVE_INFINITY);
  expect(parseDuration(`${'9'.repeat(400)}h`)).toBe(Number.POSITIVE_INFINITY);
});

test('what only looks like a duration is refused', () => {
  for (const text of [
    '',
    ' ',
    's',
    '5 s',
    '5S',
    '-5',
    '+5',
    '5d',
    '1e3',
    '.5',
    '5.',
    '0x10',
    'NaN',
    'Infinity',
    '5m30s',
  ]) {
    expect(() => parseDuration(text), text).toThrow(UsageError);
  }
});
