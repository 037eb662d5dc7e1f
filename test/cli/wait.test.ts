import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, startCli } from '../helpers/cli.js';
import { holdLock, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeConcurrent, test } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** A process that lives until it is killed. */
function startSleeper(): number {
  const child = spawn('sleep', ['600']);
  onCleanup(() => {
    child.kill('SIGKILL');
  });
  return child.pid as number;
}

/** How often its event loop has gone to sleep. A thread of the addon wakes whenever a lifeline of this kernel ends. */
function sleepsOfMainThread(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
}

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeConcurrent([...BUILT, hasBackend(backend)], `wait with the ${backend} backend`, () => {
    test('ends when the lock is released, and leaves it free', async () => {
      const path = join(tempDir(), 'a.lock');
      const holder = await holdLock(path);
      const waiter = startCli(['wait', path], { env });
      await waiter.said('waiting');
      expect(waiter.stderr).toMatch(/^kernel-identity: waiting for '.*a\.lock', held by pid \d+ [^\n]*\n$/);
      holder.endInput();
      expect(await waiter.closed).toMatchObject({ code: 0, stdout: '' });
      expect((await cli(['wait', path, '-n'], { env })).code).toBe(0);
    });

    test('ends when the owner is dead, and removes nothing', async () => {
      const path = join(tempDir(), 'a.lock');
      const holder = await holdLock(path);
      const waiter = startCli(['wait', path, '-q'], { env });
      const sleeper = startSleeper();
      const ofProcess = startCli(['wait', String(sleeper), '-q'], { env });
      expect((await cli(['wait', path, '-w', '0.1', '-E', '9'], { env })).code).toBe(9);
      expect((await cli(['wait', String(sleeper), '-n'], { env })).code).toBe(75);
      holder.signal('SIGKILL');
      process.kill(sleeper, 'SIGKILL');
      for (const running of [waiter, ofProcess]) {
        expect(await running.closed).toMatchObject({ code: 0, stdout: '', stderr: '' });
      }
      expect((await cli(['inspect', path], { env })).stdout).toContain('stale');
    });

    test("waits for another program's PID file, until its process ends or the file is gone", async () => {
      const directory = tempDir();
      const [first, second] = [startSleeper(), startSleeper()];
      writeFileSync(join(directory, 'first.pid'), `${first}\n`);
      writeFileSync(join(directory, 'second.pid'), `${second}\n`);
      const waiters = ['first.pid', 'second.pid'].map((name) =>
        startCli(['wait', join(directory, name)], { env }),
      );
      for (const waiter of waiters) await waiter.said('waiting');
      process.kill(first, 'SIGKILL');
      rmSync(join(directory, 'second.pid'));
      for (const waiter of waiters) expect((await waiter.closed).code).toBe(0);
    });

    test('waits for a process for longer than a timer of Node runs', async () => {
      const sleeper = startSleeper();
      const waiter = startCli(['wait', String(sleeper), '-w', '600h'], { env });
      await waiter.said('waiting');
      process.kill(sleeper, 'SIGKILL');
      const { code, stderr } = await waiter.closed;
      expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 0, lines: 1 });
    });

    test('gives the owner of a new PID file the time to write its record', async () => {
      const path = join(tempDir(), 'server.pid');
      const sleeper = startSleeper();
      writeFileSync(path, '');
      const begun = setInterval(() => writeFileSync(path, ''), 20);
      onCleanup(() => clearInterval(begun));
      const waiter = startCli(['wait', path], { env });
      await waiter.said('waiting');
      clearInterval(begun);
      writeFileSync(path, `${sleeper}\n`);
      process.kill(sleeper, 'SIGKILL');
      const { code, stderr } = await waiter.closed;
      expect(code, stderr).toBe(0);
    });

    test('says at once what is free, and what is no lock', async () => {
      const directory = tempDir();
      writeFileSync(join(directory, 'notes.txt'), 'mine\n');
      mkdirSync(join(directory, 'data.lock'));
      writeFileSync(join(directory, 'data.lock', 'data.db'), '');
      for (const [path, code] of [
        [writeStaleLock(directory), 0],
        [join(directory, 'nothing'), 0],
        ['4194304', 0],
        [join(directory, 'notes.txt'), 1],
        [join(directory, 'data.lock'), 1],
      ] as const) {
        expect((await cli(['wait', path], { env })).code, path).toBe(code);
      }
    });
  });
}

describeConcurrent(BUILT, 'wait', () => {
  test('needs a path or a PID', async () => {
    for (const wrong of [[], ['0'], ['99999999999'], ['a', 'b'], ['a', '-n', '-w', '1']]) {
      expect((await cli(['wait', ...wrong])).code, wrong.join(' ')).toBe(2);
    }
  });

  test('gives up on an owner that cannot be judged, and says why', async () => {
    const { code, stderr } = await cli(['wait', writeUnknownLock(tempDir()), '-w', '1200ms']);
    expect(code).toBe(75);
    expect(stderr).toMatch(/waiting for .*, recorded by pid 7, .*; owner unknown: other-boot\n/);
  });
});

describeConcurrent([...BUILT, hasBackend('native')], 'wait with the addon', () => {
  test('sleeps until the kernel reports a change', async () => {
    const path = join(tempDir(), 'a.lock');
    await holdLock(path);
    const waiters = [startCli(['wait', path]), startCli(['wait', String(startSleeper())])];
    for (const waiter of waiters) {
      await waiter.said('waiting');
      const before = sleepsOfMainThread(waiter.pid);
      await sleep(1000);
      // A poll every 100 ms would make at least ten.
      expect(sleepsOfMainThread(waiter.pid) - before).toBeLessThan(5);
    }
  });
});
