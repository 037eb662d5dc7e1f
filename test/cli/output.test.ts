import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wantsColour } from '../../src/cli/colour.js';
import { BUILT, cli, MAIN, startProgram } from '../helpers/cli.js';
import { holdLock, writeLock, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring, hasProgram, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/**
 * The text clears the screen, sets the title, moves up, and more: with 7-bit and 8-bit controls, and reversed
 * text.
 */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u009b1A\r\nheld\u007f\u202egnp\u2066\u{e0041}\u061c\ud800"\\';
/** The program may print only line ends and visible characters. */
const HARMLESS = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\n]*$/u;

function expectHarmless(text: string): void {
  for (const line of text.split('\n')) expect(line).toMatch(HARMLESS);
}

describeRequiring(BUILT, 'hostile text in a lock', () => {
  for (const command of ['inspect', 'reclaim', 'dump']) {
    test(`is shown by ${command} without being obeyed`, async () => {
      const path = writeUnknownLock(
        tempDir(),
        'h.lock',
        { label: HOSTILE },
        { hostname: HOSTILE, containerId: HOSTILE },
      );
      const human = await cli([command, path]);
      expect(human.stdout).toContain(
        '\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{9b}1A\\u{d}\\nheld\\u{7f}\\u{202e}gnp',
      );
      expectHarmless(human.stdout);
      const json = await cli([command, path, '--json']);
      expectHarmless(json.stdout);
      const parsed = JSON.parse(json.stdout);
      const { owner } = command === 'dump' ? parsed.locks[0].inspection : parsed[0];
      expect(owner).toMatchObject({ label: HOSTILE, identity: { hostname: HOSTILE } });
    });
  }

  test('is shown by a waiting run without being obeyed', async () => {
    const path = writeUnknownLock(tempDir(), 'h.lock', { label: HOSTILE }, { hostname: HOSTILE });
    const { code, stderr } = await cli(['run', path, '--timeout', '1200ms', '--', 'true']);
    expect(code).toBe(75);
    expect(stderr).toContain('\\u{1b}[2J');
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expectHarmless(stderr);
  });

  test('is shown in errors without being obeyed', async () => {
    const directory = tempDir();
    const path = writeLock(directory, 'odd\u001b[2J\n\u009b.lock', 'not an owner');
    for (const command of ['inspect', 'reclaim', 'dump']) {
      const { stdout, stderr } = await cli([command, path]);
      expect(stdout + stderr).toContain('odd\\u{1b}[2J\\n\\u{9b}.lock');
      expectHarmless(stdout);
      expectHarmless(stderr);
    }
    const { code, stderr } = await cli(['\u001b[2J']);
    expect(code).toBe(2);
    expectHarmless(stderr);
  });

  test('is shown where it broke the record', async () => {
    const path = writeLock(tempDir(), 'p.lock', { pid: '\u009b7', createdAtMs: 1 });
    const { stdout } = await cli(['inspect', path]);
    expect(stdout).toContain('problem');
    expectHarmless(stdout);
  });
});

describeRequiring(BUILT, 'a reader who goes away', () => {
  test('is no error', async () => {
    const lock = writeStaleLock(tempDir());
    for (const command of [`dump '${lock}'`, 'dump --json', `inspect '${lock}'`, '--help', 'run --help']) {
      // true(1) has ended long before node has started.
      const script = `{ '${process.execPath}' '${MAIN}' ${command}; echo "code $?" >&2; } | true`;
      const { stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
      expect(stderr, command).toBe('code 0\n');
    }
  });

  test('of stderr does not end a run that waits', async () => {
    const path = join(tempDir(), 'a.lock');
    const holder = await holdLock(path);
    const script = `{ '${process.execPath}' '${MAIN}' run '${path}' -- true 2>&3; echo "code $?" >&2; } 3>&1 2>&4 | true`;
    const waiting = startProgram(['sh', '-c', `exec 4>&2; ${script}`]);
    setTimeout(() => holder.endInput(), 500);
    expect((await waiting.closed).stderr).toBe('code 0\n');
  });
});

const hasFullDevice: Requirement = { available: existsSync('/dev/full'), reason: 'needs /dev/full' };

describeRequiring([...BUILT, hasFullDevice], 'output that cannot be written', () => {
  test('is an error', () => {
    const script = `'${process.execPath}' '${MAIN}' self >/dev/full`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^kernel-identity: ENOSPC: [^\n]+\n$/);
  });
});

const ESCAPE = '\u001b[';

describeRequiring(BUILT, 'colour', () => {
  test('stays out of pipes', async () => {
    expect((await cli(['inspect', writeStaleLock(tempDir())])).stdout).not.toContain(ESCAPE);
  });

  test('goes into pipes when forced', async () => {
    const { stdout } = await cli(['inspect', writeStaleLock(tempDir())], { env: { FORCE_COLOR: '1' } });
    expect(stdout).toContain(`${ESCAPE}33mstale`);
  });

  testRequiring([hasProgram('script')], 'is for terminals, unless NO_COLOR says otherwise', async () => {
    const lock = writeStaleLock(tempDir());
    const inTerminal = (env: Record<string, string>) => {
      const line = `'${process.execPath}' '${MAIN}' inspect '${lock}'`;
      const terminal = startProgram(['script', '-qec', line, '/dev/null'], {
        env: { TERM: 'xterm', ...env },
      });
      return terminal.closed;
    };
    expect((await inTerminal({})).stdout).toContain(ESCAPE);
    expect((await inTerminal({ NO_COLOR: '' })).stdout).toContain(ESCAPE);
    const bare = await inTerminal({ NO_COLOR: '1' });
    expect(bare.stdout).toContain('stale.lock: stale');
    expect(bare.stdout).not.toContain(ESCAPE);
  });

  test('is decided by FORCE_COLOR, then NO_COLOR, then the terminal', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '' }, true)).toBe(true);
    expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false);
    expect(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '0' }, true)).toBe(false);
    expect(wantsColour({ FORCE_COLOR: '' }, false)).toBe(true);
  });
});
