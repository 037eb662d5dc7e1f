import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beforeEach, expect, test } from 'vitest';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { built, files, lease, nativeFixture, openDescriptors, thrownBy } from './addon.js';
import { activityOf, threadNamed, threadsNamed } from './threads.js';

const THREAD = 'kernel-id-lease';

describeRequiring([built], 'the thread that renews leases', () => {
  let path: string;
  let file: number;

  beforeEach(() => {
    path = join(tempDir(), 'owner.json');
    fs.writeFileSync(path, '');
    file = fs.openSync(path, 'r+');
    return () => fs.closeSync(file);
  });

  test('sleeps between beats, and without end when there is nothing to touch', async () => {
    const tickets = Array.from({ length: 100 }, () => lease.start(file, 60_000, () => {}));
    const brief = lease.start(file, 10, () => {});
    await sleep(100);
    const thread = threadNamed(THREAD) as string;
    const beating = activityOf(thread).sleeps;
    await until('it beats', () => activityOf(thread).sleeps > beating + 2);
    lease.stop(brief);
    await sleep(100);
    const before = activityOf(thread);
    await sleep(1000);
    expect(activityOf(thread)).toEqual(before);
    for (const ticket of tickets) lease.stop(ticket);
    expect(threadsNamed(THREAD)).toHaveLength(1);
  });

  test('is not woken by leases that end before their first beat', async () => {
    const keeper = lease.start(file, 60_000, () => {});
    await sleep(50);
    const thread = threadNamed(THREAD) as string;
    const before = activityOf(thread);
    for (let i = 0; i < 1000; i += 1) lease.stop(lease.start(file, 60_000, () => {}));
    expect(activityOf(thread)).toEqual(before);
    lease.stop(keeper);
  });

  test('an earlier beat does not wait for a later one', async () => {
    const later = lease.start(file, 60_000, () => {});
    await sleep(20);
    fs.utimesSync(path, 1, 1);
    const earlier = lease.start(file, 10, () => {});
    await until('it is touched', () => fs.statSync(path).mtimeMs > 1000);
    lease.stop(earlier);
    lease.stop(later);
  });

  test('a touch under way has ended when stop returns', () => {
    const modified = () => fs.fstatSync(file, { bigint: true }).mtimeNs;
    for (let i = 0; i < 2000; i += 1) {
      // There is no pause between the touches, so about every second stop falls into one.
      const ticket = lease.start(file, 0.001, () => {});
      spin(0.02);
      lease.stop(ticket);
      const before = modified();
      spin(0.02);
      expect(modified()).toBe(before);
    }
  });

  test('touches with the time of the filesystem, and opens nothing', () => {
    const before = openDescriptors();
    const ticket = lease.start(file, 10, () => {});
    expect(openDescriptors()).toBeLessThanOrEqual(before + 1);
    lease.stop(ticket);
  });

  test('withstands a storm of starts, stops and losses', { timeout: 60_000 }, async () => {
    const doomed = join(tempDir(), 'doomed');
    fs.writeFileSync(doomed, '');
    const lost = fs.openSync(doomed, 'r+');
    fs.unlinkSync(doomed);
    let calls = 0;
    const stopped = new Set<number>();
    for (let i = 0; i < 20_000; i += 1) {
      const ticket = lease.start(i % 2 === 0 ? file : lost, 0.01, () => {
        calls += 1;
        if (stopped.has(ticket)) throw new Error('called after stop');
      });
      if (i % 3 !== 0) {
        lease.stop(ticket);
        stopped.add(ticket);
      } else {
        setTimeout(() => lease.stop(ticket), i % 7);
      }
      if (i % 500 === 0) await sleep(1);
    }
    await sleep(100);
    expect(calls).toBeGreaterThan(0);
    fs.closeSync(lost);
  });

  test('continues when another thread that had leases is terminated', async () => {
    let lost = 0;
    const ticket = lease.start(file, 10, () => {
      lost += 1;
    });
    const worker = new Worker(nativeFixture('wait-for-all.mjs'), { workerData: ['worker', tempDir()] });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    fs.utimesSync(path, 1, 1);
    await until('it is touched', () => fs.statSync(path).mtimeMs > 1000);
    expect(lost).toBe(0);
    lease.stop(ticket);
  });

  test('does not touch another file that got the number', async () => {
    const other = join(tempDir(), 'other');
    fs.writeFileSync(other, '');
    fs.utimesSync(other, 1, 1);
    const fd = fs.openSync(path, 'r+');
    let lost = 0;
    lease.start(fd, 10, () => {
      lost += 1;
    });
    fs.closeSync(fd);
    const taken = fs.openSync(other, 'r+');
    expect(taken).toBe(fd);
    await until('it is lost', () => lost === 1);
    expect(fs.statSync(other).mtimeMs).toBe(1000);
    fs.closeSync(taken);
  });

  test('refuses arguments out of range', () => {
    const { start } = lease;
    const lost = () => {};
    for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => start(file, ms, lost)).toThrow(RangeError);
    }
    expect(() => start(file, '5' as never, lost)).toThrow(TypeError);
    expect(() => start(file, 5, undefined as never)).toThrow(TypeError);
    expect(() => start(-1, 5, lost)).toThrow(RangeError);
    expect(thrownBy(() => start(0x7fffffff, 5, lost))).toMatchObject({ code: 'EBADF', syscall: 'fstat' });
    expect(() => lease.stop('1' as never)).toThrow(TypeError);
    expect(() => lease.stop(-1)).toThrow(RangeError);
    lease.stop(1e15);
    files.close(files.openParent('/'));
  });
});

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}
