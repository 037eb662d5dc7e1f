import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BootId, Capabilities, PidNamespace, TimeOffset } from '../../src/backend/backend.js';
import { hasBackend, loadBackend, TESTED, type TestedBackend } from '../helpers/backends.js';
import { type BoxOptions, openBox } from '../helpers/box.js';
import { NOBODY } from '../helpers/crafted.js';
import { startLeaderless, startOddlyNamed, startZombie, threadIdOf } from '../helpers/odd-processes.js';
import { startProcess } from '../helpers/processes.js';
import {
  canShiftTime,
  describeRequiring,
  hasProgram,
  isBuilt,
  isolationTest,
  isRoot,
  testRequiring,
} from '../helpers/requirements.js';
import { until } from '../helpers/until.js';

/**
 * USER_HZ: the unit in which the kernel reports times to user space, the same on every architecture Node runs
 * on.
 */
const TICKS_PER_SECOND = 100;

/** What test/fixtures/backend-report.mjs prints. */
interface Report {
  readonly failed?: string;
  readonly pid: number;
  readonly bootId: BootId | null;
  readonly pidNamespace: PidNamespace | null;
  readonly timeOffset: TimeOffset | null;
  readonly self: Look;
  readonly ownStatus: unknown;
  readonly others: Record<string, Look>;
  readonly capabilities: Capabilities;
}

interface Look {
  readonly stat: { state: string; threads: number; startTicks: number | null } | string;
  readonly status: { tgid: number; nsPids: number[] } | string;
  readonly pidNamespace: PidNamespace | null;
}

for (const name of TESTED) {
  describeRequiring([hasBackend(name)], `the ${name} backend`, () => {
    let backend: TestedBackend;
    beforeEach(() => {
      backend = loadBackend(name);
    });

    test('says its name, and what it can and why', () => {
      expect(backend.name).toBe(name);
      const capabilities = backend.capabilities();
      expect(Object.keys(capabilities).sort()).toEqual([
        'lifeline',
        'lossEvents',
        'namespaceId',
        'pidfd',
        'pidfdInode',
        'renameNoReplace',
        'takeWitness',
        'testWitness',
      ]);
      for (const { available, reason } of Object.values(capabilities)) {
        expect(available).toBeTypeOf('boolean');
        expect(reason).not.toBe('');
      }
      expect(backend.capabilities()).toBe(capabilities);
    });

    describe('asked for lifelines', () => {
      test('takes one where its capability says so, and has none otherwise', () => {
        const { available } = backend.capabilities().lifeline;
        const own = backend.lifeline.takeOfProcess();
        expect(own !== null).toBe(available);
        expect(backend.lifeline.list(1) !== null).toBe(available);
        expect(backend.lifeline.losses()).toBe(0);
      });

      test('never takes that of nobody for a living one, nor one that it does not understand', () => {
        for (const lifeline of [`time:${2n ** 61n + 1n}`, `user:${2n ** 61n + 1n}`]) {
          expect(['free', 'untestable']).toContain(backend.lifeline.test(lifeline));
        }
        for (const lifeline of [
          '',
          'time:',
          'time:-1',
          'pid:1',
          `time:${2n ** 62n}`,
          'time:1 ',
          'time:1\n2',
        ]) {
          expect(backend.lifeline.test(lifeline)).toBe('untestable');
        }
      });
    });

    describe('asked for processes', () => {
      test('knows the boot', () => {
        const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
        expect(backend.processes.bootId()).toEqual({ id, native: true });
      });

      test('knows the PID namespace of itself, of a child and of nobody', async () => {
        const inode = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
        const own = backend.processes.pidNamespace();
        expect(own?.inode).toBe(inode);
        expect(own?.id !== null).toBe(backend.capabilities().namespaceId.available);
        const child = await startProcess(['sleep', '600']);
        expect(backend.processes.pidNamespace(child.pid)).toEqual(own);
        expect(backend.processes.pidNamespace(NOBODY)).toBeNull();
      });

      test('knows whether a process is of a PID namespace', async () => {
        const { processes } = backend;
        const own = processes.pidNamespace()?.inode as string;
        const child = await startProcess(['sleep', '600']);
        for (const pid of [process.pid, child.pid]) expect(processes.isInPidNamespace(pid, own)).toBe(true);
        expect(processes.isInPidNamespace(child.pid, '1')).toBe(false);
        expect(processes.isInPidNamespace(NOBODY, own)).toBe(false);
      });

      test('sends a signal to children at its death, or says that it cannot', () => {
        const { setDeathSignal } = backend.processes;
        expect(setDeathSignal(0)).toBe(backend.name === 'native' ? null : 'ENOSYS');
        expect(setDeathSignal(1_000)).toBe(backend.name === 'native' ? 'EINVAL' : 'ENOSYS');
      });

      test('knows of no shift of time in the initial time namespace', () => {
        expect(backend.processes.timeOffset()).toEqual({ seconds: 0, nanoseconds: 0 });
      });

      test('reads its own stat', () => {
        const stat = backend.processes.stat(process.pid);
        if (typeof stat === 'string') throw new Error(stat);
        expect(stat.state).toBe('R');
        expect(stat.threads).toBe(readdirSync('/proc/self/task').length);
        const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
        const bornAt = uptime - process.uptime();
        expect(Math.abs((stat.startTicks ?? 0) / TICKS_PER_SECOND - bornAt)).toBeLessThan(0.5);
      });

      test('reads the stat of a child, and that it is gone', async () => {
        const child = await startProcess(['cat']);
        expect(backend.processes.stat(child.pid)).toMatchObject({
          threads: 1,
          startTicks: expect.any(Number),
        });
        await child.kill();
        expect(backend.processes.stat(child.pid)).toBe('ENOENT');
        expect(backend.processes.status(child.pid)).toBe('ENOENT');
      });

      test('reads the numbers of processes', async () => {
        expect(backend.processes.status('self')).toEqual({ tgid: process.pid, nsPids: [process.pid] });
        const child = await startProcess(['cat']);
        expect(backend.processes.status(child.pid)).toEqual({ tgid: child.pid, nsPids: [child.pid] });
      });

      test('answers with an errno name for a missing process', () => {
        expect(backend.processes.stat(NOBODY)).toBe('ENOENT');
        expect(backend.processes.status(NOBODY)).toBe('ENOENT');
      });

      test('refuses what cannot be a PID', () => {
        for (const nonsense of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
          expect(() => backend.processes.stat(nonsense)).toThrow(RangeError);
          expect(() => backend.processes.status(nonsense)).toThrow(RangeError);
          expect(() => backend.processes.pidNamespace(nonsense)).toThrow(RangeError);
        }
      });

      test('sees that a zombie is one', async () => {
        const { pid } = await startZombie();
        expect(backend.processes.stat(pid)).toMatchObject({ state: 'Z', threads: 1 });
        expect(backend.processes.status(pid)).toMatchObject({ tgid: pid });
      });

      testRequiring(
        [hasProgram('python3')],
        'counts the threads of a process that lost its leader',
        async () => {
          const { pid } = await startLeaderless();
          expect(backend.processes.stat(pid)).toMatchObject({ state: 'Z', threads: 2 });
        },
      );

      test('is not taken in by a name that looks like fields', async () => {
        const { pid, keeper } = await startOddlyNamed();
        const plain = await startProcess(['cat']);
        const threads = () => readdirSync(`/proc/${keeper.pid}/task`).length;
        const beside = backend.processes.stat(plain.pid);
        // A runtime starts and ends threads when it likes.
        const [odd, count] = await until('the number of threads stands still', () => {
          const before = threads();
          const stat = backend.processes.stat(pid);
          return before === threads() ? ([stat, before] as const) : undefined;
        });
        if (typeof odd === 'string' || typeof beside === 'string') throw new Error(`${odd} ${beside}`);
        expect(odd.state).toMatch(/^[RS]$/);
        expect(odd.threads).toBe(count);
        expect(Math.abs(Number(odd.startTicks) - Number(beside.startTicks))).toBeLessThan(
          10 * TICKS_PER_SECOND,
        );
        expect(backend.processes.status(pid)).toEqual({ tgid: pid, nsPids: [pid] });
      });

      test('tells a thread from a process', () => {
        const thread = threadIdOf(process.pid);
        expect(backend.processes.stat(thread)).toMatchObject({ startTicks: expect.any(Number) });
        expect(backend.processes.status(thread)).toEqual({ tgid: process.pid, nsPids: [thread] });
      });
    });

    describe('asked for pidfds', () => {
      if (name === 'procfs') {
        test('has none', () => {
          expect(backend.processes.openPidfd(process.pid)).toBe('ENOSYS');
          expect(backend.processes.probePidfd(process.pid)).toBe('ENOSYS');
          expect(backend.processes.pidfdInode(0)).toBeNull();
          expect(backend.processes.pidfdExited(0)).toBe(false);
        });
        return;
      }

      const { pidfd, pidfdInode } = loadBackend(name).capabilities();

      testRequiring([pidfd], 'opens one of a live process, that of a zombie has exited', async () => {
        const own = opened(backend, process.pid);
        expect(backend.processes.pidfdExited(own)).toBe(false);
        const zombie = await startZombie();
        const dead = opened(backend, zombie.pid);
        expect(backend.processes.pidfdExited(dead)).toBe(true);
        backend.files.close(own);
        backend.files.close(dead);
      });

      testRequiring([pidfd], 'sees a process exit', async () => {
        const child = await startProcess(['cat']);
        const fd = opened(backend, child.pid);
        expect(backend.processes.pidfdExited(fd)).toBe(false);
        await child.kill();
        expect(backend.processes.pidfdExited(fd)).toBe(true);
        backend.files.close(fd);
      });

      testRequiring([pidfd, hasProgram('python3')], 'sees a process live on without its leader', async () => {
        const { pid } = await startLeaderless();
        const fd = opened(backend, pid);
        expect(backend.processes.pidfdExited(fd)).toBe(false);
        backend.files.close(fd);
      });

      testRequiring([pidfd], 'opens none for a free number, nor for a mere thread', () => {
        expect(backend.processes.openPidfd(NOBODY)).toBe('ESRCH');
        expect(backend.processes.openPidfd(threadIdOf(process.pid))).toMatch(/^(ENOENT|EINVAL)$/);
      });

      testRequiring(
        [pidfd],
        'observes through a short-lived one as through one that stays open',
        async () => {
          const { processes } = backend;
          const child = await startProcess(['cat']);
          const zombie = await startZombie();
          // Two processes in turn, more than once, so that an answer left over from the previous call would be
          // noticed.
          for (const pid of [process.pid, child.pid, zombie.pid, child.pid, child.pid]) {
            const fd = opened(backend, pid);
            const expected = { inode: processes.pidfdInode(fd), exited: processes.pidfdExited(fd) };
            expect(processes.probePidfd(pid)).toEqual(expected);
            backend.files.close(fd);
          }
          expect(processes.probePidfd(child.pid)).toMatchObject({ exited: false });
          expect(processes.probePidfd(zombie.pid)).toMatchObject({ exited: true });
          await child.kill();
          for (const pid of [NOBODY, child.pid]) expect(processes.probePidfd(pid)).toBe('ESRCH');
          expect(processes.probePidfd(threadIdOf(process.pid))).toMatch(/^(ENOENT|EINVAL)$/);
        },
      );

      testRequiring([pidfdInode], 'gives each process one inode of its own', async () => {
        const child = await startProcess(['cat']);
        const fds = [process.pid, process.pid, child.pid].map((pid) => opened(backend, pid));
        const [own, again, other] = fds.map((fd) => backend.processes.pidfdInode(fd));
        expect(own).toMatch(/^\d+$/);
        expect(again).toBe(own);
        expect(other).not.toBe(own);
        for (const fd of fds) backend.files.close(fd);
      });

      test('finds no process inode in another kind of descriptor', () => {
        const fd = backend.files.openParent('/tmp');
        expect(backend.processes.pidfdInode(fd)).toBeNull();
        backend.files.close(fd);
      });
    });

    describe('in a box', () => {
      const built = [isBuilt()];

      async function report(options: BoxOptions, pids: number[] = [], uid?: number): Promise<Report> {
        const box = await openBox(options);
        const args = [name, ...pids.map(String)];
        const inside = await box.node('backend-report.mjs', args, uid === undefined ? {} : { uid });
        const answer = await inside.message<Report>();
        if (answer.failed !== undefined) throw new Error(answer.failed);
        expect(answer.pidNamespace?.inode ?? box.namespaceInode).toBe(box.namespaceInode);
        return answer;
      }

      function ticks(look: Look | undefined): number | null {
        if (look === undefined || typeof look.stat === 'string') throw new Error(`no stat: ${look?.stat}`);
        return look.stat.startTicks;
      }

      for (const offset of [
        { seconds: 100_000, nanoseconds: 0 },
        { seconds: -3, nanoseconds: 250_000_000 },
      ]) {
        isolationTest(`knows the shift of ${offset.seconds} s and ${offset.nanoseconds} ns in a time namespace`, async () => {
          const box = await openBox({ bootOffset: offset });
          const inside = await box.node('backend-report.mjs', [name], { pid: 7 });
          const answer = await inside.message<Report>();
          expect(answer.timeOffset).toEqual(offset);
          const outside = backend.processes.stat(inside.hostPid);
          if (typeof outside === 'string') throw new Error(outside);
          const shift = Number(ticks(answer.self)) - Number(outside.startTicks);
          expect(
            Math.abs(shift - TICKS_PER_SECOND * (offset.seconds + offset.nanoseconds / 1e9)),
          ).toBeLessThanOrEqual(1);
        }, [...built, canShiftTime(), hasProgram('perl')]);
      }

      isolationTest('does not take a start before the beginning of time for a number', async () => {
        // The clock of the box begins within the last second, and the init of this machine is older.
        const seconds = -Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));
        const answer = await report({ bootOffset: { seconds }, proc: 'foreign' }, [1]);
        expect(answer.timeOffset).toEqual({ seconds, nanoseconds: 0 });
        expect(ticks(answer.others[1])).toBeNull();
      }, [...built, canShiftTime()]);

      isolationTest(
        'tells a forged boot_id',
        async () => {
          const bootId = '01234567-89ab-cdef-0123-456789abcdef';
          expect((await report({ bootId })).bootId).toEqual({ id: bootId, native: false });
        },
        built,
      );

      isolationTest(
        'knows no boot where /proc shows processes only',
        async () => {
          const answer = await report({ proc: 'subset-pid' });
          expect(answer.bootId).toBeNull();
          expect(answer.pidNamespace).not.toBeNull();
        },
        built,
      );

      isolationTest(
        'sees by its own numbers that /proc is foreign',
        async () => {
          const box = await openBox({ proc: 'foreign' });
          const inside = await box.node('backend-report.mjs', [name], { pid: 7 });
          const answer = await inside.message<Report>();
          expect(answer.ownStatus).toEqual({ tgid: inside.hostPid, nsPids: [inside.hostPid, 7] });
        },
        built,
      );

      isolationTest('finds no process behind hidepid', async () => {
        const answer = await report({ proc: 'hidepid' }, [1], 1000);
        expect(answer.others[1]).toEqual({ stat: 'ENOENT', status: 'ENOENT', pidNamespace: null });
        expect(ticks(answer.self)).not.toBeNull();
      }, [...built, isRoot()]);

      isolationTest(
        'does not guess where there is no /proc',
        async () => {
          const box = await openBox({ proc: 'none' });
          const inside = await box.node('backend-report.mjs', [name]);
          const answer = await inside.message<Report>();
          if (name === 'procfs') {
            expect(answer.failed).toContain('/proc');
            return;
          }
          expect(answer).toMatchObject({
            bootId: null,
            pidNamespace: null,
            timeOffset: null,
            ownStatus: 'ENOENT',
          });
          expect(answer.self).toEqual({ stat: 'ENOENT', status: 'ENOENT', pidNamespace: null });
        },
        built,
      );
    });
  });
}

function opened(backend: TestedBackend, pid: number): number {
  const fd = backend.processes.openPidfd(pid);
  if (typeof fd === 'string') throw new Error(`pidfd_open of ${pid}: ${fd}`);
  return fd;
}
