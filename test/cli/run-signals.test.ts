import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, FORWARDED, MAIN, type RunningCli, startCli, startProgram } from '../helpers/cli.js';
import { holdLock } from '../helpers/locks.js';
import { stateOf } from '../helpers/odd-processes.js';
import {
  describeRequiring,
  hasProgram,
  isolationTest,
  testRequiring,
  userNamespaceFlags,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

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
      await waiter.waits();
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
    await waiter.waits();
    waiter.signal('SIGWINCH');
    waiter.signal('SIGCONT');
    await sleep(150);
    holder.endInput();
    expect(await waiter.closed).toMatchObject({ code: 0, stdout: 'ran\n' });
  });

  // A shell with job control gives `run` a process group of its own. In an orphaned one the kernel would ignore
  // the signal.
  testRequiring([hasProgram('bash')], 'stops the command and run, and lets them go on: SIGTSTP', async () => {
    const directory = tempDir();
    const words = [process.execPath, MAIN, 'run', join(directory, 'a.lock'), '--'];
    const command = ['sh', '-c', 'echo command $$; exec sleep 600'];
    const script = 'set -m; "$@" & echo run $!; read go';
    const shell = startProgram(['bash', '-c', script, 'bash', ...words, ...command]);
    await shell.said('command');
    const pidOf = (what: string) => Number(new RegExp(`${what} (\\d+)`).exec(shell.stdout)?.[1]);
    const [run, inner] = [pidOf('run'), pidOf('command')];
    onCleanup(() => {
      if (existsSync(`/proc/${inner}`)) process.kill(inner, 'SIGKILL');
    });
    // Twice, because the handler has to be set anew.
    for (let round = 0; round < 2; round += 1) {
      process.kill(run, 'SIGTSTP');
      await until('both are stopped', () => stateOf(run) === 'T' && stateOf(inner) === 'T');
      process.kill(run, 'SIGCONT');
      await until('both go on', () => stateOf(run) !== 'T' && stateOf(inner) !== 'T');
    }
    process.kill(run, 'SIGTERM');
    await until('run has ended', () => !existsSync(`/proc/${run}`));
    expect(existsSync(`/proc/${inner}`)).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });

  isolationTest('as PID 1 reaps the orphans of its command', async () => {
    // A zombie keeps its /proc/PID/status.
    const script = `
      for i in 1 2 3; do (sleep 0.1 &); done; i=0
      while grep -q '^Name:.sleep' /proc/[0-9]*/status; do
        i=$((i + 1)); [ $i -lt 100 ] || { echo zombies; break; }; sleep 0.05
      done 2>/dev/null
      exit 7`;
    const words = [process.execPath, MAIN, 'run', join(tempDir(), 'a.lock'), '--', 'sh', '-c', script];
    const flags = [...userNamespaceFlags(), '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
    const box = startProgram(['unshare', ...flags, ...words]);
    expect(await box.closed).toMatchObject({ code: 7, stdout: '', stderr: '' });
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
