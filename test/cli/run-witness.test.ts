import { existsSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentBackend } from '../../src/backend/select.js';
import { inspectLockSync } from '../../src/index.js';
import { hasBackend } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, type RunningCli, startCli } from '../helpers/cli.js';
import { describeRequiring, type Requirement } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

/** A filesystem in memory, on which both backends can test a witness. */
const MEMORY = '/dev/shm';

function canTakeWitness(): Requirement {
  if (!existsSync(MEMORY) || !statSync(MEMORY).isDirectory())
    return { available: false, reason: `no ${MEMORY}` };
  return currentBackend().capabilities().takeWitness;
}

/** Starts `run` with a command that runs `script`, prints its pid, and then lives until it is killed. */
async function startRun(path: string, script = ':'): Promise<{ run: RunningCli; commandPid: number }> {
  const run = startCli(['run', path, '--', 'sh', '-c', `${script}; echo pid $$ ready; exec sleep 600`]);
  await run.said('ready');
  const commandPid = Number(/pid (\d+)/.exec(run.stdout)?.[1]);
  onCleanup(() => killIfThere(commandPid));
  return { run, commandPid };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

describeRequiring(
  [...BUILT, hasBackend('native'), canTakeWitness()],
  'the command inherits the witness',
  () => {
    test('so that the lock is held until it ends, even if run alone is killed', async () => {
      const path = join(tempDir(MEMORY), 'a.lock');
      const { run, commandPid } = await startRun(path);
      run.signal('SIGKILL');
      expect(await run.exited).toMatchObject({ signal: 'SIGKILL' });
      expect(process.kill(commandPid, 0)).toBe(true);

      for (const backend of ['native', 'procfs']) {
        const env = { KERNEL_IDENTITY_BACKEND: backend };
        const { code, stdout } = await cli(['inspect', path, '--json', '--exit-code'], { env });
        expect(code, backend).toBe(1);
        expect(JSON.parse(stdout)).toMatchObject([
          {
            state: 'held',
            verdict: { state: 'alive', reason: 'witness-held' },
            holders: [{ pid: commandPid, by: 'witness', inheritedFrom: run.pid }],
          },
        ]);
        const { stdout: text } = await cli(['inspect', path], { env });
        expect(text).toMatch(
          new RegExp(
            `^ {2}held by  pid ${commandPid} \\(.+\\), which\\s+inherited\\s+it\\s+from\\s+pid\\s+${run.pid};`,
            'm',
          ),
        );
        expect(text.replaceAll(/\s+/g, ' ')).toContain(`leave it alone and wait for pid ${commandPid} (`);
        expect((await cli(['reclaim', path], { env })).code).toBe(1);
      }
      const late = await cli(['run', path, '--timeout', '200ms', '--', 'true']);
      expect(late.code).toBe(75);
      expect(late.stderr).toContain(`; held by pid ${commandPid} (`);

      const waiter = startCli(['run', path, '--', 'echo', 'my turn']);
      await waiter.said(`, which inherited it from pid ${run.pid}`);
      process.kill(commandPid);
      expect(await waiter.closed).toMatchObject({ code: 0, stdout: 'my turn\n' });
      expect(existsSync(path)).toBe(false);
    });

    test('and when both are gone, nobody holds the lock', async () => {
      const path = join(tempDir(MEMORY), 'a.lock');
      const { run, commandPid } = await startRun(path);
      run.signal('SIGKILL');
      await run.exited;
      process.kill(commandPid);
      await until('the command ends', () => inspectLockSync(path).state === 'stale');
      const { code, stdout } = await cli(['inspect', path, '--json', '--exit-code']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject([
        { verdict: { state: 'dead', certainty: 'proven', reason: 'witness-free' }, holders: [] },
      ]);
    });

    test('together with the lifeline and the directory of the lock', async () => {
      const path = join(tempDir(MEMORY), 'a.lock');
      const { commandPid } = await startRun(path);
      expect([20, 21, 22].map((fd) => readlinkSync(`/proc/${commandPid}/fd/${fd}`))).toEqual([
        join(path, 'owner.json'),
        expect.stringMatching(/^(time|user):/),
        path,
      ]);
    });

    test('under a number that scripts do not use for their own', async () => {
      const path = join(tempDir(MEMORY), 'a.lock');
      const { run } = await startRun(path, 'exec 3>&1 4>&1 5>&1 6>&1 7>&1 8>&1 9>&1');
      run.signal('SIGKILL');
      await run.exited;
      expect((await cli(['inspect', path, '--exit-code'])).code).toBe(1);
    });

    test('but what it leaves in the background does not keep the lock', async () => {
      const path = join(tempDir(MEMORY), 'a.lock');
      const run = startCli([
        'run',
        path,
        '--',
        'sh',
        '-c',
        'sleep 600 >/dev/null 2>&1 </dev/null & echo pid $!',
      ]);
      expect(await run.closed).toMatchObject({ code: 0 });
      const background = Number(/pid (\d+)/.exec(run.stdout)?.[1]);
      onCleanup(() => killIfThere(background));
      expect(existsSync(path)).toBe(false);
      expect((await cli(['run', path, '--timeout', '0', '--', 'true'])).code).toBe(0);
    });
  },
);
