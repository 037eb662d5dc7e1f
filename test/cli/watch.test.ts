import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, MAIN, type RunningCli, startCli, startProgram } from '../helpers/cli.js';
import { holdLock, NOBODY, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

interface Line {
  readonly path: string;
  readonly state: string;
  readonly time: string;
  readonly holders: readonly { pid: number }[];
  readonly waiters: readonly { pid: number }[];
}

function linesOf({ stdout }: RunningCli): Line[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function statesOf(watcher: RunningCli): string[] {
  return linesOf(watcher)
    .map(({ state }) => state)
    .filter((state, index, all) => state !== all[index - 1]);
}

for (const backend of TESTED) {
  describeRequiring([...BUILT, hasBackend(backend)], `inspect --watch in a pipe (${backend})`, () => {
    test('prints a line for every lock, and one for each change, until it gets a signal', async () => {
      const directory = tempDir();
      const path = join(directory, 'a.lock');
      const stale = writeStaleLock(directory);
      const watcher = startCli(['inspect', '--watch', path, stale], {
        env: { KERNEL_IDENTITY_BACKEND: backend },
      });
      await until('both are shown', () => linesOf(watcher).length === 2);
      expect(linesOf(watcher)).toMatchObject([
        { path, state: 'free', holders: [], waiters: [], time: expect.stringMatching(/^\d{4}-.*Z$/) },
        { path: stale, state: 'stale' },
      ]);
      const holder = await holdLock(path);
      await until('the holder is shown', () =>
        linesOf(watcher).some(({ holders }) => holders.some(({ pid }) => pid === holder.pid)),
      );
      holder.signal('SIGTERM');
      await until('it is free', () => linesOf(watcher).at(-1)?.state === 'free');
      expect(statesOf(watcher).filter((state) => state !== 'unknown')).toEqual([
        'free',
        'stale',
        'held',
        'free',
      ]);
      watcher.signal('SIGINT');
      expect(await watcher.closed).toMatchObject({ code: 0, stderr: '' });
    });
  });
}

describeRequiring([...BUILT, hasBackend('native')], 'inspect --watch', () => {
  test('shows who waits, a path that fails, and who is left when a program dies', async () => {
    const directory = tempDir();
    const path = join(directory, 'a.lock');
    const holder = await holdLock(path);
    const watcher = startCli(['inspect', '--watch', path, join(directory, 'no', 'x.lock')]);
    await until('both are shown', () => linesOf(watcher).length >= 2);
    expect(linesOf(watcher)[1]).toMatchObject({ error: { code: 'ENOENT' } });
    const waiter = startCli(['run', path, '--', 'true']);
    // Nothing reports a waiter, so it is found by one of the searches.
    await until(
      'the waiter is shown',
      () => linesOf(watcher).some(({ waiters = [] }) => waiters.some(({ pid }) => pid === waiter.pid)),
      25_000,
    );
    holder.signal('SIGKILL');
    await holder.exited;
    await until('an heir is shown', () => {
      const last = linesOf(watcher).at(-1);
      return last?.holders.every(({ pid }) => pid !== holder.pid);
    });
    watcher.signal('SIGTERM');
    expect((await watcher.closed).code).toBe(143);
  });

  test('ends at the next change when its reader has gone', async () => {
    const path = join(tempDir(), 'a.lock');
    const line = `"${process.execPath}" "${MAIN}" inspect --watch "${path}" | head -n 1; echo ended`;
    const shell = startProgram(['sh', '-c', line]);
    await until('the first line', () => shell.stdout.includes('"state":"free"'));
    await holdLock(path);
    expect((await shell.closed).stdout).toMatch(/\nended\n$/);
  });
});

/** Runs a line of sh in a terminal of this many columns. */
function inTerminal(columns: number, line: string): RunningCli {
  return startProgram(['script', '-qec', `stty cols ${columns} rows 30; ${line}`, '/dev/null'], {
    env: { TERM: 'xterm', COLUMNS: '' },
  });
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const SCREENS = '\u001b[?1049';

describeRequiring([...BUILT, hasProgram('script'), hasProgram('stty')], 'in a terminal', () => {
  test('--watch ends with its window', async () => {
    const path = join(tempDir(), 'a.lock');
    const terminal = inTerminal(
      80,
      `echo "pid $$."; exec "${process.execPath}" "${MAIN}" inspect --watch "${path}"`,
    );
    await terminal.said('q ends');
    const pid = Number(/pid (\d+)\./.exec(terminal.stdout)?.[1]);
    onCleanup(() => {
      if (isThere(pid)) process.kill(pid, 'SIGKILL');
    });
    terminal.signal('SIGKILL');
    await until('it has ended', () => !isThere(pid));
  });

  for (const columns of [40, 80, 200]) {
    test(`of ${columns} columns every command keeps to them, and cuts no path`, async () => {
      const directory = join(tempDir());
      const held = join(directory, 'held.lock');
      const holder = await holdLock(held);
      const paths = [
        held,
        writeStaleLock(directory),
        writeUnknownLock(directory),
        join(directory, 'free.lock'),
      ];
      const ki = `"${process.execPath}" "${MAIN}"`;
      const all = paths.map((path) => `"${path}"`).join(' ');
      const commands = [
        `inspect ${all}`,
        `inspect "${held}"`,
        `inspect -r "${directory}"`,
        `probe ${holder.pid}`,
        'self',
        `dump "${held}"`,
        `reclaim "${paths[2]}"`,
        `wait -n "${held}"`,
        `run -n "${held}" -- true`,
        `inspect --recursive "${join(directory, 'nothing')}"`,
      ];
      const terminal = inTerminal(columns, commands.map((command) => `${ki} ${command}`).join('; '));
      const { stdout } = await terminal.closed;
      const lines = stripVTControlCharacters(stdout).split(/\r?\n/);
      for (const path of paths) expect(lines.some((line) => line.endsWith(path))).toBe(true);
      // A path, and a command to be copied, are whole whatever the width.
      const tooLong = lines.filter((line) => line.length > columns && !line.includes(directory));
      expect(tooLong).toEqual([]);
    });

    test(`of ${columns} columns --watch fills the screen, follows it, and gives it back`, async () => {
      const directory = tempDir();
      const path = join(directory, 'held.lock');
      const holder = await holdLock(path);
      writeFileSync(join(directory, 'old.pid'), `${NOBODY}\n`);
      const ki = `"${process.execPath}" "${MAIN}" inspect --watch held.lock old.pid`;
      const terminal = inTerminal(
        columns,
        `cd "${directory}"; ${ki}; echo code $?; stty -a | grep -o '.icanon'`,
      );
      await terminal.said('held by pid');
      expect(terminal.stdout).toContain(`${SCREENS}h`);
      const shown = stripVTControlCharacters(terminal.stdout).split(/\r?\n/);
      expect(Math.max(...shown.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(terminal.stdout).toContain('q ends');
      holder.signal('SIGTERM');
      await until('the change is shown', () => /1 free|1 stale, 1 free/.test(terminal.stdout));
      terminal.write(columns === 40 ? '\u0003' : 'q');
      const { stdout } = await terminal.exited;
      expect(stdout.endsWith(' icanon\r\n')).toBe(true);
      expect(stdout).toContain(`${SCREENS}lcode 0\r\n`);
    });
  }
});
