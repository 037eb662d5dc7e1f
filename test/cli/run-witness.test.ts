import { chmodSync, existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentBackend } from '../../src/backend/select.js';
import { inspectLockSync } from '../../src/index.js';
import { hasBackend } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, type RunningCli, startCli } from '../helpers/cli.js';
import {
  describeRequiring,
  hasProgram,
  isRoot,
  type Requirement,
  testRequiring,
} from '../helpers/requirements.js';
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

    for (const [change, script] of Object.entries({
      'has grown': "fs.writeSync(20, 'x'.repeat(1 << 20), 1 << 20)",
      'was forged':
        "fs.writeSync(20, fs.readFileSync(20, 'utf8').replace(/(\"witness\":) \\{[^}]*\\}/, '$1 null').padEnd(3000), 0)",
    })) {
      test(`writable, so that a command may leave a record that ${change}: run notices, and the path is free`, async () => {
        const path = join(tempDir(MEMORY), 'a.lock');
        const { code, stderr } = await cli(['run', path, '--', process.execPath, '-e', script]);
        expect({ code, stderr }).toEqual({
          code: 125,
          stderr: expect.stringMatching(
            /^kernel-identity: the lock '.*' was lost: its owner.json was changed[^\n]+\n$/,
          ),
        });
        expect(existsSync(path)).toBe(false);
      });
    }

    test('but not with --close: it has no descriptor of the lock, and the lock ends with run', async () => {
      for (const option of ['--close', '-o']) {
        const path = join(tempDir(MEMORY), 'a.lock');
        const run = startCli(['run', path, option, '--', 'sh', '-c', 'echo pid $$ ready; exec sleep 600']);
        await run.said('ready');
        const commandPid = Number(/pid (\d+)/.exec(run.stdout)?.[1]);
        onCleanup(() => killIfThere(commandPid));
        const descriptors = readdirSync(`/proc/${commandPid}/fd`).map((fd) =>
          readlinkSync(`/proc/${commandPid}/fd/${fd}`),
        );
        expect(
          descriptors.filter((target) => target.startsWith(path) || /^(time|user):/.test(target)),
        ).toEqual([]);
        expect(inspectLockSync(path)).toMatchObject({ state: 'held', owner: { handedOver: false } });
        run.signal('SIGKILL');
        await run.exited;
        expect(inspectLockSync(path)).toMatchObject({ state: 'stale', verdict: { certainty: 'proven' } });
        expect(process.kill(commandPid, 0)).toBe(true);
      }
    });

    testRequiring(
      [isRoot(), hasProgram('setpriv')],
      'and a command that gives up its privileges cannot write the record then',
      async () => {
        const directory = tempDir(MEMORY);
        chmodSync(directory, 0o700);
        const path = join(directory, 'a.lock');
        const script =
          'for fd in /proc/self/fd/*; do echo "$(readlink "$fd")"; done; cat "$1/owner.json" 2>&1; true';
        const drop = [
          'setpriv',
          '--reuid=65534',
          '--regid=65534',
          '--clear-groups',
          'sh',
          '-c',
          script,
          'sh',
          path,
        ];
        const { code, stdout } = await cli(['run', path, '--close', '--', ...drop]);
        expect(code).toBe(0);
        expect(stdout).toContain('Permission denied');
        expect(stdout.split('\n').filter((line) => line.startsWith(path))).toEqual([]);
      },
    );

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
