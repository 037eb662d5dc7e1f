import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BUILT, cli, FORWARDED, MAIN, type RunningCli, startCli, startProgram } from '../helpers/cli.js';
import { holdLock } from '../helpers/locks.js';
import { describeRequiring, hasProgram, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/**
 * Counts the signals of one name, and prints the number a while after the first one, or after a long time
 * without any.
 */
const COUNTER = `
  let count = 0;
  function end() { console.log('count ' + count); process.exit(5); }
  process.on(process.argv[1], () => {
    count += 1;
    if (count === 1) setTimeout(end, 300);
  });
  setTimeout(end, Number(process.argv[2]));
  console.log('ready');`;

function counter(signal: NodeJS.Signals, patience = 20_000): string[] {
  return [process.execPath, '-e', COUNTER, signal, String(patience)];
}

/**
 * Starts `run` on a terminal of its own, which script(1) makes: text written to it counts as typed there. The
 * shell of script must be replaced by `run`. dash would stay, get the keyboard's signal too, and end with 128
 * + n whatever the exit code of `run`.
 */
function runInTerminal(path: string, command: readonly string[]): RunningCli {
  const words = [process.execPath, MAIN, 'run', path, '--', ...command];
  const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return startProgram(['script', '-qec', `exec ${line}`, '/dev/null']);
}

describeRequiring(BUILT, 'a signal to run', () => {
  for (const signal of FORWARDED) {
    test(`reaches the command once: ${signal}`, async () => {
      const directory = tempDir();
      const running = startCli(['run', join(directory, 'a.lock'), '--', ...counter(signal)]);
      await running.said('ready');
      running.signal(signal);
      expect(await running.closed).toMatchObject({ code: 5, stdout: 'ready\ncount 1\n', stderr: '' });
      expect(readdirSync(directory)).toEqual([]);
    });
  }

  test('that ends the command makes the exit code 128 + n, and the lock is free', async () => {
    const directory = tempDir();
    const running = startCli([
      'run',
      join(directory, 'a.lock'),
      '--',
      'sh',
      '-c',
      'echo ready; exec sleep 600',
    ]);
    await running.said('ready');
    running.signal('SIGTERM');
    expect(await running.closed).toMatchObject({ code: 143, signal: null, stderr: '' });
    expect(readdirSync(directory)).toEqual([]);
  });

  for (const [signal, code] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGQUIT', 131],
    ['SIGUSR1', 138],
    ['SIGTERM', 143],
  ] as const) {
    test(`before it has the lock ends it and leaves nothing behind: ${signal}`, async () => {
      const directory = tempDir();
      const path = join(directory, 'a.lock');
      await holdLock(path);
      const waiter = startCli(['run', path, '--', 'echo', 'ran']);
      await waiter.said('waiting');
      waiter.signal(signal);
      expect(await waiter.closed).toMatchObject({ code, signal: null, stdout: '' });
      expect(readdirSync(directory)).toEqual(['a.lock']);
      expect((await cli(['inspect', path, '--exit-code'])).code).toBe(1);
    });
  }

  test('that means nothing to it does not end the waiting', async () => {
    const path = join(tempDir(), 'a.lock');
    const holder = await holdLock(path);
    const waiter = startCli(['run', path, '--', 'echo', 'ran']);
    await waiter.said('waiting');
    waiter.signal('SIGWINCH');
    waiter.signal('SIGCONT');
    await sleep(150);
    holder.endInput();
    expect(await waiter.closed).toMatchObject({ code: 0, stdout: 'ran\n' });
  });

  testRequiring([hasProgram('script')], 'reaches the command from the keyboard', async () => {
    const directory = tempDir();
    const typing = runInTerminal(join(directory, 'a.lock'), counter('SIGINT'));
    await typing.said('ready');
    typing.write('\x03');
    const { code, stdout } = await typing.closed;
    expect({ code, stdout }).toEqual({ code: 5, stdout: expect.stringContaining('count 1\r\n') });
    expect(readdirSync(directory)).toEqual([]);
  });

  // Counting signals would prove nothing, because the kernel may merge two equal signals in short order. A
  // command in its own session gets nothing from the terminal, hence only what run passes on.
  testRequiring(
    [hasProgram('script'), hasProgram('setsid')],
    'is not passed on from the keyboard',
    async () => {
      const typing = runInTerminal(join(tempDir(), 'a.lock'), ['setsid', ...counter('SIGINT', 800)]);
      await typing.said('ready');
      typing.write('\x03');
      expect((await typing.closed).stdout).toContain('count 0\r\n');
    },
  );
});
