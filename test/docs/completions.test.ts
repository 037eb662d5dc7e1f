import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasProgram, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { commands, optionsOf } from './commands.js';
import { read, TOP } from './pages.js';

const BASH = join(TOP, 'completions/kernel-identity.bash');
const ZSH = join(TOP, 'completions/_kernel-identity');

/** The completions that bash offers for the last of these words. */
function offered(words: readonly string[], cwd = TOP): string[] {
  const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kernel_identity; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', BASH, 'kernel-identity', ...words], {
    cwd,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

testRequiring(
  [hasProgram('bash')],
  'the completion for bash offers every command and every option',
  async () => {
    expect(spawnSync('bash', ['-n', BASH], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    const all = await commands();
    expect(offered(['']).sort()).toEqual([...all.map(({ name }) => name), '--help', '--version'].sort());
    for (const { name, help } of all) {
      const long = optionsOf(help).filter((option) => option.startsWith('--'));
      expect(offered([name, '--']), name).toEqual(expect.arrayContaining(long));
      for (const option of offered([name, '--'])) expect(help, name).toContain(option);
      expect(offered([name.slice(0, 3)])).toContain(name);
    }
  },
);

testRequiring(
  [hasProgram('bash')],
  'the completion for bash offers files, but not among the options of a command',
  () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'a b.lock'), '');
    expect(offered(['inspect', 'a'], directory)).toEqual(['a b.lock']);
    expect(offered(['run', 'x.lock', '--', 'sh', '--'], directory)).toEqual([]);
    expect(offered(['run', '--timeout', '5'], directory)).toEqual(['5m']);
    expect(offered(['self', 'a'], directory)).toEqual([]);
  },
);

describe('the completion for zsh', () => {
  test('names every command and every option', async () => {
    const text = read('completions/_kernel-identity');
    expect(text).toMatch(/^#compdef kernel-identity\n/);
    const [start = '', ...cases] = text.split(/^ {6}case \$words\[1\] in$/m);
    expect(cases).toHaveLength(1);
    for (const { name, help } of await commands()) {
      expect(start).toContain(`'${name}:`);
      const pairs = [...help.matchAll(/^ {2}(-\w), (--[a-z-]+)/gm)].map(([, short = '', long = '']) => [
        short,
        long,
      ]);
      for (const option of optionsOf(help)) {
        const pair = pairs.find((names) => names.includes(option));
        if (option === '-h' || option === '--help') expect(text).toContain('{-h,--help}');
        else if (pair) expect(text).toContain(`{${pair.join(',')}}'[`);
        else expect(text, `${name} ${option}`).toContain(`'${option}[`);
      }
    }
  });

  test('parses, where there is a zsh', (context) => {
    if (!hasProgram('zsh').available) context.skip('needs the program zsh');
    expect(spawnSync('zsh', ['-n', ZSH], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

test('the completion for zsh completes commands, options, files, and the command of run', (context) => {
  if (!hasProgram('zsh').available) context.skip('needs the program zsh');
  const directory = tempDir();
  writeFileSync(join(directory, 'a b.lock'), '');
  for (const [typed, completed] of [
    ['ins', 'inspect '],
    ['inspect --rec', '--recursive '],
    ['dump a', 'a\\\\ b.lock '],
    ['run a', 'a\\\\ b.lock '],
    ['run x.lock dirna', 'dirname '],
    ['run --timeout 5s x.lock -- dirna', 'dirname '],
    ['run x.lock -- dirname a', 'a\\\\ b.lock '],
  ] as const) {
    expect(afterTab(directory, `kernel-identity ${typed}`, completed), typed).toBe('completed');
  }
});

/** Types into a zsh on a terminal of its own, and waits until the line has become `completed`. */
function afterTab(cwd: string, typed: string, completed: string): string {
  const script = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; echo re''ady"
    zpty -r -m shell heard '*ready*'
    zpty -w -n shell "$2"$'\\t'
    zpty -r -m shell heard "*$3*" && print -n completed
    zpty -d shell`;
  const { stdout } = spawnSync(
    'zsh',
    ['-f', '-c', script, 'zsh', join(TOP, 'completions'), typed, completed],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, TERM: 'dumb' },
      timeout: 10_000,
    },
  );
  return stdout;
}

for (const [program, ...options] of [
  ['groff', '-man', '-ww', '-z'],
  ['mandoc', '-T', 'lint', '-W', 'warning'],
] as const) {
  test(`the man page has no mistakes that ${program} sees, where there is one`, (context) => {
    if (!hasProgram(program).available) context.skip(`needs the program ${program}`);
    const page = join(TOP, 'man/kernel-identity.1');
    const { status, stdout, stderr } = spawnSync(program, [...options, page], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
}
