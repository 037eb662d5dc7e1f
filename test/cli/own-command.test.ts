import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT, MAIN, startProgram } from '../helpers/cli.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const PATH = process.env.PATH as string;

/** An old empty directory, of which every message says how it is removed. */
function leftover(name = 'mutex'): string {
  const path = join(tempDir(), name);
  mkdirSync(path);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  return path;
}

/** The command that the program names in its error when it is called as `called`. */
async function commandOf(called: readonly string[], path = leftover(), env = {}): Promise<string> {
  const program = startProgram([...called, 'reclaim', path], { env });
  program.endInput();
  const { stderr } = await program.closed;
  return /removes it: (.*)\n$/.exec(stderr)?.[1] ?? stderr;
}

describeRequiring(BUILT, 'the program names itself in its messages', () => {
  test('as it was called', async () => {
    const path = leftover();
    const command = `reclaim --ownerless 0s ${path}`;
    expect(await commandOf(['node', MAIN], path)).toBe(`node ${MAIN} ${command}`);
    const bin = join(tempDir(), 'my bin');
    mkdirSync(bin);
    symlinkSync(MAIN, join(bin, 'kernel-identity'));
    const called = join(bin, 'kernel-identity');
    expect(await commandOf([called], path)).toBe(`'${called}' ${command}`);
    const env = { PATH: `${bin}${delimiter}${PATH}` };
    expect(await commandOf(['kernel-identity'], path, env)).toBe(`kernel-identity ${command}`);
  });

  test('by its path when npx has put it into PATH, which is not so in the shell of its user', async () => {
    const bin = join(tempDir(), 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(MAIN, join(bin, 'kernel-identity'));
    const env = { PATH: `${bin}${delimiter}${PATH}` };
    expect(await commandOf(['kernel-identity'], leftover(), env)).toMatch(
      /^\/.*\/\.bin\/kernel-identity reclaim /,
    );
  });

  test('so that the command works when it is pasted, whatever the name of the lock', async () => {
    for (const name of ["it's mine", 'esc\u001b[31m', '$(reboot)']) {
      const path = leftover(name);
      const command = await commandOf(['node', MAIN], path);
      expect(command).not.toMatch(/\p{Cc}/u);
      expect(execFileSync('bash', ['-c', command], { cwd: dirname(MAIN), encoding: 'utf8' })).toMatch(
        /reclaimed/,
      );
    }
  });
});
