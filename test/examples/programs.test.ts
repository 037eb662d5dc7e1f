import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeStaleLock } from '../helpers/locks.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { example } from './programs.js';

describeRequiring([isBuilt()], 'the HTTP server with a PID file', () => {
  function start(directory: string, timeout = '0'): Promise<TestProcess> {
    const command = [process.execPath, example('http-server-with-pid-file.mjs'), directory, '0'];
    return startProcess(command, { env: { LOCK_TIMEOUT: timeout } });
  }

  async function addressOf(server: TestProcess): Promise<string> {
    const [, port] = /^listening on port (\d+)$/.exec(await server.line()) ?? [];
    return `http://localhost:${port}/`;
  }

  test('serves, names itself in the PID file, and leaves nothing behind', async () => {
    const directory = tempDir();
    const server = await start(directory);
    const response = await fetch(await addressOf(server));
    expect(await response.text()).toBe(`served by pid ${server.pid}\n`);
    expect(readFileSync(join(directory, 'server.pid'), 'utf8')).toBe(`${server.pid}\n`);
    server.signal('SIGTERM');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(existsSync(join(directory, 'server.pid'))).toBe(false);
    expect(existsSync(join(directory, 'server.lock'))).toBe(false);
  });

  test('does not start beside another one, and names that one', async () => {
    const directory = tempDir();
    const first = await start(directory);
    await addressOf(first);
    const second = await start(directory);
    expect(await second.exited).toEqual({ code: 75, signal: null });
    expect(second.errors).toContain(`pid ${first.pid}, "http server"`);
    expect(readFileSync(join(directory, 'server.pid'), 'utf8')).toBe(`${first.pid}\n`);
  });

  test('follows on one that was killed, at once', async () => {
    const directory = tempDir();
    const first = await start(directory);
    await addressOf(first);
    await first.kill();
    expect(existsSync(join(directory, 'server.pid'))).toBe(true);
    const second = await start(directory);
    await addressOf(second);
    expect(readFileSync(join(directory, 'server.pid'), 'utf8')).toBe(`${second.pid}\n`);
  });

  test('follows on one that shuts down while it waits', async () => {
    const directory = tempDir();
    const first = await start(directory);
    await addressOf(first);
    const second = await start(directory, '20000');
    first.signal('SIGTERM');
    await addressOf(second);
    expect(readFileSync(join(directory, 'server.pid'), 'utf8')).toBe(`${second.pid}\n`);
  });

  test('stops by itself when its lock was taken away, and leaves the PID file to the new owner', async () => {
    const directory = tempDir();
    const server = await start(directory);
    await addressOf(server);
    rmSync(join(directory, 'server.lock'), { recursive: true });
    await server.exited;
    expect(server.errors).toContain('was lost');
    expect(existsSync(join(directory, 'server.pid'))).toBe(true);
  });
});

describeRequiring([isBuilt()], 'the cron job', () => {
  function start(path: string, ms: number): Promise<TestProcess> {
    return startProcess([process.execPath, example('cron-job.mjs'), path], { env: { JOB_MS: String(ms) } });
  }

  test('does its work and leaves nothing behind', async () => {
    const path = join(tempDir(), 'job.lock');
    const job = await start(path, 10);
    expect(await job.line()).toBe('done');
    expect((await job.exited).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test('skips its turn while the previous run is at work', async () => {
    const path = join(tempDir(), 'job.lock');
    const first = await start(path, 60_000);
    await until('the first run has the lock', () => existsSync(path));
    const second = await start(path, 10);
    expect(await second.line()).toMatch(new RegExp(`^skipped: pid ${first.pid} has been at it for \\d+ s`));
    expect((await second.exited).code).toBe(0);
    expect(first.running).toBe(true);
  });

  test('takes its turn when the previous run was killed, and reports it', async () => {
    const directory = tempDir();
    const path = writeStaleLock(directory, 'job.lock');
    const job = await start(path, 10);
    expect(await job.line()).toMatch(
      /^the run of pid 4194304 never ended \(owner dead: legacy-no-such-process\)$/,
    );
    expect(await job.line()).toBe('done');
  });
});
