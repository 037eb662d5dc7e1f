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

/** What bash offers for the last of these words. */
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
      for (const option of optionsOf(help)) {
        const pair = help.includes('-r, --recursive') && /^(-r|--recursive)$/.test(option);
        if (option === '-h' || option === '--help') expect(text).toContain('{-h,--help}');
        else if (pair) expect(text).toContain("{-r,--recursive}'[");
        else expect(text, `${name} ${option}`).toContain(`'${option}[`);
      }
    }
  });

  test('parses, where there is a zsh', (context) => {
    if (!hasProgram('zsh').available) context.skip('needs the program zsh');
    expect(spawnSync('zsh', ['-n', ZSH], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

test('the man page has no mistakes that groff sees, where there is one', (context) => {
  if (!hasProgram('groff').available) context.skip('needs the program groff');
  const page = join(TOP, 'man/kernel-identity.1');
  const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-z', page], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
