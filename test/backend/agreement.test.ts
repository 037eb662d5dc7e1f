import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, test } from 'vitest';
import { readLockTable } from '../../src/backend/procfs/locks.js';
import { hasBackend, loadBackend, type TestedBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { startOddlyNamed, startZombie, threadIdOf } from '../helpers/odd-processes.js';
import { startProcess } from '../helpers/processes.js';
import {
  canShiftTime,
  describeRequiring,
  hasProgram,
  isBuilt,
  isolationTest,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

describeRequiring([hasBackend('native'), hasBackend('procfs')], 'the native and the procfs backend', () => {
  let native: TestedBackend;
  let procfs: TestedBackend;
  beforeEach(() => {
    native = loadBackend('native');
    procfs = loadBackend('procfs');
  });

  test('agree on the boot, the PID namespace and the time', () => {
    expect(procfs.processes.bootId()).toEqual(native.processes.bootId());
    expect(procfs.processes.pidNamespace()?.inode).toBe(native.processes.pidNamespace()?.inode);
    expect(procfs.processes.timeOffset()).toEqual(native.processes.timeOffset());
  });

  test('agree on processes of every kind', async () => {
    const { pid: zombie } = await startZombie();
    const { pid: odd } = await startOddlyNamed();
    const { pid: child } = await startProcess(['sleep', '600']);
    for (const pid of [process.pid, child, zombie, odd, threadIdOf(process.pid), 1, 2, 4_194_305]) {
      const ticks = (backend: TestedBackend) => {
        const stat = backend.processes.stat(pid);
        return typeof stat === 'string' ? stat : stat.startTicks;
      };
      expect(ticks(procfs)).toBe(ticks(native));
      expect(procfs.processes.status(pid)).toEqual(native.processes.status(pid));
      expect(procfs.processes.pidNamespace(pid)?.inode).toBe(native.processes.pidNamespace(pid)?.inode);
    }
    expect(procfs.processes.stat(zombie)).toEqual(native.processes.stat(zombie));
  });

  test('agree on filesystems and files', () => {
    for (const place of ['/', tmpdir(), '/proc', '/sys', '/dev', '/dev/shm', '/dev/pts', '/run', '/boot']) {
      if (!existsSync(place)) continue;
      const types = [native, procfs].map((backend) => {
        const fd = backend.files.openParent(place);
        const { type } = backend.files.filesystem(fd);
        const status = backend.files.statDescriptor(fd);
        backend.files.close(fd);
        return { type, status };
      });
      expect(types[1]).toEqual(types[0]);
    }
  });

  for (const seconds of [100_000, -3]) {
    isolationTest(`agree in a time namespace shifted by ${seconds} s and a half`, async () => {
      const box = await openBox({ bootOffset: { seconds, nanoseconds: 500_000_000 } });
      const inside = await box.start(['sleep', '600'], { pid: 300 });
      const reports = await Promise.all(
        ['native', 'procfs'].map(async (name) => {
          const reporter = await box.node('backend-report.mjs', [name, String(inside.pid), '1']);
          const { timeOffset, others } = await reporter.message<Record<string, unknown>>();
          return { timeOffset, others: withoutIds(others) };
        }),
      );
      expect(reports[0]?.timeOffset).toEqual({ seconds, nanoseconds: 500_000_000 });
      expect(reports[1]).toEqual(reports[0]);
    }, [isBuilt(), canShiftTime(), hasProgram('perl')]);
  }

  describe('testing one witness', () => {
    for (const parent of [tmpdir(), '/dev/shm']) {
      test(`agree in ${parent}`, async (context) => {
        if (!existsSync(parent)) {
          console.warn(`SKIPPED: there is no ${parent}`);
          context.skip(`there is no ${parent}`);
        }
        const { directory, type } = openTemp(native, parent);
        if (!['ext', 'xfs', 'tmpfs'].includes(type)) {
          console.warn(`SKIPPED: ${parent} is on ${type}, where /proc/locks proves nothing`);
          context.skip(`${parent} is on ${type}`);
        }
        const owner = native.files.createAt(directory, 'owner.json').descriptor;
        const seen = openTwice(directory, 'owner.json');
        // Other tests may fill the list of locks for a moment. The answer may then be "untestable", but never
        // "held".
        await freed(seen, type);
        native.witness.take(owner);
        expect(native.witness.test(seen, type)).toBe('held');
        expect(procfs.witness.test(seen, type)).toBe('held');
        native.files.close(owner);
        expect(native.witness.test(seen, type)).toBe('free');
        await freed(seen, type);
        native.files.close(seen);
        native.files.close(directory);
      });
    }

    test('do not mistake the lock of another file for the one meant', async () => {
      const { directory, type } = openTemp(native);
      const neighbour = native.files.createAt(directory, 'neighbour').descriptor;
      native.witness.take(neighbour);
      const file = native.files.createAt(directory, 'owner.json').descriptor;
      if (['ext', 'xfs', 'tmpfs'].includes(type)) await freed(file, type);
      for (const fd of [neighbour, file, directory]) native.files.close(fd);
    });

    test('call it untestable where /proc/locks names files by another device', () => {
      const { directory } = openTemp(native);
      const file = native.files.createAt(directory, 'owner.json').descriptor;
      for (const type of ['overlay', 'btrfs', 'nfs', 'fuse', '0x1234']) {
        expect(procfs.witness.test(file, type)).toBe('untestable');
      }
      native.files.close(file);
      native.files.close(directory);
    });

    test('do not say free when the list of locks is longer than one read', async () => {
      const { directory } = openTemp(native, existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
      const locked = Array.from({ length: 300 }, (_, index) => {
        const fd = native.files.createAt(directory, `owner-${index}`).descriptor;
        native.witness.take(fd);
        return fd;
      });
      const unlocked = native.files.createAt(directory, 'owner.json').descriptor;
      expect(readLockTable().complete).toBe(false);
      expect(procfs.witness.test(unlocked, 'tmpfs')).toBe('untestable');
      // Others that come and go may hide a lock for a moment, but the list is read to its end.
      for (const fd of locked) {
        await until('the lock is listed', () => {
          const answer = procfs.witness.test(fd, 'tmpfs');
          expect(answer).not.toBe('free');
          return answer === 'held';
        });
      }
      for (const fd of [...locked, unlocked, directory]) native.files.close(fd);
    });
  });

  function openTemp(backend: TestedBackend, parent?: string): { directory: number; type: string } {
    const directory = backend.files.openParent(tempDir(parent));
    return { directory, type: backend.files.filesystem(directory).type };
  }

  /** Opens a second description of the file, as an observer has one. */
  function openTwice(directory: number, name: string): number {
    return native.files.openAt(directory, name);
  }

  async function freed(fd: number, type: string): Promise<void> {
    await until('the witness is free', () => {
      const answer = procfs.witness.test(fd, type);
      expect(answer).not.toBe('held');
      return answer === 'free';
    });
  }
});

/** Copies a value without `id`, which plain Node cannot read. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) => (key === 'id' ? null : inner));
}
