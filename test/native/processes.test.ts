import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { uptime } from 'node:os';
import { expect, test } from 'vitest';
import {
  ODD_NAME,
  startLeaderless,
  startOddlyNamed,
  startZombie,
  threadIdOf,
} from '../helpers/odd-processes.js';
import { startProcess } from '../helpers/processes.js';
import {
  canShiftTime,
  describeRequiring,
  hasProgram,
  isRoot,
  testRequiring,
  userNamespaceFlags,
} from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { addon, built, files, nativeFixture, processes } from './addon.js';

const { pidfd, pidfdInode, namespaceId } = built.available
  ? addon.capabilities()
  : { pidfd: built, pidfdInode: built, namespaceId: built };

/** A number larger than any PID (PID_MAX_LIMIT, proc_sys_kernel(5)). */
const NOBODY = 4_194_305;

function withPidfd<T>(pid: number, use: (fd: number) => T): T {
  const fd = processes.openPidfd(pid);
  if (typeof fd === 'string') throw new Error(`openPidfd(${pid}): ${fd}`);
  try {
    return use(fd);
  } finally {
    files.close(fd);
  }
}

describeRequiring([built], 'processes of the addon', () => {
  test('stat reads the fields that the kernel prints', () => {
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    expect(processes.stat(process.pid)).toEqual({
      state: 'R',
      threads: Number(fields[17]),
      startTicks: Number(fields[19]),
    });
  });

  test('a name that looks like the fields of a zombie is read as a name', async () => {
    const { pid } = await startOddlyNamed();
    expect(readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(ODD_NAME);
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(ODD_NAME)[1]?.split(' ') ?? [];
    expect(processes.stat(pid)).toMatchObject({
      state: expect.stringMatching(/^[RSD]$/),
      startTicks: Number(fields[20]),
    });
    expect(processes.status(pid)).toEqual({ tgid: pid, nsPids: [pid] });
  });

  test('a zombie has a state and one thread', async () => {
    const { pid } = await startZombie();
    expect(processes.stat(pid)).toMatchObject({ state: 'Z', threads: 1 });
  });

  testRequiring([hasProgram('python3'), pidfd], 'a process outlives its first thread', async () => {
    const { pid } = await startLeaderless();
    expect(processes.stat(pid)).toMatchObject({ state: 'Z', threads: 2 });
    expect(withPidfd(pid, processes.pidfdExited)).toBe(false);
  });

  test('a number that no process has is an answer, not an exception', () => {
    expect(processes.stat(NOBODY)).toBe('ENOENT');
    expect(processes.status(NOBODY)).toBe('ENOENT');
    expect(processes.pidNamespace(NOBODY)).toBe(null);
  });

  testRequiring([pidfd], 'openPidfd distinguishes a missing process from a mere thread', () => {
    expect(processes.openPidfd(NOBODY)).toBe('ESRCH');
    const thread = threadIdOf(process.pid);
    expect(processes.openPidfd(thread)).toMatch(/^(ENOENT|EINVAL)$/);
    expect(processes.status(thread)).toMatchObject({ tgid: process.pid });
  });

  testRequiring([pidfd], 'a pidfd reads as exited from death on, reaped or not', async () => {
    const child = await startProcess(['sleep', '600']);
    const fd = processes.openPidfd(child.pid) as number;
    expect(processes.pidfdExited(fd)).toBe(false);
    process.kill(child.pid, 'SIGKILL');
    await until('the pidfd turns readable', () => processes.pidfdExited(fd));
    await child.exited;
    expect(processes.pidfdExited(fd)).toBe(true);
    expect(processes.openPidfd(child.pid)).toBe('ESRCH');
    files.close(fd);

    const zombie = await startZombie();
    expect(withPidfd(zombie.pid, processes.pidfdExited)).toBe(true);
  });

  testRequiring([pidfd], 'a closed descriptor is an error, not a process that lives or exited', () => {
    const fd = processes.openPidfd(process.pid) as number;
    files.close(fd);
    expect(() => processes.pidfdExited(fd)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(() => processes.pidfdInode(fd)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  testRequiring([pidfdInode], 'a pidfd inode belongs to one process', async () => {
    const child = await startProcess(['sleep', '600']);
    const own = withPidfd(process.pid, processes.pidfdInode);
    expect(own).toMatch(/^[1-9]\d*$/);
    expect(withPidfd(process.pid, processes.pidfdInode)).toBe(own);
    expect(withPidfd(child.pid, processes.pidfdInode)).not.toBe(own);
    const link = withPidfd(process.pid, (fd) => statSync(`/proc/self/fd/${fd}`, { bigint: true }).ino);
    expect(own).toBe(String(link));
  });

  testRequiring([pidfdInode], 'another kind of descriptor has no pidfd inode', () => {
    const directory = files.openParent('/proc');
    expect(processes.pidfdInode(directory)).toBe(null);
    files.close(directory);
  });

  test('status reads the own numbers, outermost first', () => {
    const line = /^NSpid:(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    expect(processes.status('self')).toEqual({
      tgid: process.pid,
      nsPids: line.trim().split(/\s+/).map(Number),
    });
    expect(processes.status(process.pid)).toEqual(processes.status('self'));
  });

  testRequiring(
    [isRoot(), hasProgram('python3')],
    'status finds the numbers behind 65 536 groups',
    async () => {
      const script =
        'import os, sys\nos.setgroups(range(4000000000, 4000065536))\nprint(1, flush=True)\nsys.stdin.read()';
      const child = await startProcess(['python3', '-c', script]);
      await child.line();
      expect(readFileSync(`/proc/${child.pid}/status`).length).toBeGreaterThan(600_000);
      expect(processes.status(child.pid)).toEqual({ tgid: child.pid, nsPids: [child.pid] });
    },
  );

  test('the PID namespace is that of /proc/<pid>/ns/pid', () => {
    const inode = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    expect(processes.pidNamespace()).toMatchObject({ inode });
    expect(processes.pidNamespace(process.pid)).toEqual(processes.pidNamespace());
  });

  testRequiring([namespaceId], 'the id of a PID namespace is not its inode', () => {
    const own = processes.pidNamespace();
    expect(own?.id).toMatch(/^[1-9]\d*$/);
    expect(own?.id).not.toBe(own?.inode);
    expect(processes.pidNamespace()).toEqual(own);
  });

  test('the boot id is the one of the kernel', () => {
    const text = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const native = statSync('/proc/sys/kernel/random/boot_id').dev === statSync('/proc/self').dev;
    expect(processes.bootId()).toEqual({ id: text, native });
  });

  test('all ended children are reaped but the one that Node waits for', async () => {
    const parent = await startProcess([process.execPath, nativeFixture('spared-child.mjs')]);
    expect(await parent.message()).toEqual({ reaped: 2, code: 7 });
  });

  testRequiring([canShiftTime()], 'in a time namespace: its offset, and no start before its zero', () => {
    const seconds = Math.floor(uptime());
    const { stdout, stderr } = spawnSync(
      'unshare',
      [
        ...userNamespaceFlags(),
        '--time',
        `--boottime=-${seconds}`,
        '--fork',
        process.execPath,
        nativeFixture('shifted.mjs'),
      ],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const { offset, own, first } = JSON.parse(stdout);
    expect(offset).toEqual({ seconds: -seconds, nanoseconds: 0 });
    expect(own.startTicks).toBeLessThan(60 * 100);
    // Process 1 started before this clock, so the kernel prints a number of 13 digits for it.
    expect(first).toMatchObject({ startTicks: null });
  });
});
