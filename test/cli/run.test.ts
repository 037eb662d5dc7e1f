import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { BUILT, cli, MAIN, PROGRAM, startCli, startProgram } from '../helpers/cli.js';
import { holdLock, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeConcurrent, test } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeConcurrent([...BUILT, hasBackend(backend)], `run with the ${backend} backend`, () => {
    test('holds the lock while the command runs, and only then', async () => {
      const directory = tempDir();
      const script = 'cat "$1/owner.json"; ls -A "$2"';
      const args = ['run', join(directory, 'a.lock'), '--label', 'mine', '--'];
      const running = startCli([...args, 'sh', '-c', script, 'sh', join(directory, 'a.lock'), directory], {
        env,
      });
      running.endInput();
      const { code, stdout, stderr } = await running.closed;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\}\na\.lock\n$/);
      const record = JSON.parse(stdout.slice(0, stdout.lastIndexOf('}') + 1));
      expect(record).toMatchObject({ pid: running.pid, label: 'mine' });
      expect(readdirSync(directory)).toEqual([]);
    });

    test('goes on when a directory above the lock is renamed, and says so', async () => {
      const directory = join(tempDir(), 'data');
      mkdirSync(directory);
      // The command renames the directory, and ends when `run` has had time to notice.
      const script = 'mv "$1" "$1.old"; sleep 2.5; echo done';
      const args = ['run', join(directory, 'a.lock'), '--', 'sh', '-c', script, 'sh', directory];
      const { code, stdout, stderr } = await cli(args, { env });
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
      expect(stderr).toMatch(/^kernel-identity: the path '.*data\/a\.lock' leads elsewhere/);
      expect(readdirSync(`${directory}.old`)).toEqual([]);
    });

    test("passes on the command's exit code, or 128 + n for signal n", async () => {
      const directory = tempDir();
      const run = async (script: string) =>
        (await cli(['run', join(directory, 'a.lock'), '--', 'sh', '-c', script], { env })).code;
      expect(await run('exit 0')).toBe(0);
      expect(await run('exit 7')).toBe(7);
      expect(await run('exit 255')).toBe(255);
      expect(await run('kill -KILL $$')).toBe(137);
      expect(await run('kill -TERM $$')).toBe(143);
      expect(readdirSync(directory)).toEqual([]);
    });

    test('exits 75 when the lock is not free in time', async () => {
      const path = join(tempDir(), 'a.lock');
      const holder = await holdLock(path, '--label', 'nightly');
      for (const timeout of ['0', '200ms']) {
        const { code, stdout, stderr } = await cli(['run', path, '--timeout', timeout, '--', 'echo', 'ran'], {
          env,
        });
        expect({ code, stdout }).toEqual({ code: 75, stdout: '' });
        const last = stderr.trimEnd().split('\n').at(-1);
        expect(last).toMatch(/^kernel-identity: the lock '.*a\.lock' did not become free within \d+ ms/);
        // One line, because nobody has waited for a second.
        expect(stderr).toBe(`${last}\n`);
        expect(last).toContain(`pid ${holder.pid}`);
        expect(last).toContain(`${PROGRAM} inspect`);
      }
    });

    test('ends its command when another program takes the lock away', async () => {
      const path = join(tempDir(), 'a.lock');
      const script = 'trap "echo ended; exit 3" TERM; echo held; while :; do sleep 0.1; done';
      const running = startCli(['run', path, '--', 'sh', '-c', script], { env });
      await running.said('held');
      const began = performance.now();
      rmSync(path, { recursive: true });
      const { code, stdout, stderr } = await running.closed;
      expect(performance.now() - began).toBeLessThan(3000);
      expect({ code, stdout }).toEqual({ code: 125, stdout: 'held\nended\n' });
      expect(stderr).toContain('was lost: its owner.json is gone');
      expect(stderr).toContain('The command is ended.');
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    });

    test('lets it go on without the lock, if told', async () => {
      for (const [exit, expected] of [
        [0, 125],
        [7, 7],
      ] as const) {
        const path = join(tempDir(), 'a.lock');
        const script = `echo held; read go; exit ${exit}`;
        const running = startCli(['run', path, '--on-lost', 'ignore', '--', 'sh', '-c', script], { env });
        await running.said('held');
        rmSync(path, { recursive: true });
        await running.said('was lost');
        await sleep(100);
        running.endInput();
        const { code, stdout } = await running.closed;
        expect({ code, stdout }).toEqual({ code: expected, stdout: 'held\n' });
      }
    });

    test('takes over from a dead owner at once', async () => {
      const path = writeStaleLock(tempDir());
      expect(await cli(['run', path, '--timeout', '0', '--', 'true'], { env })).toMatchObject({
        code: 0,
        stderr: '',
      });
    });
  });
}

describeConcurrent(BUILT, 'run', () => {
  test('kills a command that does not end when the lock is lost, after 10 s', async () => {
    const path = join(tempDir(), 'a.lock');
    const running = startCli([
      'run',
      path,
      '--',
      'sh',
      '-c',
      'trap "" TERM; echo held; while :; do sleep 1; done',
    ]);
    await running.said('held');
    rmSync(path, { recursive: true });
    await running.said('was lost');
    const began = performance.now();
    expect((await running.exited).code).toBe(125);
    expect(performance.now() - began).toBeGreaterThan(9_000);
  }, 30_000);

  test('gives the command its arguments as they are, options and all', async () => {
    const path = join(tempDir(), 'a.lock');
    const words = ['--timeout', '-h', '--', '--json', '', 'two words', '$HOME', '*'];
    const script = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const { code, stdout } = await cli(['run', path, '--', process.execPath, '-e', script, '--', ...words]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(words);
  });

  test('needs no -- before a command without options', async () => {
    const path = join(tempDir(), 'a.lock');
    expect(await cli(['run', path, 'echo', 'a', '-', 'b'])).toMatchObject({ code: 0, stdout: 'a - b\n' });
    expect(await cli(['run', '--timeout', '5s', path, 'echo', 'a'])).toMatchObject({
      code: 0,
      stdout: 'a\n',
    });
  });

  test('gives the command its input', async () => {
    const running = startCli(['run', join(tempDir(), 'a.lock'), '--', 'cat']);
    running.write('through\n');
    running.endInput();
    expect(await running.closed).toMatchObject({ code: 0, stdout: 'through\n', stderr: '' });
  });

  test('says while it waits who holds the lock, for how long, and why that one counts as alive', async () => {
    const path = join(tempDir(), 'a.lock');
    const holder = await holdLock(path, '--label', 'nightly');
    const waiter = startCli(['run', path, '--', 'echo', 'my turn']);
    await waiter.said('waiting');
    const line = new RegExp(
      `^kernel-identity: waiting for '${path}', held by pid ${holder.pid}[^\n]*, "nightly", host [^\n]*, for [\\d.]+ s\n$`,
    );
    expect(waiter.stderr).toMatch(line);
    await sleep(100);
    expect(waiter.stdout).toBe('');
    holder.endInput();
    expect(await waiter.closed).toMatchObject({
      code: 0,
      stdout: 'my turn\n',
      stderr: expect.stringMatching(line),
    });
  });

  test('says nothing of waiting and of giving up with -q', async () => {
    const path = join(tempDir(), 'a.lock');
    const holder = await holdLock(path);
    const waiter = startCli(['run', path, '-q', '--', 'true']);
    const quiet = await cli(['run', path, '--quiet', '--timeout', '1200ms', '--', 'true']);
    expect(quiet).toMatchObject({ code: 75, stdout: '', stderr: '' });
    holder.endInput();
    expect(await waiter.closed).toMatchObject({ code: 0, stderr: '' });
  });

  test('names the lock to its command, which can so recognise that it runs under it', async () => {
    const path = join(tempDir(), 'a.lock');
    const script = `${path}.sh`;
    // The second start of the script must neither wait nor take the lock anew.
    const line = `[ "$KERNEL_IDENTITY_LOCK" = "${path}" ] || exec "$@" run "${path}" -- sh "$0" again`;
    writeFileSync(script, `${line}\necho "$# $1"\n`);
    const inherited = { KERNEL_IDENTITY_HANDED_OVER: `${'0'.repeat(32)}:/nothing` };
    const started = startProgram(['sh', script, process.execPath, MAIN], { env: inherited });
    expect(await started.closed).toMatchObject({ code: 0, stdout: '1 again\n', stderr: '' });
    const variables = await cli(['run', path, '--', 'env'], { env: inherited });
    expect(variables.stdout).not.toContain('HANDED_OVER');
  });

  test('says that a command waits for the lock under which it runs', async () => {
    const path = join(tempDir(), 'a.lock');
    const inner = [process.execPath, MAIN, 'run', path, '-w', '1200ms', '-E', '9', '--', 'true'];
    const { code, stderr } = await cli(['run', path, '--', ...inner]);
    expect(code).toBe(9);
    expect(stderr).toContain('it may be waiting for itself');
  });

  test('labels the lock with the name of the program, and with none of its arguments', async () => {
    const path = join(tempDir(), 'a.lock');
    const words = ['run', path, '--', '/bin/sh', '-c', `cat "${path}/owner.json"`, 'sh', '--password=secret'];
    const { stdout } = await cli(words);
    expect(JSON.parse(stdout)).toMatchObject({ label: 'sh' });
    expect(stdout).not.toContain('secret');
  });

  test('runs a line of the shell with -c', async () => {
    const path = join(tempDir(), 'a.lock');
    expect(await cli(['run', path, '-c', 'echo "$0" | tr a-z A-Z; exit 7'])).toMatchObject({
      code: 7,
      stdout: '/BIN/SH\n',
      stderr: '',
    });
    const hint = await cli(['run', path, 'echo hi']);
    expect(hint).toMatchObject({ code: 127, stderr: expect.stringContaining('-c runs a shell line') });
  });

  test('takes the short options of flock(1)', async () => {
    const path = join(tempDir(), 'a.lock');
    await holdLock(path);
    for (const [options, code] of [
      [['-n'], 75],
      [['-n', '-E', '0'], 0],
      [['-w', '0.1', '-E', '255'], 255],
      [['--nonblock', '--conflict-exit-code=3'], 3],
    ] as const) {
      const { code: found, stdout } = await cli(['run', ...options, path, 'echo', 'ran']);
      expect({ found, stdout }, options.join(' ')).toEqual({ found: code, stdout: '' });
    }
    for (const wrong of [
      ['-n', '-w', '1'],
      ['-E', '256'],
      ['-E', '-1'],
      ['-E', 'x'],
      ['-c', ' '],
      ['-c', 'true', '--', 'true'],
    ]) {
      expect((await cli(['run', path, ...wrong])).code, wrong.join(' ')).toBe(2);
    }
  });

  test('says why it cannot tell', async () => {
    const path = writeUnknownLock(tempDir());
    const { code, stderr } = await cli(['run', path, '--timeout', '1200ms', '--', 'true']);
    expect(code).toBe(75);
    expect(stderr).toMatch(
      /waiting for .*, recorded by pid 7, host elsewhere, for 1 min 3\d s; owner unknown: other-boot\n/,
    );
    expect(stderr).toContain(`${PROGRAM} reclaim`);
  });

  test('waits when it is told to wait for ages', async () => {
    const path = join(tempDir(), 'a.lock');
    const holder = await holdLock(path);
    const waiter = startCli(['run', path, '--timeout', '99999999999999999999', '--', 'true']);
    const month = startCli(['run', path, '--timeout', '2000h', '--', 'true']);
    await waiter.waits();
    await month.waits();
    await sleep(400);
    holder.endInput();
    for (const running of [waiter, month]) {
      const { code, stderr } = await running.closed;
      expect(code).toBe(0);
      expect(stderr).not.toContain('Warning');
    }
  });

  test('exits 127 for a command that is not there, and frees the lock', async () => {
    const directory = tempDir();
    for (const command of ['no-such-command-7c1', join(directory, 'none'), '']) {
      const { code, stderr } = await cli(['run', join(directory, 'a.lock'), '--', command]);
      expect(code).toBe(127);
      expect(stderr).toMatch(/^kernel-identity: cannot run '[^\n]*': [^\n]+\n$/);
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test('exits 126 for a command that cannot be executed, and frees the lock', async () => {
    const directory = tempDir();
    const file = join(directory, 'script');
    writeFileSync(file, 'true\n');
    chmodSync(file, 0o644);
    for (const command of [[file], [directory], [`${file}/x`]]) {
      const { code, stderr } = await cli(['run', join(directory, 'a.lock'), '--', ...command]);
      expect(code, command[0]).toBe(126);
      expect(stderr).toMatch(/^kernel-identity: cannot run '/);
    }
    expect(readdirSync(directory)).toEqual(['script']);
  });

  test('exits 125 for what keeps it from acquiring the lock', async () => {
    const directory = tempDir();
    const file = join(directory, 'notes.txt');
    writeFileSync(file, 'mine\n');
    const noParent = await cli(['run', join(directory, 'no', 'a.lock'), '--', 'echo', 'ran']);
    expect(noParent).toMatchObject({ code: 125, stdout: '' });
    expect(noParent.stderr).toMatch(/^kernel-identity: ENOENT: [^\n]+\n$/);
    expect(existsSync(join(directory, 'no'))).toBe(false);
    const noLock = await cli(['run', file, '--', 'echo', 'ran']);
    expect(noLock).toMatchObject({ code: 125, stdout: '' });
    expect(noLock.stderr).toMatch(/^kernel-identity: not a lock: /);
    expect(readFileSync(file, 'utf8')).toBe('mine\n');
    const env = { KERNEL_IDENTITY_BACKEND: 'crystal-ball' };
    expect(await cli(['run', join(directory, 'a.lock'), '--', 'true'], { env })).toMatchObject({ code: 125 });
  });

  test('warns when the lock was lost meanwhile, and does not pass that for success', async () => {
    const path = join(tempDir(), 'a.lock');
    const script = 'rm -r "$1"; exit "$2"';
    const succeeded = await cli(['run', path, '--', 'sh', '-c', script, 'sh', path, '0']);
    expect(succeeded.code).toBe(125);
    expect(succeeded.stderr).toMatch(/^kernel-identity: the lock '.*' was lost: [^\n]+\n$/);
    const failed = await cli(['run', path, '--', 'sh', '-c', script, 'sh', path, '3']);
    expect(failed.code).toBe(3);
    expect(failed.stderr).toContain('was lost');
  });
});
