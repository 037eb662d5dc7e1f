import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beforeEach, expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import {
  describeRequiring,
  hasProgram,
  isRoot,
  type Requirement,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import {
  built,
  files,
  lease,
  lifeline,
  nativeFixture,
  openDescriptors,
  processes,
  sharedWords,
  thrownBy,
  watch,
} from './addon.js';
import { activityOf, inotifyWatches, threadNamed, threadsNamed } from './threads.js';

const WATCHER = 'kernel-identity';
const RUNNING = 0;
const EXITED = 1;
/** Long enough for an event that is under way to arrive. */
const SETTLE_MS = 100;

describeRequiring([built], 'watching for an exit', () => {
  test('writes the word while the event loop is blocked', async () => {
    const child = await startProcess(['cat']);
    const { words } = watchExit(child.pid);
    spin(20);
    expect(words[0]).toBe(RUNNING);
    process.kill(child.pid, 'SIGKILL');
    expect(spinUntil(() => Atomics.load(words, 0) === EXITED)).toBe(true);
    await child.exited;
  });

  test('reports an exit that happened before', async () => {
    const child = await startProcess(['cat']);
    const pidfd = openPidfd(child.pid);
    await child.kill();
    const words = sharedWords(1);
    cancelLater(watch.onExit(pidfd, words, 0));
    files.close(pidfd);
    expect(spinUntil(() => words[0] === EXITED)).toBe(true);
  });

  test('writes to the word it was given and to no other', async () => {
    const child = await startProcess(['cat']);
    const pidfd = openPidfd(child.pid);
    const memories = [
      sharedWords(3),
      sharedWords(1000),
      new Int32Array(new SharedArrayBuffer(64), 20, 3),
      new Int32Array(growableBuffer()),
    ];
    for (const words of memories) cancelLater(watch.onExit(pidfd, words, 1));
    files.close(pidfd);
    await child.kill();
    for (const words of memories) {
      expect(spinUntil(() => words[1] === EXITED)).toBe(true);
      words[1] = 0;
      expect(new Int32Array(words.buffer).every((word) => word === 0)).toBe(true);
    }
  });

  test('misses none of a thousand processes', { timeout: 60_000 }, async () => {
    const pids = await startMany(1000);
    const words = sharedWords(pids.length);
    const before = openDescriptors();
    for (const [index, pid] of pids.entries()) {
      const pidfd = openPidfd(pid);
      cancelLater(watch.onExit(pidfd, words, index));
      files.close(pidfd);
    }
    expect(openDescriptors() - before).toBeLessThanOrEqual(pids.length + 2);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until('all exits are seen', () => words.every((word) => word === EXITED));
    expect(openDescriptors() - before).toBeLessThanOrEqual(2);
  });

  test('a thousand watches of one process all report', async () => {
    const child = await startProcess(['cat']);
    const pidfd = openPidfd(child.pid);
    const words = sharedWords(1000);
    for (const index of words.keys()) cancelLater(watch.onExit(pidfd, words, index));
    files.close(pidfd);
    await child.kill();
    expect(spinUntil(() => words.every((word) => word === EXITED))).toBe(true);
  });

  test('reports at once', { timeout: 60_000 }, async () => {
    const pids = await startMany(200);
    const delays: number[] = [];
    for (const pid of pids) {
      const { words, ticket } = watchExit(pid);
      const killed = performance.now();
      process.kill(pid, 'SIGKILL');
      expect(spinUntil(() => Atomics.load(words, 0) === EXITED)).toBe(true);
      delays.push(performance.now() - killed);
      watch.cancel(ticket);
    }
    report('from SIGKILL to the word', delays);
    // On an idle machine this takes a tenth of a millisecond, but other tests may keep it busy.
    expect(quantile(delays, 0.5)).toBeLessThan(50);
  });

  test('writes nothing after it was cancelled, however close the race', { timeout: 60_000 }, async () => {
    const untouched = 7;
    let races = 0;
    // A busy machine may need more rounds until one of them meets the thread at work.
    for (let round = 0; round < 40 || (races === 0 && round < 400); round += 1) {
      const child = await startProcess(['cat']);
      const pidfd = openPidfd(child.pid);
      const words = sharedWords(200);
      const tickets = Array.from(words.keys(), (index) => watch.onExit(pidfd, words, index) as number);
      files.close(pidfd);
      process.kill(child.pid, 'SIGKILL');
      // Cancels in the midst of the thread's work.
      spinUntil(() => Atomics.load(words, (round * 4) % words.length) === EXITED, 1);
      let told = 0;
      for (const [index, ticket] of tickets.entries()) {
        watch.cancel(ticket);
        told += Atomics.exchange(words, index, untouched);
      }
      if (told > 0 && told < tickets.length) races += 1;
      await child.exited;
      spin(1);
      expect(words.every((word) => word === untouched)).toBe(true);
    }
    expect(races, 'how often the thread was in the midst of it').toBeGreaterThan(0);
  });

  test('a ticket that is over, or was never given, is ignored', async () => {
    const child = await startProcess(['cat']);
    const { words, ticket } = watchExit(child.pid);
    watch.cancel(ticket + 1000);
    await child.kill();
    spinUntil(() => words[0] === EXITED);
    watch.cancel(ticket);
    watch.cancel(ticket);
    const again = watchExit(process.pid);
    expect(again.ticket).toBeGreaterThan(ticket);
  });

  test('refuses memory that could be taken away while the thread writes to it', () => {
    const pidfd = openPidfd(process.pid);
    const file = fs.openSync(nativeFixture('addon.mjs'), 'r');
    const owned = lifeline.takeOfProcess() ?? '';
    const calls: ((words: Int32Array, index: number) => unknown)[] = [
      (words, index) => watch.onExit(pidfd, words, index),
      (words, index) => watch.onRelease(file, words, index),
      (words, index) => watch.onLifelineFree(owned, words, index),
    ];
    // The memory of an ArrayBuffer goes to whom it is transferred to, or is freed.
    const transferred = new Int32Array(2);
    structuredClone(transferred, { transfer: [transferred.buffer] });
    const disguised = new ArrayBuffer(4);
    Object.setPrototypeOf(disguised, SharedArrayBuffer.prototype);
    const refused: unknown[] = [
      ...[null, [0], new SharedArrayBuffer(4), new Uint32Array(new SharedArrayBuffer(4))],
      ...[new Int32Array(1), new Int32Array(new ArrayBuffer(64)), new Int32Array(new ArrayBuffer(64), 20, 3)],
      ...[transferred, new Int32Array(disguised)],
    ];
    for (const call of calls) {
      for (const words of refused) {
        const error = thrownBy(() => call(words as Int32Array, 0));
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toMatchObject({
          code: 'ERR_INVALID_ARG_TYPE',
          message: expect.stringMatching(/SharedArrayBuffer/),
        });
      }
      expect(() => call(sharedWords(1), '0' as never)).toThrow(TypeError);
      for (const index of [-1, 1, 0.5, Number.NaN, 2 ** 32]) {
        expect(() => call(sharedWords(1), index)).toThrow(RangeError);
      }
      expect(() => call(sharedWords(0), 0)).toThrow(RangeError);
    }
    fs.closeSync(file);
    files.close(pidfd);
  });

  test('says what is wrong with the descriptor', () => {
    const words = sharedWords(1);
    expect(watch.onExit(0x7fffffff, words, 0)).toBe('EBADF');
    expect(() => watch.onExit(-1, words, 0)).toThrow(RangeError);
    const file = fs.openSync(nativeFixture('addon.mjs'), 'r');
    // epoll cannot wait for this kind of file (epoll_ctl(2), EPERM).
    expect(watch.onExit(file, words, 0)).toBe('EPERM');
    fs.closeSync(file);
  });

  test('keeps the memory from being collected, until it is cancelled', () => {
    const fixture = nativeFixture('collect-words.mjs');
    const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', fixture], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ watched: 0, cancelled: 2 });
  });
});

describeRequiring([built], 'watching a lock directory', () => {
  let path: string;
  let owner: string;
  let directory: number;

  beforeEach(() => {
    path = join(tempDir(), 'lock');
    owner = join(path, 'owner.json');
    fs.mkdirSync(path);
    fs.writeFileSync(owner, '');
    directory = files.openParent(path);
    return () => files.close(directory);
  });

  /** Watches, and counts the calls. */
  function count(pidfd: number | null = null): { calls: number; ticket: number } {
    const ticket = watch.onLockChange(directory, pidfd, () => {
      counted.calls += 1;
    });
    const counted = { calls: 0, ticket: cancelLater(ticket) };
    return counted;
  }

  async function expectWake(change: () => unknown): Promise<void> {
    const counted = count();
    await change();
    await until('a call', () => counted.calls > 0);
    watch.cancel(counted.ticket);
  }

  test('wakes when owner.json is renamed away', () =>
    expectWake(() => fs.renameSync(owner, join(path, 'retired'))));

  test('wakes when owner.json is moved to another directory', () =>
    expectWake(() => fs.renameSync(owner, `${path}.retired`)));

  test('wakes when owner.json is deleted', () => expectWake(() => fs.unlinkSync(owner)));

  test('wakes when the directory is renamed', () => expectWake(() => fs.renameSync(path, `${path}.moved`)));

  test('wakes when a process is killed that has owner.json open for writing', async () => {
    const holder = await startProcess(['sh', '-c', 'exec 5<>"$0"; echo open; exec sleep 600', owner]);
    await holder.line();
    await expectWake(() => holder.kill());
  });

  test('wakes when the directory is removed, once no process has it open', async () => {
    fs.unlinkSync(owner);
    const held = directory;
    const counted = count();
    directory = files.openParent('/');
    fs.rmdirSync(path);
    await sleep(SETTLE_MS);
    expect(counted.calls).toBe(0);
    files.close(held);
    await until('a call', () => counted.calls > 0);
    // The kernel dropped the watch by itself.
    watch.cancel(counted.ticket);
    expect(inotifyWatches()).toBe(0);
  });

  test('wakes once when the process exits', async () => {
    const child = await startProcess(['cat']);
    const pidfd = openPidfd(child.pid);
    const counted = count(pidfd);
    files.close(pidfd);
    await child.kill();
    await until('a call', () => counted.calls > 0);
    await sleep(SETTLE_MS);
    expect(counted.calls).toBe(1);
    fs.unlinkSync(owner);
    await until('another call', () => counted.calls > 1);
  });

  test('sleeps while others only read, and while a lease is renewed', async () => {
    const counted = count();
    fs.readFileSync(owner);
    fs.readdirSync(path);
    fs.statSync(owner);
    fs.utimesSync(owner, 1, 1);
    fs.linkSync(owner, join(path, 'another'));
    await sleep(SETTLE_MS);
    expect(counted.calls).toBe(0);
  });

  test('calls several waits for one directory, each until it is cancelled', async () => {
    const watches = inotifyWatches();
    const counted = [count(), count(), count()];
    expect(inotifyWatches()).toBe(watches + 1);
    touch();
    await until('all are called', () => counted.every(({ calls }) => calls === 1));
    watch.cancel(counted[1]?.ticket as number);
    touch();
    await until('those that are left are called', () => counted[0]?.calls === 2 && counted[2]?.calls === 2);
    expect(counted[1]?.calls).toBe(1);
    watch.cancel(counted[0]?.ticket as number);
    expect(inotifyWatches()).toBe(watches + 1);
    watch.cancel(counted[2]?.ticket as number);
    expect(inotifyWatches()).toBe(watches);
  });

  test('makes one call for all events that come while the event loop is blocked', async () => {
    const counted = count();
    for (let i = 0; i < 1000; i += 1) touch();
    spin(50);
    expect(counted.calls).toBe(0);
    await until('a call', () => counted.calls > 0);
    await sleep(SETTLE_MS);
    expect(counted.calls).toBe(1);
  });

  test('is not called after it was cancelled, not even for earlier events', async () => {
    const counted = count();
    touch();
    spin(20);
    watch.cancel(counted.ticket);
    await sleep(SETTLE_MS);
    expect(counted.calls).toBe(0);
  });

  test('a call may cancel the wait that would be called next', async () => {
    const called: number[] = [];
    const tickets: number[] = [];
    for (const me of [0, 1]) {
      const ticket = watch.onLockChange(directory, null, () => {
        called.push(me);
        for (const each of tickets) watch.cancel(each);
      });
      tickets.push(cancelLater(ticket));
    }
    touch();
    await until('a call', () => called.length > 0);
    await sleep(SETTLE_MS);
    expect(called).toEqual([0]);
  });

  test('a call that throws is an uncaught exception, and keeps no other from being called', () => {
    const fixture = nativeFixture('throwing-wake.mjs');
    const { stdout, stderr } = spawnSync(process.execPath, [fixture, path], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ caught: ['first'], called: 2 });
  });

  test('withstands a storm of starts, cancels and events', { timeout: 60_000 }, async () => {
    const tickets: number[] = [];
    const pidfd = openPidfd(process.pid);
    let calls = 0;
    for (let i = 0; i < 20_000; i += 1) {
      tickets.push(watch.onLockChange(directory, pidfd, () => calls++) as number);
      if (i % 3 === 0) touch();
      if (tickets.length > 20) watch.cancel(tickets.splice((i * 7) % 20, 1)[0] as number);
      if (i % 1000 === 0) await sleep(1);
    }
    for (const ticket of tickets) watch.cancel(ticket);
    files.close(pidfd);
    const before = calls;
    await sleep(SETTLE_MS);
    expect(before).toBeGreaterThan(0);
    expect(calls).toBe(before);
  });

  test('reports at once that an owner was killed', { timeout: 60_000 }, async () => {
    const pids = await startMany(200);
    const delays: number[] = [];
    for (const pid of pids) {
      const pidfd = openPidfd(pid);
      let ticket = 0;
      const woken = new Promise<number>((resolve) => {
        ticket = cancelLater(watch.onLockChange(directory, pidfd, () => resolve(performance.now())));
      });
      files.close(pidfd);
      await sleep(1);
      const killed = performance.now();
      process.kill(pid, 'SIGKILL');
      delays.push((await woken) - killed);
      watch.cancel(ticket);
    }
    report('from SIGKILL to the call', delays);
    expect(quantile(delays, 0.5)).toBeLessThan(50);
  });

  test('answers why it cannot watch', () => {
    const wake = () => {};
    expect(watch.onLockChange(0x7fffffff, null, wake)).toBe('EBADF');
    expect(watch.openChangeMonitor(0x7fffffff)).toBe('EBADF');
    expect(watch.onLockChange(directory, 0x7fffffff, wake)).toBe('EBADF');
    const file = files.openAt(directory, 'owner.json');
    expect(watch.onLockChange(file, null, wake)).toBe('ENOTDIR');
    expect(watch.openChangeMonitor(file)).toBe('ENOTDIR');
    // The second of two steps failed. The first one must be undone.
    const watches = inotifyWatches();
    expect(watch.onLockChange(directory, file, wake)).toBe('EPERM');
    expect(inotifyWatches()).toBe(watches);
    files.close(file);
    expect(() => watch.onLockChange(directory, null, 'wake' as never)).toThrow(TypeError);
    expect(() => watch.onLockChange(directory, undefined as never, wake)).toThrow(TypeError);
    expect(() => watch.onLockChange(-1, null, wake)).toThrow(RangeError);
  });

  function touch(): void {
    fs.closeSync(fs.openSync(owner, 'r+'));
  }
});

describeRequiring([built], 'blocking on a lock directory', () => {
  let path: string;
  let monitor: number;

  beforeEach(() => {
    path = tempDir();
    fs.writeFileSync(join(path, 'owner.json'), '');
    const directory = files.openParent(path);
    monitor = watch.openChangeMonitor(directory) as number;
    files.close(directory);
    return () => files.close(monitor);
  });

  test('returns for a change, once', () => {
    expect(watch.block(monitor, null, 0)).toBe('timeout');
    fs.unlinkSync(join(path, 'owner.json'));
    expect(watch.block(monitor, null, Number.POSITIVE_INFINITY)).toBe('change');
    expect(watch.block(monitor, null, 0)).toBe('timeout');
  });

  test('returns once for more changes than the kernel keeps', () => {
    const limit = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    const names = ['owner.json', 'other'].map((name) => join(path, name));
    // The events take turns, because the kernel merges equal events in a row.
    for (let i = 0; i <= limit; i += 1) fs.closeSync(fs.openSync(names[i % 2] as string, 'a'));
    expect(watch.block(monitor, null, 0)).toBe('change');
    expect(watch.block(monitor, null, 0)).toBe('timeout');
  });

  test('starts anew when it was closed, without waiting for a real close', () => {
    fs.unlinkSync(join(path, 'owner.json'));
    files.close(monitor);
    expect(thrownBy(() => files.close(monitor)).code).toBe('EBADF');
    const gone = tempDir();
    const begun = performance.now();
    for (let i = 0; i < 100; i += 1) {
      const directory = files.openParent(i % 2 === 0 ? gone : path);
      monitor = watch.openChangeMonitor(directory) as number;
      files.close(directory);
      expect(watch.block(monitor, null, 0)).toBe('timeout');
      fs.writeFileSync(join(path, 'file'), '');
      expect(watch.block(monitor, null, 0)).toBe(i % 2 === 0 ? 'timeout' : 'change');
      fs.writeFileSync(join(path, 'file'), '');
      files.close(monitor);
    }
    // A real close would take a millisecond each, and more on a busy machine.
    expect(performance.now() - begun).toBeLessThan(100);
    const directory = files.openParent(gone);
    const [first, second] = [0, 0].map(() => watch.openChangeMonitor(directory) as number);
    files.close(directory);
    fs.rmdirSync(gone);
    expect(watch.block(first as number, null, 0)).toBe('change');
    files.close(first as number);
    files.close(second as number);
    const parent = files.openParent(path);
    monitor = watch.openChangeMonitor(parent) as number;
    files.close(parent);
    expect(watch.block(monitor, null, 0)).toBe('timeout');
  });

  test('a monitor that other code closed is not taken for the file with its number', () => {
    const directory = files.openParent(path);
    fs.closeSync(monitor);
    const opened: number[] = [];
    while (!opened.includes(monitor)) opened.push(files.openAt(directory, 'owner.json'));
    for (const fd of opened) files.close(fd);
    expect(thrownBy(() => fs.fstatSync(monitor)).code).toBe('EBADF');
    monitor = watch.openChangeMonitor(directory) as number;
    files.close(directory);
  });

  test('returns for a change that another thread makes in the meantime', () => {
    const code = `setTimeout(() => require('node:fs').unlinkSync(${JSON.stringify(join(path, 'owner.json'))}), 100)`;
    new Worker(code, { eval: true });
    expect(watch.block(monitor, null, 10_000)).toBe('change');
  });

  test('returns for an exit, again and again', async () => {
    const child = await startProcess(['cat']);
    const pidfd = openPidfd(child.pid);
    expect(watch.block(monitor, pidfd, 1)).toBe('timeout');
    process.kill(child.pid, 'SIGKILL');
    expect(watch.block(monitor, pidfd, 1e300)).toBe('exit');
    expect(watch.block(monitor, pidfd, 0)).toBe('exit');
    files.close(pidfd);
    await child.exited;
  });

  test('returns in time', () => {
    for (const ms of [0, 0.4, 30, 450]) {
      const begun = performance.now();
      expect(watch.block(monitor, null, ms)).toBe('timeout');
      expect(performance.now() - begun).toBeGreaterThanOrEqual(ms);
      expect(performance.now() - begun).toBeLessThan(ms + 1000);
    }
  });

  test('continues after a signal', async () => {
    const killer = await startProcess([
      'sh',
      '-c',
      `sleep 0.1; for i in 1 2 3; do kill -WINCH ${process.pid}; sleep 0.05; done`,
    ]);
    process.on('SIGWINCH', ignore);
    const begun = performance.now();
    expect(watch.block(monitor, null, 500)).toBe('timeout');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(500);
    await killer.exited;
    process.off('SIGWINCH', ignore);
  });

  test('lets a worker thread be terminated', async () => {
    const worker = new Worker(nativeFixture('blocked-worker.mjs'), { workerData: path });
    await firstMessage(worker);
    await sleep(SETTLE_MS);
    const begun = performance.now();
    await worker.terminate();
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test('refuses arguments out of range', () => {
    for (const ms of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => watch.block(monitor, null, ms)).toThrow(RangeError);
    }
    expect(() => watch.block(monitor, null, '1' as never)).toThrow(TypeError);
    expect(thrownBy(() => watch.block(0x7fffffff, null, 1))).toMatchObject({
      code: 'EBADF',
      syscall: 'ppoll',
    });
    expect(thrownBy(() => watch.block(monitor, 0x7fffffff, 1))).toMatchObject({ code: 'EBADF' });
  });
});

describeRequiring([built], 'the end of threads that wait', () => {
  for (const [how, code] of [
    ['natural', 0],
    ['cancel', 0],
    ['exit', 0],
    ['storm', 0],
    ['throw', 1],
  ] as const) {
    test(`a process ends with waits pending: ${how}`, async () => {
      for (let round = 0; round < 5; round += 1) {
        const child = await startProcess([
          process.execPath,
          nativeFixture('wait-for-all.mjs'),
          how,
          tempDir(),
        ]);
        await child.line();
        expect(await child.exited).toEqual({ code, signal: null });
      }
    });
  }

  test('a process stays alive while it waits for a lock', async () => {
    const child = await startProcess([
      process.execPath,
      nativeFixture('wait-for-all.mjs'),
      'stay',
      tempDir(),
    ]);
    await child.line();
    await sleep(300);
    expect(child.running).toBe(true);
  });

  test('a worker thread can be terminated with waits pending', { timeout: 60_000 }, async () => {
    const path = tempDir();
    const before = openDescriptors();
    const watches = inotifyWatches();
    for (let round = 0; round < 10; round += 1) {
      const worker = new Worker(nativeFixture('wait-for-all.mjs'), { workerData: ['worker', path] });
      await firstMessage(worker);
      await sleep(round * 3);
      await worker.terminate();
    }
    await until('its descriptors are gone', () => openDescriptors() <= before);
    expect(inotifyWatches()).toBe(watches);
  });

  test('a watch of one thread goes on when another thread ends', async () => {
    const path = tempDir();
    const child = await startProcess(['cat']);
    const { words } = watchExit(child.pid);
    const directory = files.openParent(path);
    let calls = 0;
    cancelLater(watch.onLockChange(directory, null, () => calls++));
    const worker = new Worker(nativeFixture('wait-for-all.mjs'), { workerData: ['stay', path] });
    await firstMessage(worker);
    expect(threadsNamed(WATCHER)).toHaveLength(1);
    await worker.terminate();
    await sleep(SETTLE_MS);
    calls = 0;
    fs.unlinkSync(join(path, 'owner.json'));
    await until('a call', () => calls > 0);
    await child.kill();
    expect(spinUntil(() => words[0] === EXITED)).toBe(true);
    files.close(directory);
  });
});

describeRequiring([built], 'the resources of waiting', () => {
  test('ten thousand waits leave nothing behind but one thread', { timeout: 60_000 }, async () => {
    const directory = files.openParent(tempDir());
    const file = fs.openSync(nativeFixture('addon.mjs'), 'r');
    const pidfd = openPidfd(process.pid);
    const words = sharedWords(16);
    const cycle = (index: number) => {
      watch.cancel(watch.onExit(pidfd, words, index % 16) as number);
      watch.cancel(watch.onLockChange(directory, index % 2 === 0 ? pidfd : null, () => {}) as number);
      files.close(watch.openChangeMonitor(directory) as number);
      lease.stop(lease.start(file, 1000, () => {}));
    };
    cycle(0);
    const counts = () => ({
      descriptors: openDescriptors(),
      watches: inotifyWatches(),
      threads: fs.readdirSync('/proc/self/task').length,
    });
    const before = counts();
    for (let i = 0; i < 10_000; i += 1) cycle(i);
    expect(counts()).toEqual(before);
    expect(threadsNamed(WATCHER)).toHaveLength(1);
    files.close(pidfd);
    fs.closeSync(file);
    files.close(directory);
  });

  test('the thread sleeps while nothing happens', async () => {
    const child = await startProcess(['cat']);
    const directory = files.openParent(tempDir());
    const own = openPidfd(process.pid);
    // It stays open, because closing it would also end everything that was not ended properly.
    const exited = openPidfd(child.pid);
    const words = sharedWords(2);
    for (let i = 0; i < 200; i += 1) {
      cancelLater(watch.onLockChange(directory, own, () => {}));
      cancelLater(watch.onExit(own, words, 0));
    }
    watch.cancel(watch.onExit(exited, words, 0) as number);
    watch.cancel(watch.onLockChange(directory, exited, () => {}) as number);
    let calls = 0;
    cancelLater(watch.onLockChange(directory, exited, () => calls++));
    cancelLater(watch.onExit(exited, words, 1));
    // The pidfd of an exited process stays readable, which must not keep the thread awake.
    await child.kill();
    await until('the exit is known', () => words[1] === EXITED && calls > 0);
    await sleep(SETTLE_MS);
    const thread = threadNamed(WATCHER) as string;
    const before = activityOf(thread);
    await sleep(1000);
    expect(activityOf(thread)).toEqual(before);
    for (const fd of [exited, own, directory]) files.close(fd);
  });

  test('the thread takes no signals', () => {
    watchExit(process.pid);
    const status = fs.readFileSync(`/proc/self/task/${threadNamed(WATCHER)}/status`, 'utf8');
    const blocked = BigInt(`0x${/^SigBlk:\s+([0-9a-f]+)$/m.exec(status)?.[1]}`);
    // SIGKILL and SIGSTOP cannot be blocked, and the C library keeps two for itself (nptl(7)).
    for (const signal of [1, 2, 3, 10, 12, 13, 14, 15, 17, 20, 28]) {
      expect((blocked >> BigInt(signal - 1)) & 1n).toBe(1n);
    }
  });

  test('too few descriptors is an answer, and uses none up', async () => {
    const answers = await scarcely([], 'true');
    for (const name of ['onExit', 'onLockChange', 'openChangeMonitor', 'lease']) {
      const own = answers.filter((answer) => answer.name === name);
      expect(own.length).toBeGreaterThan(1);
      for (const { answer, left, kept } of own.slice(0, -1)) {
        expect(answer).toBe(name === 'lease' ? 'EMFILE timerfd_create' : 'EMFILE');
        // The thread keeps its two descriptors when there is no third one.
        expect(kept).toBe(name === 'onExit' && left === 2 ? 2 : 0);
      }
      expect(own.at(-1)?.answer).toBeTypeOf('number');
    }
  });

  testRequiring([canLimitInotify()], 'too few inotify instances or watches is an answer', async () => {
    for (const [limit, errno] of [
      ['max_inotify_instances', 'EMFILE'],
      ['max_inotify_watches', 'ENOSPC'],
    ]) {
      const script = `echo 0 >/proc/sys/user/${limit}`;
      const answers = await scarcely(['unshare', '--user', '--map-root-user'], script);
      const last = (name: string) => answers.findLast((answer) => answer.name === name);
      expect(last('onExit')?.answer).toBeTypeOf('number');
      // There were four descriptors to spare, so the limit on inotify was the reason.
      for (const name of ['onLockChange', 'openChangeMonitor']) {
        expect(last(name)).toMatchObject({ left: 4, answer: errno });
      }
    }
  });

  testRequiring([hasProgram('prlimit'), hasProgram('setpriv')], 'too many threads is an answer', async () => {
    // The limit counts the threads of a user, and does not hold for root.
    const asUser = isRoot().available ? ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups'] : [];
    const fixture = nativeFixture('without-threads.mjs');
    const child = await startProcess([...asUser, process.execPath, fixture]);
    expect(await child.message()).toEqual({ onExit: 'EAGAIN', lease: 'EAGAIN pthread_create', kept: 0 });
  });
});

interface ScarceAnswer {
  readonly name: string;
  readonly left: number;
  readonly answer: number | string;
  readonly kept: number;
}

async function scarcely(prefix: readonly string[], limit: string): Promise<readonly ScarceAnswer[]> {
  const fixture = nativeFixture('scarce-descriptors.mjs');
  const script = `ulimit -n 60 && ${limit} && exec "$0" "$@"`;
  const most = 4;
  const args = [process.execPath, fixture, tempDir(), String(most)];
  const child = await startProcess([...prefix, 'sh', '-c', script, ...args]);
  return child.message();
}

function canLimitInotify(): Requirement {
  const script = 'echo 1 >/proc/sys/user/max_inotify_watches';
  const { status } = spawnSync('unshare', ['--user', '--map-root-user', 'sh', '-c', script]);
  return { available: status === 0, reason: 'cannot limit inotify in a user namespace' };
}

function openPidfd(pid: number): number {
  const pidfd = processes.openPidfd(pid);
  if (typeof pidfd === 'string') throw new Error(`pidfd_open of ${pid}: ${pidfd}`);
  return pidfd;
}

function watchExit(pid: number): { words: Int32Array; ticket: number } {
  const pidfd = openPidfd(pid);
  const words = sharedWords(1);
  const ticket = cancelLater(watch.onExit(pidfd, words, 0));
  files.close(pidfd);
  return { words, ticket };
}

/** A buffer of 12 bytes, at most 24. The types do not know this part of ES2024 yet. */
function growableBuffer(): SharedArrayBuffer {
  const kind = SharedArrayBuffer as new (
    length: number,
    options: { maxByteLength: number },
  ) => SharedArrayBuffer;
  return new kind(12, { maxByteLength: 24 });
}

function cancelLater(ticket: number | string): number {
  if (typeof ticket === 'string') throw new Error(ticket);
  onCleanup(() => watch.cancel(ticket));
  return ticket;
}

function firstMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

/** Starts children of one shell, which does not reap them. */
async function startMany(count: number): Promise<number[]> {
  const script = 'for i in $(seq "$0"); do sleep 600 & echo $!; done; echo done; read line; kill $(jobs -p)';
  const shell: TestProcess = await startProcess(['sh', '-c', script, String(count)]);
  const pids: number[] = [];
  onCleanup(() => {
    for (const pid of pids) tryToKill(pid);
  });
  for (let line = await shell.line(); line !== 'done'; line = await shell.line()) pids.push(Number(line));
  return pids;
}

function tryToKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Blocks the event loop. */
function spin(ms: number): void {
  spinUntil(() => false, ms);
}

function spinUntil(isDone: () => boolean, ms = 5000): boolean {
  const deadline = performance.now() + ms;
  while (!isDone()) {
    if (performance.now() > deadline) return false;
  }
  return true;
}

function ignore(): void {}

function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
}

function report(what: string, values: number[]): void {
  const [p50, p99] = [quantile(values, 0.5), quantile(values, 0.99)].map((ms) => ms.toFixed(3));
  console.log(`${what}: p50 ${p50} ms, p99 ${p99} ms, ${values.length} times`);
}
