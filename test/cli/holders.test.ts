import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, MAIN, startCli } from '../helpers/cli.js';
import { lockFile } from '../helpers/file-locks.js';
import { holdLock, NOBODY } from '../helpers/locks.js';
import { startProcess } from '../helpers/processes.js';
import {
  describeRequiring,
  hasProgram,
  isolationTest,
  isRoot,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const PYTHON = hasProgram('python3');

interface Inspected {
  readonly holders: readonly object[];
}

/** Repeats a check that runs programs until it holds. */
function eventually(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 100 });
}

async function holdersOf(path: string, env: Record<string, string> = {}): Promise<readonly object[]> {
  const [inspected] = JSON.parse((await cli(['inspect', '--json', path], { env })).stdout) as Inspected[];
  return inspected?.holders ?? [];
}

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeRequiring([...BUILT, hasBackend(backend)], `who holds a lock, with the ${backend} backend`, () => {
    testRequiring(
      [PYTHON],
      'is the process that locks the file of a dead number, and nobody is sent to that number',
      async () => {
        const path = join(tempDir(), 'server.pid');
        writeFileSync(path, `${NOBODY}\n`);
        const { pid } = await lockFile(path, 'posix:write:0:0');
        const { stdout } = await cli(['inspect', path], { env });
        expect(stdout).toContain(`held by  pid ${pid} (python3`);
        expect(stdout).toContain(` probe ${pid}\n`);
        expect(stdout).not.toContain(`probe ${NOBODY}`);
        expect(await holdersOf(path, env)).toMatchObject([{ pid, by: 'file-lock', inheritedFrom: null }]);
        // OpenClaw locks a database beside its lock.
        const lock = join(tempDir(), 'gateway.lock');
        writeFileSync(lock, JSON.stringify({ pid: NOBODY, createdAt: new Date().toISOString() }));
        writeFileSync(`${lock}.sqlite`, '');
        const beside = await lockFile(`${lock}.sqlite`, 'posix:write:0:0');
        expect(await holdersOf(lock, env)).toMatchObject([{ pid: beside.pid, by: 'file-lock' }]);
      },
    );

    testRequiring([PYTHON], 'is whoever inherited the lock, and it says from whom', async () => {
      const path = join(tempDir(), 'server.pid');
      writeFileSync(path, `${process.pid}\n`);
      const heir = await startProcess(['python3', '-c', INHERITED_FLOCK, path]);
      const [taker, child] = await heir.message<[number, number]>();
      expect(await heir.exited).toMatchObject({ code: 0 });
      onCleanup(() => {
        process.kill(child, 'SIGKILL');
      });
      expect(await holdersOf(path, env)).toMatchObject([
        { pid: child, by: 'file-lock', inheritedFrom: taker },
      ]);
    });

    test('is the recorded process where nothing else shows it, with user and start', async () => {
      const path = join(tempDir(), 'server.pid');
      writeFileSync(path, `${process.pid}\n`);
      expect(await holdersOf(path, env)).toMatchObject([
        {
          pid: process.pid,
          by: 'record',
          command: expect.stringMatching(/\S/),
          user: expect.stringMatching(/\S/),
          startedAt: expect.closeTo(performance.timeOrigin, -5),
          kernelThread: false,
        },
      ]);
    });

    test('is nobody for what is free or stale, or a link to elsewhere', async () => {
      const directory = tempDir();
      const stale = join(directory, 'stale.pid');
      writeFileSync(stale, `${NOBODY}\n`);
      const held = join(directory, 'held.lock');
      await holdLock(held);
      const link = join(directory, 'SingletonLock');
      symlinkSync(`elsewhere-${NOBODY}`, link);
      for (const path of [stale, link, join(directory, 'free.lock')])
        expect(await holdersOf(path, env)).toEqual([]);
    });
  });
}

/** Takes a flock(2), leaves it to a child, and ends. */
const INHERITED_FLOCK = `
import fcntl, json, os, sys, time
f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX)
child = os.fork()
if child == 0:
    os.close(1); time.sleep(600)
print(json.dumps([os.getpid(), child]), flush=True)
`;

describeRequiring(BUILT, 'who holds a lock, and who waits', () => {
  test('waiters of this package and of flock(2) are shown, and others who have to do with the file are not', async () => {
    const directory = tempDir();
    const path = join(directory, 'a.lock');
    const holder = await holdLock(path);
    const waiter = startCli(['run', path, '--', 'true']);
    await waiter.said('waiting');
    const text = async () => (await cli(['inspect', path])).stdout;
    if (hasBackend('native').available) {
      await eventually(async () => expect(await text()).toContain(`waiting  pid ${waiter.pid} (`));
    }
    expect(await text()).not.toContain(`waiting  pid ${holder.pid}`);
    expect((await text()).match(/^ {2}held by {2}/gm)?.length).toBeGreaterThanOrEqual(1);
  });

  testRequiring(
    [PYTHON],
    'who waits for the directory of an older program hears of the process that locks its record',
    async () => {
      const path = join(tempDir(), 'a.lock');
      mkdirSync(path);
      const record = join(path, 'owner.json');
      writeFileSync(record, JSON.stringify({ pid: NOBODY, createdAtMs: Date.now() }));
      const { pid } = await lockFile(record, 'posix:write:0:0');
      const { stderr } = await cli(['run', path, '-w', '0.2', '--', 'true']);
      expect(stderr).toContain(`; held by pid ${pid} (python3`);
    },
  );

  testRequiring([PYTHON], 'one that waits in a lock call waits for the file', async () => {
    const path = join(tempDir(), 'server.pid');
    writeFileSync(path, `${NOBODY}\n`);
    await lockFile(path, 'posix:write:0:0');
    const waiter = await lockFile(path, 'posix:wait-read:0:0');
    await eventually(async () =>
      expect((await cli(['inspect', path])).stdout).toContain(`waiting  pid ${waiter.pid} (python3`),
    );
  });

  test('a command line is shown without being obeyed, and cut', async () => {
    const path = join(tempDir(), 'server.pid');
    const named = spawn(process.execPath, [
      '-e',
      'console.log(1); process.stdin.resume()',
      '\u001b[2J\u202e',
      'x'.repeat(5_000),
    ]);
    onCleanup(() => {
      named.kill('SIGKILL');
    });
    await once(named.stdout, 'data');
    writeFileSync(path, `${named.pid}\n`);
    const { stdout } = await cli(['inspect', path]);
    expect(stdout.replaceAll(/\s/g, '')).toContain('\\u{1b}[2J\\u{202e}xxx');
    expect(stdout).toMatch(/x…/);
    expect(stdout).not.toMatch(/x{100}/);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    const [holder] = (await holdersOf(path)) as { command: string }[];
    expect(holder?.command).toHaveLength(100);
    const probe = await cli(['probe', String(named.pid)]);
    expect(probe.stdout).toMatch(/^command +\S*node -e .*…$/ms);
    expect(probe.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  test('a dump that is redacted has neither command nor user', async () => {
    const path = join(tempDir(), 'server.pid');
    const named = spawn(process.execPath, [
      '-e',
      'console.log(1); process.stdin.resume()',
      '--',
      '--password=hunter2',
    ]);
    onCleanup(() => {
      named.kill('SIGKILL');
    });
    await once(named.stdout, 'data');
    writeFileSync(path, `${named.pid}\n`);
    const other = join(tempDir(), 'other.pid');
    writeFileSync(other, `${named.pid}\n`);
    for (const form of [[], ['--json']]) {
      expect((await cli(['dump', path, ...form])).stdout).toContain('hunter2');
      expect((await cli(['dump', path, ...form, '--redact'])).stdout).not.toContain('hunter2');
    }
    const { locks } = JSON.parse((await cli(['dump', path, other, '--json', '--redact'])).stdout);
    for (const { holders } of locks)
      expect(holders).toMatchObject([{ command: 'command-1', user: 'user-1' }]);
  });

  testRequiring([isRoot()], 'probe says of a thread of the kernel that it is one', async () => {
    // kthreadd has this number in the initial PID namespace. Elsewhere it is another process, or none.
    const { stdout } = await cli(['probe', '2']);
    const isKernel = stdout.includes('[kthreadd]');
    expect(stdout.includes('a thread of the kernel')).toBe(isKernel);
    const probe = JSON.parse((await cli(['probe', '--json', String(process.pid)])).stdout);
    expect(probe.process).toMatchObject({ kernelThread: false, command: expect.stringMatching(/\S/) });
  });

  isolationTest(
    'the host sees the holder in a container by its own number, the container not the host’s',
    async () => {
      const directory = tempDir();
      const path = join(directory, 'a.lock');
      const box = await openBox();
      const inside = await box.start([
        process.execPath,
        MAIN,
        'run',
        path,
        '--',
        'sh',
        '-c',
        'echo \'"up"\'; cat',
      ]);
      await inside.message();
      expect(await holdersOf(path)).toEqual(
        expect.arrayContaining([expect.objectContaining({ pid: inside.hostPid, by: 'witness' })]),
      );
      const outer = join(directory, 'outer.lock');
      const { pid } = await holdLock(outer);
      const seen = await box.start([process.execPath, MAIN, 'inspect', '--json-lines', outer]);
      const { state, holders } = await seen.message<{ state: string; holders: object[] }>();
      expect(holders).toEqual([]);
      expect(['held', 'unknown']).toContain(state);
      expect(pid).toBeGreaterThan(0);
    },
  );

  isolationTest('no process is named by its number in a foreign /proc', async () => {
    const directory = tempDir();
    const path = join(directory, 'server.pid');
    const box = await openBox({ proc: 'foreign' });
    const owner = await box.start(['sh', '-c', `echo $$ > ${path}; echo '"up"'; cat`]);
    await owner.message();
    const probe = await box.start([process.execPath, MAIN, 'probe', '--json', String(owner.pid)]);
    const lines: string[] = [];
    for (let line = await probe.line(); ; line = await probe.line()) {
      lines.push(line);
      if (line === '}') break;
    }
    expect(JSON.parse(lines.join('\n')).process).toMatchObject({ command: null, user: null });
  });
});
