import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  futimesSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { EVERY, hasBackend, loadBackend, type TestedBackend } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { startProcess } from '../helpers/processes.js';
import {
  describeRequiring,
  isBuilt,
  isRoot,
  type Requirement,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { codeOf } from '../helpers/thrown.js';
import { until } from '../helpers/until.js';

const KEEP_LEASE = fileURLToPath(new URL('fixtures/keep-lease.mjs', import.meta.url));

/** Makes the kernel refuse to set the times of a file (EPERM), as for a process that is not its owner. */
function refuseTouches(path: string, refuse: boolean): void {
  const { status, stderr } = spawnSync('chattr', [refuse ? '+i' : '-i', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  if (refuse) onCleanup(() => void spawnSync('chattr', ['-i', path]));
}

function canRefuseTouches(): Requirement {
  const path = join(tempDir(), 'file');
  writeFileSync(path, '');
  try {
    refuseTouches(path, true);
    refuseTouches(path, false);
    return { available: true, reason: '' };
  } catch (error) {
    return { available: false, reason: `needs root and chattr +i: ${(error as Error).message}` };
  }
}

for (const name of EVERY) {
  describeRequiring([hasBackend(name)], `the ${name} backend`, () => {
    let backend: TestedBackend;
    beforeEach(() => {
      backend = loadBackend(name);
    });

    describe('asked to renew a lease', () => {
      let path: string;
      let file: number;

      beforeEach(() => {
        const directory = tempDir();
        path = join(directory, 'owner.json');
        const parent = backend.files.openParent(directory);
        file = backend.files.createAt(parent, 'owner.json').descriptor;
        utimesSync(path, 1, 1);
        return () => {
          backend.files.close(file);
          backend.files.close(parent);
        };
      });

      /** Starts a lease that is stopped at the end of the test at the latest, and counts its losses. */
      function start(intervalMs: number, fd = file, patienceMs?: number): { ticket: number; losses: number } {
        const started = { ticket: 0, losses: 0 };
        const lost = () => {
          started.losses += 1;
        };
        started.ticket = backend.lease.start(fd, intervalMs, lost, patienceMs);
        onCleanup(() => backend.lease.stop(started.ticket));
        return started;
      }

      const touched = () => statSync(path).mtimeMs > 1000;

      test('touches the file again and again', async () => {
        const { ticket, losses } = start(20);
        expect(ticket).toBeTypeOf('number');
        await until('a beat', touched);
        expect(Math.abs(statSync(path).mtimeMs - Date.now())).toBeLessThan(10_000);
        utimesSync(path, 1, 1);
        await until('another beat', touched);
        expect(losses).toBe(0);
      });

      test('is not hindered by an event loop that is blocked from the start', () => {
        start(50);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
        expect(touched()).toBe(true);
      });

      test('keeps several, each until it is stopped', async () => {
        const [first, second] = [start(10), start(10)];
        backend.lease.stop(first.ticket);
        utimesSync(path, 1, 1);
        await until('a beat of the second', touched);
        backend.lease.stop(second.ticket);
        utimesSync(path, 1, 1);
        await sleep(100);
        expect(touched()).toBe(false);
        const third = start(10);
        expect(third.ticket).toBeGreaterThan(second.ticket);
        await until('a beat of the third', touched);
      });

      test('touches nothing after it was stopped, however close the race', { timeout: 60_000 }, async () => {
        const modified = () => statSync(path, { bigint: true }).mtimeNs;
        const keeper = start(60_000);
        for (let i = 0; i < 300; i += 1) {
          const { ticket } = start(1);
          // The beats come within a millisecond of each other, and the stop falls anywhere in between.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random() * 3);
          backend.lease.stop(ticket);
          const before = modified();
          if (i % 10 === 0) await sleep(5);
          else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2);
          expect(modified()).toBe(before);
        }
        backend.lease.stop(keeper.ticket);
      });

      test('begins with a file that another process has renamed for a moment', async () => {
        renameSync(path, `${path}.aside`);
        const ticket = backend.lease.start(file, 20, () => {});
        renameSync(`${path}.aside`, path);
        await until('a touch', () => statSync(path).mtimeMs > 1000);
        backend.lease.stop(ticket);
      });

      test('goes on while a reclaimer has given the file a claimed name', async () => {
        const claimed = join(dirname(path), `claimed.${'0'.repeat(32)}`);
        const lease = start(5);
        renameSync(path, claimed);
        for (const named of [claimed, path]) {
          if (named === path) renameSync(claimed, path);
          utimesSync(named, 1, 1);
          await until('a beat', () => statSync(named).mtimeMs > 1000 || lease.losses > 0);
        }
        expect(lease.losses).toBe(0);
      });

      test('takes no moment in which the file has no name for a loss', async () => {
        let [lease, gapMs] = [start(1), 0];
        do {
          // A gap that the machine made longer than the patience of the owner proves nothing.
          if (lease.losses > 0) lease = start(1);
          await until('a beat', touched);
          const startedAt = performance.now();
          renameSync(path, `${path}.aside`);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
          renameSync(`${path}.aside`, path);
          gapMs = performance.now() - startedAt;
          utimesSync(path, 1, 1);
          await until('a beat, or the loss', () => touched() || lease.losses > 0);
        } while (gapMs > 100);
        expect(lease.losses).toBe(0);
      });

      test('reports once that the file lost its name', async () => {
        const [doomed, other] = [start(10), start(10)];
        await until('a beat', touched);
        renameSync(path, `${path}.moved`);
        // Without a descriptor the file is known only by the name that it lost.
        if (name === 'portable') await until('the loss', () => doomed.losses > 0);
        else await sleep(100);
        expect(doomed.losses).toBe(name === 'portable' ? 1 : 0);
        unlinkSync(`${path}.moved`);
        await until('the loss', () => doomed.losses > 0 && other.losses > 0);
        await sleep(100);
        expect([doomed.losses, other.losses]).toEqual([1, 1]);
        backend.lease.stop(doomed.ticket);
      });

      test('reports that the file cannot be touched', async () => {
        if (name === 'portable') {
          const doomed = start(10);
          await until('a beat', touched);
          writeFileSync(`${path}.other`, '');
          utimesSync(`${path}.other`, 1, 1);
          renameSync(`${path}.other`, path);
          await until('the loss', () => doomed.losses > 0);
          expect(touched()).toBe(false);
          return;
        }
        // The descriptor was opened with O_PATH, for which utimensat(2) answers EBADF.
        const untouchable = backend.files.openParent(tempDir());
        const doomed = start(10, untouchable);
        await until('the loss', () => doomed.losses > 0);
        backend.files.close(untouchable);
      });

      testRequiring([canRefuseTouches()], 'tries again after a touch that failed', async () => {
        refuseTouches(path, true);
        const { ticket } = start(20);
        await sleep(1500);
        expect(touched()).toBe(false);
        expect(backend.lease.sinceTouch(ticket)).toBeGreaterThan(1400);
        refuseTouches(path, false);
        await until('a beat', touched);
        await until('the beat is known', () => backend.lease.sinceTouch(ticket) < 1000);
      });

      testRequiring(
        [canRefuseTouches()],
        'reports that touches have failed for long, not before',
        async () => {
          refuseTouches(path, true);
          const began = performance.now();
          const [lasting, impatient] = [start(20), start(20, file, 600)];
          await until('the loss', () => impatient.losses > 0);
          // Plain Node knows the time of boot in units of 10 ms.
          expect(performance.now() - began).toBeGreaterThan(585);
          expect(performance.now() - began).toBeLessThan(2000);
          refuseTouches(path, false);
          await until('a beat of the other', touched);
          await sleep(50);
          expect([lasting.losses, impatient.losses]).toEqual([0, 1]);
        },
      );

      testRequiring(
        [canRefuseTouches()],
        'counts its patience from the last touch that succeeded',
        async () => {
          const { ticket } = start(20);
          const impatient = start(20, file, 800);
          await sleep(500);
          refuseTouches(path, true);
          await sleep(600);
          expect(backend.lease.sinceTouch(ticket)).toBeLessThan(800);
          expect(impatient.losses).toBe(0);
          await until('the loss', () => impatient.losses > 0);
          refuseTouches(path, false);
        },
      );

      testRequiring([isRoot()], 'goes on when the process gives up its privileges', async () => {
        // A file without a descriptor of its own can only be touched by its path.
        if (name === 'portable') return;
        writeFileSync(path, '{"a": 1}');
        utimesSync(path, 1, 1);
        const own = openSync(path, 'r');
        onCleanup(() => closeSync(own));
        process.seteuid?.(65534);
        onCleanup(() => process.seteuid?.(0));
        const { ticket, losses } = start(20);
        expect(codeOf(() => futimesSync(own, 1, 1))).toMatch(/EPERM|EACCES/);
        await until('a beat', () => fstatSync(own).mtimeMs > 1000);
        await sleep(300);
        expect(backend.lease.sinceTouch(ticket)).toBeLessThan(250);
        expect(losses).toBe(0);
        process.seteuid?.(0);
        expect(readFileSync(path, 'utf8')).toBe('{"a": 1}');
      });

      test('knows of no touch of a lease that is over', () => {
        const { ticket } = start(1000);
        backend.lease.stop(ticket);
        expect(backend.lease.sinceTouch(ticket)).toBe(0);
        expect(backend.lease.sinceTouch(ticket + 1000)).toBe(0);
      });

      test('reports nothing once it was stopped', async () => {
        const { ticket } = start(10);
        const doomed = start(10);
        await until('a beat', touched);
        unlinkSync(path);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        backend.lease.stop(doomed.ticket);
        await sleep(100);
        expect(doomed.losses).toBe(0);
        backend.lease.stop(ticket);
      });

      test('leaves no thread of its own for each, whether stopped or lost', async () => {
        const threads = () => readdirSync('/proc/self/task').length;
        const first = start(5);
        await until('a beat', touched);
        const shared = threads();
        const others = [start(5), start(5)];
        expect(threads()).toBe(shared);
        for (const { ticket } of [first, ...others]) backend.lease.stop(ticket);
        // The addon keeps its thread for the next lease; a worker thread of Node costs too much to be kept.
        const kept = name === 'native' ? shared : shared - 1;
        await until('the thread ends', () => threads() <= kept);
        const doomed = start(5);
        unlinkSync(path);
        await until('the loss', () => doomed.losses === 1);
        await until('the thread ends', () => threads() <= kept);
      });

      test('ignores a ticket that is over or was never given', () => {
        const { ticket } = start(1000);
        backend.lease.stop(ticket);
        backend.lease.stop(ticket);
        backend.lease.stop(ticket + 1000);
      });

      test('refuses nonsense', () => {
        for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
          expect(() => backend.lease.start(file, ms, () => {})).toThrow(RangeError);
        }
        expect(codeOf(() => backend.lease.start(0x7fffffff, 5, () => {}))).toBe('EBADF');
      });

      testRequiring([isBuilt()], 'does not keep the process from ending, nor end badly', async () => {
        for (const how of ['natural', 'exit', 'after-beats']) {
          const child = await startProcess([process.execPath, KEEP_LEASE, name, path, how]);
          expect(await child.message()).toEqual({ started: true });
          expect(await child.exited, how).toEqual({ code: 0, signal: null });
          expect(child.errors).toBe('');
        }
      });
    });
  });
}
