import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { splitDevice } from '../../src/backend/procfs/locks.js';
import type { LockInspection } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { BUILT, cli, MAIN } from '../helpers/cli.js';
import { lockFile } from '../helpers/file-locks.js';
import { describeForEachBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { fixture, startProcess, type TestProcess } from '../helpers/processes.js';
import {
  describeRequiring,
  hasProgram,
  isolationTest,
  testRequiring,
  userNamespaceFlags,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

/** Puts the file that is its first argument in the place of /proc/locks, and runs the rest. */
const MOUNT_LOCKS = 'mount --bind "$0" /proc/locks && exec "$@"';

/** Leads a session, starts a process in it that leads a group of its own, says both numbers, and ends. */
const LAUNCHER = `
import os, subprocess
os.setsid()
quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.getpid(), subprocess.Popen(['sleep', '600'], preexec_fn=lambda: os.setpgid(0, 0), **quiet).pid)
`;

async function numberOfDead(): Promise<number> {
  const dead = await startProcess(['cat']);
  await dead.kill();
  return dead.pid;
}

/** Writes a PID file, by default a moment ago. */
function pidFile(content: unknown, name = 'server.pid', writtenMs = Date.now()): string {
  const path = join(tempDir(), name);
  writeFileSync(path, typeof content === 'object' ? JSON.stringify(content) : `${content}\n`);
  utimesSync(path, writtenMs / 1000, writtenMs / 1000);
  return path;
}

for (const backend of TESTED) {
  const env: Record<string, string> = { KERNEL_IDENTITY_BACKEND: backend };

  async function verdictOn(path: string, more: Record<string, string> = {}): Promise<string> {
    const { stdout } = await cli(['inspect', '--json', path], { env: { ...env, ...more } });
    const [inspection] = JSON.parse(stdout);
    return inWords(inspection);
  }

  describeRequiring([...BUILT, hasBackend(backend)], `with the ${backend} backend`, () => {
    const needed = [hasProgram('python3')];

    isolationTest('a lock far down in a long list of them: alive; a list without end: unknown', async () => {
      const path = pidFile(await numberOfDead());
      const { dev, ino } = statSync(path, { bigint: true });
      const { major, minor } = splitDevice(dev);
      const [high, low] = [major, minor].map((number) => number.toString(16).padStart(2, '0'));
      const line = (number: number, inode: bigint) =>
        `${number}: FLOCK  ADVISORY  WRITE 1 ${high}:${low}:${inode} 0 EOF\n`;
      const others = (count: number) => Array.from({ length: count }, (_, i) => line(i + 1, 1n)).join('');
      const list = join(tempDir(), 'locks');
      // The list is longer than what one read takes, and longer than what a look reads at most.
      const lists = { 'held: legacy-file-locked': 5_000, 'unknown: legacy-process-hidden': 500_000 };
      for (const [verdict, count] of Object.entries(lists)) {
        writeFileSync(list, others(count) + line(count + 1, ino));
        const mount = ['unshare', ...userNamespaceFlags(), '--mount', 'sh', '-c', MOUNT_LOCKS, list];
        const reader = await startProcess([...mount, process.execPath, MAIN, 'inspect', '--json', path], {
          env,
        });
        expect(inWords(await jsonOf(reader))).toBe(verdict);
      }
    });

    testRequiring(needed, 'a lock on the file beside a lock that its program locks: alive', async () => {
      const path = pidFile(await numberOfDead(), 'gateway.state.lock');
      writeFileSync(`${path}.sqlite`, '');
      const holder = await lockFile(`${path}.sqlite`, 'posix:write:1073741824:512');
      expect(await verdictOn(path)).toBe('held: legacy-sibling-locked');
      await holder.kill();
      expect(await verdictOn(path)).toBe('stale: legacy-no-such-process');
    });

    // /proc/locks hides what other PID namespaces hold, and plain Node has no other way to see it.
    isolationTest('the same lock of another container: never stale', async () => {
      const path = pidFile(await numberOfDead(), 'gateway.state.lock');
      writeFileSync(`${path}.sqlite`, '');
      await lockFile(`${path}.sqlite`, 'posix:write:1073741824:512');
      const box = await openBox({ env });
      const reader = await box.start([process.execPath, MAIN, 'inspect', '--json', path], { env });
      expect(inWords(await jsonOf(reader))).toBe(
        backend === 'native' ? 'held: legacy-sibling-locked' : 'unknown: legacy-sibling-hidden',
      );
    });

    // A launcher hands its session over to what it has started, which may lead a process group of its own.
    testRequiring(needed, 'the session of a dead leader lives: unknown', async () => {
      const launcher = await startProcess(['python3', '-c', LAUNCHER]);
      const [leader, member] = (await launcher.line()).split(' ').map(Number) as [number, number];
      await launcher.exited;
      const path = pidFile(leader);
      expect(await verdictOn(path)).toBe('unknown: legacy-group-lives');
      process.kill(member, 'SIGKILL');
      await gone(member);
      expect(await verdictOn(path)).toBe('stale: legacy-no-such-process');
    });

    test('a clock that was set forward makes nobody dead', async () => {
      const owner = await startProcess(['cat']);
      const path = pidFile(owner.pid);
      expect(await verdictOn(path, { NODE_OPTIONS: `--import=${fixture('clock-forward.mjs')}` })).toBe(
        'unknown: legacy-clock-stepped',
      );
      expect(await verdictOn(path)).toBe('held: legacy-born-before-record');
    });

    test('another host: unknown, until the option says that it is this one', async () => {
      const path = pidFile({ pid: await numberOfDead(), hostname: 'c0ffee123456' }, 'app.lock');
      expect(await verdictOn(path)).toBe('unknown: legacy-other-container');
      expect(await verdictOn(path, { KERNEL_IDENTITY_SAME_HOST: '1' })).toBe('stale: legacy-no-such-process');
    });

    isolationTest('the files of containers, seen from the host', async () => {
      const box = await openBox({ env });
      const kept = pidFile(await numberOfDead());
      for (const lock of ['flock:write:0:0', 'posix:write:0:0', 'ofd:read:0:1']) {
        const holder = await box.start(['python3', fixture('file-lock.py'), kept, lock]);
        await holder.message();
        expect(await verdictOn(kept), lock).toBe('held: legacy-file-locked');
        await holder.kill();
      }
      const low = pidFile(19);
      const names = ['unknown: legacy-namesake-in-descendant', 'stale: legacy-kernel-thread'];
      // A container that has ended has left the number, which on most machines is that of a thread of the kernel.
      const inside = await box.start(['sleep', '600'], { pid: 19 });
      expect(await verdictOn(pidFile(inside.pid))).toBe(names[0]);
      await box.kill();
      expect(['stale: legacy-no-such-process', names[1]]).toContain(await verdictOn(low));
    });

    // /proc/locks hides what other PID namespaces hold, so that only fcntl(2) shows it, and that is native's alone.
    if (backend === 'native') {
      isolationTest('a lock of the host on a file, seen from a container', async () => {
        const box = await openBox({ env });
        const path = pidFile(await numberOfDead());
        await lockFile(path, 'posix:read:0:0');
        const reader = await box.start([process.execPath, MAIN, 'inspect', '--json', path], { env });
        expect(inWords(await jsonOf(reader))).toBe('held: legacy-file-locked');
      });
    }

    isolationTest('two live containers on one volume: neither takes what names the other', async () => {
      const [first, second] = [
        await openBox({ env, hostname: 'pod-a' }),
        await openBox({ env, hostname: 'pod-b' }),
      ];
      const owner = await first.start(['cat'], { pid: 7 });
      const path = pidFile({ pid: owner.pid, hostname: 'pod-a' }, 'app.lock', Date.now() - 5_000);
      const taker = await second.start([process.execPath, MAIN, 'reclaim', '--json', path], { pid: 7, env });
      expect(inWords(await jsonOf(taker))).toBe('unknown: legacy-other-host');
      // A view of the boot id that is not the kernel's, as LXC mounts it, is no reboot.
      const masked = await openBox({ env, bootId: '11111111-1111-4111-8111-111111111111' });
      const inside = await masked.start(['cat']);
      const record = { pid: inside.pid, bootId: '22222222-2222-4222-8222-222222222222' };
      const own = pidFile({ ...record, createdAtMs: Date.now() }, 'app.lock');
      const reader = await masked.start([process.execPath, MAIN, 'inspect', '--json', own], { env });
      expect(inWords(await jsonOf(reader))).toBe('held: legacy-born-before-record');
      expect(await verdictOn(pidFile({ ...record, pid: await numberOfDead() }, 'app.lock'))).toBe(
        'unknown: legacy-other-boot',
      );
    });

    isolationTest(
      'a container that restarts twice as process 7 is not kept by its own leftovers',
      async () => {
        const path = pidFile(7, 'server.pid', Date.now() - 2_000);
        for (const _start of [1, 2]) {
          const box = await openBox({ env });
          // The reader leads a process group and a session with the number, as one does behind setsid or a terminal.
          const reader = await box.start([process.execPath, MAIN, 'inspect', '--json', path], {
            pid: 7,
            env,
          });
          expect(inWords(await jsonOf(reader))).toBe('stale: legacy-own-pid-reused');
          await box.kill();
        }
      },
    );
  });
}

describeForEachBackend('the program itself', (api) => {
  test('a process that the observer has started does not keep the lock of a dead owner', async () => {
    const child = await startProcess(['cat']);
    const path = join(tempDir(), 'app.lock');
    writeFileSync(path, JSON.stringify({ pid: await numberOfDead(), childPid: child.pid }));
    expect(inWords(api.inspectLockSync(path))).toBe('stale: legacy-no-such-process');
  });

  test('a file of a server that several machines use: nothing by its number, nor by its time', async () => {
    const owner = await startProcess(['cat']);
    // The clock of the server is two minutes late.
    const late = pidFile(owner.pid, 'server.pid', Date.now() - 120_000);
    const elsewhere = pidFile(await numberOfDead(), 'other.pid');
    pretendFilesystem(api.backend, 'nfs');
    expect(inWords(api.inspectLockSync(elsewhere))).toBe('unknown: legacy-shared-place');
    expect(inWords(api.inspectLockSync(elsewhere, { sameHost: true }))).toBe('stale: legacy-no-such-process');
    expect(inWords(api.inspectLockSync(late))).toBe('unknown: legacy-shared-place');
    expect(inWords(api.inspectLockSync(late, { sameHost: true }))).toBe('unknown: legacy-server-clock');
  });

  test('a lock that a heartbeat keeps says when to look again', async () => {
    const path = join(tempDir(), 'app.lock');
    mkdirSync(path);
    const record = { pid: await numberOfDead(), heartbeatAt: Date.now() };
    writeFileSync(join(path, 'owner.json'), JSON.stringify(record));
    const { state, verdict } = api.inspectLockSync(path);
    expect({ state, reason: verdict?.reason }).toEqual({ state: 'unknown', reason: 'legacy-sign-of-life' });
    expect(verdict?.lookAgainIn).toBeGreaterThan(50_000);
    expect(verdict?.lookAgainIn).toBeLessThanOrEqual(60_000);
  });
});

function inWords({ state, verdict }: Pick<LockInspection, 'state' | 'verdict'>): string {
  return `${state}: ${verdict?.reason}`;
}

/** What the program prints for one path. */
async function jsonOf(program: TestProcess): Promise<LockInspection> {
  let text = '';
  for (;;) {
    const line = await program.line();
    text += line;
    if (line === '}' || line === ']') return [JSON.parse(text)].flat()[0];
  }
}

/** Resolves when nobody has the number: its parent reaps it a moment after its death. */
async function gone(pid: number): Promise<void> {
  await until(`process ${pid} is gone`, () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}
