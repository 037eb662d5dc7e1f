import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { sleepSync } from '../../src/backend/sleep.js';
import type { AcquireOptions } from '../../src/index.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED, type TestedName } from '../helpers/backends.js';
import { type Box, openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { ownerFile, writeLockOf } from '../helpers/crafted.js';
import { describeForEachBackend } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeConcurrent, isBuilt, isolationTest, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

// Owners without the addon take no witness, and a sibling container cannot see their processes. Only the
// lease is left to judge by.

const BEATS = fileURLToPath(new URL('beats.mjs', import.meta.url));
const SCRIPT = fileURLToPath(new URL('owner.mjs', import.meta.url));
/** ms; the shortest lease that is allowed. */
const LEASE = 1000;
/** ms by which a busy machine may be late. */
const LATE = 1500;

/** A process with one lock. */
class Owner {
  readonly process: TestProcess;

  static async start(backend: TestedName, box?: Box): Promise<Owner> {
    const command = [process.execPath, SCRIPT];
    const env = { env: { KERNEL_IDENTITY_BACKEND: backend } };
    const started = box === undefined ? await startProcess(command, env) : await box.start(command, env);
    expect(await started.message()).toBe('ready');
    return new Owner(started);
  }

  constructor(started: TestProcess) {
    this.process = started;
  }

  send(call: string, args: object = {}): void {
    this.process.send({ call, ...args });
  }

  async answer<T>(): Promise<T> {
    const answer = await this.process.message<{ value: T } | { error: { code: string; message: string } }>();
    if ('error' in answer) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.value;
  }

  call<T>(call: string, args?: object): Promise<T> {
    this.send(call, args);
    return this.answer();
  }

  acquire(path: string, options: AcquireOptions = {}): Promise<{ at: number; owner: OwnerRecord }> {
    return this.call('acquire', { path, options: { lease: LEASE, ...options } });
  }
}

/** Stops the owner. It is resumed when the test is over, if {@link resume} was not called before. */
function stop({ hostPid }: TestProcess): void {
  process.kill(hostPid, 'SIGSTOP');
  onCleanup(() => resumeIfThere(hostPid));
}

function resume({ hostPid }: TestProcess): void {
  resumeIfThere(hostPid);
}

/** nsenter, which started the owner in its box, needs this too: it stops itself when its child is stopped. */
function resumeIfThere(hostPid: number): void {
  try {
    const parent = parentOf(hostPid);
    process.kill(hostPid, 'SIGCONT');
    if (parent !== process.pid) process.kill(parent, 'SIGCONT');
  } catch {
    // The process is gone.
  }
}

function parentOf(hostPid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${hostPid}/status`, 'utf8'))?.[1]);
}

/** ms on the clock that all processes share. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

/** Starts an owner without the addon in one container, and a waiter in another. */
async function startTwo(waiter: TestedName): Promise<[Owner, Owner, Box]> {
  const [ownerBox, waiterBox] = await Promise.all([openBox(), openBox()]);
  return [await Owner.start('procfs', ownerBox), await Owner.start(waiter, waiterBox), ownerBox];
}

for (const backend of TESTED) {
  describeConcurrent([isBuilt(), hasBackend(backend)], `a lease, for a waiter on ${backend}`, () => {
    for (const call of ['acquire', 'acquireSync']) {
      isolationTest(`keeps the lock of an owner whose event loop is blocked (${call})`, async () => {
        const path = newPath();
        const [owner, waiter] = await startTwo(backend);
        const { owner: record } = await owner.acquire(path);
        expect(record).toMatchObject({ witness: null, lease: { durationMs: LEASE } });
        expect(await owner.call('block', { ms: 3 * LEASE + 500 })).toBe('blocked');
        waiter.send(call, { path, options: { timeout: 3 * LEASE } });
        await expect(waiter.answer()).rejects.toMatchObject({
          code: 'ERR_LOCK_TIMEOUT',
          message: expect.stringContaining(`of its lease of ${LEASE / 1000} s`),
        });
        expect(await owner.answer()).toBe('unblocked');
        expect(await owner.call('lost')).toBeNull();
        expect(await owner.call('verify')).toBe(true);
        expect(await owner.call('release')).toBe('released');
      });

      isolationTest(
        `that ended with its container lets the waiter in, not before it has run out (${call})`,
        async () => {
          const path = newPath();
          const [owner, waiter, ownerBox] = await startTwo(backend);
          await owner.acquire(path);
          waiter.send(call, { path, options: { timeout: 10 * LEASE } });
          // These are some beats, so that the waiter has seen the owner alive.
          await sleep(LEASE);
          const killed = now();
          await ownerBox.kill();
          const { at } = await waiter.answer<{ at: number }>();
          // The last beat was up to a sixth of the lease before the death.
          expect(at - killed).toBeGreaterThan(LEASE - LEASE / 6 - 50);
          expect(at - killed).toBeLessThan(LEASE + LATE);
          expect(await waiter.call('verify')).toBe(true);
          expect(readdirSync(dirname(path))).toEqual(['install.lock']);
        },
      );
    }

    isolationTest('that an owner slept through is lost, and the owner learns it', async () => {
      const path = newPath();
      const [owner, waiter] = await startTwo(backend);
      await owner.acquire(path);
      const before = now();
      stop(owner.process);
      const { at } = await waiter.acquire(path, { timeout: 10 * LEASE });
      expect(at - before).toBeGreaterThan(LEASE - LEASE / 6 - 50);
      expect(at - before).toBeLessThan(LEASE + LATE);
      const successors = snapshot(dirname(path));
      const resumed = now();
      resume(owner.process);
      // The owner does not ask: the next beat reports the loss.
      let lost: { code: string; at: number } | null = null;
      while (lost === null && now() - resumed < 2 * LEASE) {
        await sleep(20);
        lost = await owner.call('lost');
      }
      expect(lost).toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect((lost?.at ?? 0) - resumed).toBeLessThan(LEASE / 6 + LATE);
      expect(await owner.call('verify')).toBe(false);
      await expect(owner.call('release')).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      // The waiter renews its lease by now, so only the times of owner.json may differ, which a snapshot
      // leaves out.
      expect(snapshot(dirname(path))).toEqual(successors);
      expect(await waiter.call('verify')).toBe(true);
    });

    isolationTest('that an owner slept through is lost also to one that only asks', async () => {
      const path = newPath();
      const [owner, waiter] = await startTwo(backend);
      await owner.acquire(path);
      stop(owner.process);
      await waiter.acquire(path, { timeout: 10 * LEASE });
      const successors = snapshot(dirname(path));
      resume(owner.process);
      await expect(owner.call('release')).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect(snapshot(dirname(path))).toEqual(successors);
    });

    isolationTest('of an owner that sleeps for less than it is kept', async () => {
      const path = newPath();
      const [owner, waiter] = await startTwo(backend);
      await owner.acquire(path, { lease: 5 * LEASE });
      waiter.send('acquire', { path, options: { timeout: 6 * LEASE } });
      await sleep(100);
      stop(owner.process);
      await sleep(2 * LEASE);
      resume(owner.process);
      await expect(waiter.answer()).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
      expect(await owner.call('verify')).toBe(true);
      expect(await owner.call('lost')).toBeNull();
    });

    isolationTest('is observed by every waiter on its own: a newcomer waits for all of it', async () => {
      const path = newPath();
      const [owner, waiter, ownerBox] = await startTwo(backend);
      await owner.acquire(path);
      await ownerBox.kill();
      await sleep(2 * LEASE);
      const began = now();
      const { at } = await waiter.acquire(path, { timeout: 10 * LEASE });
      expect(at - began).toBeGreaterThan(LEASE);
      expect(at - began).toBeLessThan(LEASE + LATE);
    });

    isolationTest('does not run out for a waiter that was stopped together with its owner', async () => {
      const path = newPath();
      const [owner, waiter] = await startTwo(backend);
      await owner.acquire(path);
      waiter.send('acquire', { path, options: { timeout: 4 * LEASE } });
      await sleep(LEASE);
      stop(waiter.process);
      stop(owner.process);
      await sleep(2 * LEASE);
      // The waiter runs first, so it looks before the owner can renew its lease.
      resume(waiter.process);
      await sleep(50);
      resume(owner.process);
      await expect(waiter.answer()).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
      expect(await owner.call('lost')).toBeNull();
      expect(await owner.call('verify')).toBe(true);
    });

    isolationTest(
      'runs out also for one that tries once and again, and tries no longer than that',
      async () => {
        const path = newPath();
        const [owner, waiter, ownerBox] = await startTwo(backend);
        await owner.acquire(path);
        await ownerBox.kill();
        const began = now();
        let taken: { at: number } | null = null;
        while (taken === null && now() - began < 10 * LEASE) {
          taken = await waiter.acquire(path, { timeout: 0 }).catch(() => null);
          await sleep(100);
        }
        expect((taken?.at ?? 0) - began).toBeGreaterThan(LEASE);
        expect((taken?.at ?? 0) - began).toBeLessThan(LEASE + LATE);
      },
    );

    testRequiring([], 'that is not renewed does not outweigh a process that is seen to live', async () => {
      const path = newPath();
      const [owner, waiter] = [await startProcess(['cat']), await startAgent({ backend })];
      const identity = await waiter.probe(owner.pid);
      if (identity === null) throw new Error('no such process');
      writeLockOf(path, identity, { lease: { durationMs: LEASE } });
      utimesSync(ownerFile(path), 1, 1);
      await expect(waiter.acquire(path, { timeout: 3 * LEASE })).rejects.toMatchObject({
        code: 'ERR_LOCK_TIMEOUT',
        verdict: { state: 'alive' },
      });
    });

    testRequiring(
      [],
      'of an owner that is stopped does not outweigh a process that is seen to live',
      async () => {
        const path = newPath();
        const [owner, waiter] = await Promise.all([Owner.start('procfs'), startAgent({ backend })]);
        await owner.acquire(path);
        stop(owner.process);
        await expect(waiter.acquire(path, { timeout: 2.5 * LEASE })).rejects.toMatchObject({
          code: 'ERR_LOCK_TIMEOUT',
          verdict: { state: 'alive' },
        });
        resume(owner.process);
        expect(await owner.call('release')).toBe('released');
      },
    );

    testRequiring([], 'need not run out where the owner is seen to be dead', async () => {
      const path = newPath();
      const [owner, waiter] = await Promise.all([Owner.start('procfs'), startAgent({ backend })]);
      await owner.acquire(path, { lease: 600_000 });
      await owner.process.kill();
      expect((await waiter.acquire(path, { timeout: 0 })).value.pid).toBe(waiter.pid);
    });
  });
}

describeForEachBackend('a lease', (api, backend) => {
  test('is recorded where no witness is, and nowhere else on one-kernel filesystems', async () => {
    for (const parent of [undefined, '/dev/shm']) {
      const path = join(tempDir(parent), 'install.lock');
      const lock = api.acquireLockSync(path, { lease: 2000 });
      expect(lock.owner.lease).toEqual(backend === 'native' ? null : { durationMs: 2000 });
      expect(lock.owner.witness === null).toBe(backend !== 'native');
      lock.releaseSync();
    }
  });

  test('is 30 s unless told', () => {
    const lock = api.acquireLockSync(newPath());
    expect(lock.owner.lease).toEqual(backend === 'native' ? null : { durationMs: 30_000 });
    lock.releaseSync();
  });

  test('is renewed six times in its course, and not after the release', async () => {
    const path = newPath();
    const lock = api.acquireLockSync(path, { lease: LEASE });
    const file = ownerFile(path);
    const times = new Set<number>();
    const began = performance.now();
    while (performance.now() - began < 2 * LEASE) {
      times.add(statSync(file).mtimeMs);
      await sleep(10);
    }
    if (backend === 'native') expect(times.size).toBe(1);
    else expect(times.size).toBeGreaterThanOrEqual(6);
    expect(times.size).toBeLessThanOrEqual(14);
    lock.releaseSync();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('can be 1 s to a day', () => {
    for (const lease of [1000, 1000.5, 86_400_000]) {
      api.acquireLockSync(newPath(), { lease }).releaseSync();
    }
    const path = newPath();
    for (const lease of [0, 999, 999.9, -1000, 86_400_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => api.acquireLockSync(path, { lease })).toThrow(
        expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }),
      );
    }
    for (const lease of ['1000', null, {}, 1000n]) {
      expect(() => api.acquireLockSync(path, { lease: lease as never })).toThrow(
        expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});

describeForEachBackend('a lease seen through a filesystem that others share', (api) => {
  /**
   * Writes the lock of an owner on another host, which renews its lease. No check on this machine shows
   * whether it lives.
   * @param now what the times of owner.json are set to at each renewal; null: another process renews the lease.
   */
  function distantOwner(filesystem: string, now: (() => Date) | null = () => new Date()): string {
    const path = newPath();
    const bootId = '11111111-2222-4333-8444-555555555555';
    const identity = { ...api.selfIdentity(), bootId, lifeline: null };
    const file = writeLockOf(path, identity, { filesystem, lease: { durationMs: LEASE } });
    if (now === null) return path;
    const beating = setInterval(() => utimesSync(file, now(), now()), LEASE / 6);
    onCleanup(() => clearInterval(beating));
    return path;
  }

  test('is not silent while its answers are on their way', () => {
    // The record never changes, as if each answer were of the moment before the owner's next beat.
    const path = distantOwner('nfs', null);
    const { files } = api.backend;
    const stat = files.statFresh.bind(files);
    const spy = vi.spyOn(files, 'statFresh').mockImplementation((fd) => {
      const answer = stat(fd);
      sleepSync(LEASE / 8);
      return answer;
    });
    onCleanup(() => spy.mockRestore());
    const began = performance.now();
    while (performance.now() - began < 1.5 * LEASE) expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(spy.mock.calls.length).toBeGreaterThan(5);
  });

  test('is believed to last by what its keeper says, not by what this kernel remembers of the file', async () => {
    const path = distantOwner('nfs');
    const { files } = api.backend;
    const stat = files.statDescriptor.bind(files);
    // The cached times make this look like a mount with a long attribute cache.
    const { mtimeMs } = statSync(ownerFile(path));
    const spies = [
      vi.spyOn(files, 'statDescriptor').mockImplementation((fd) => ({ ...stat(fd), mtimeMs })),
      vi.spyOn(files, 'statFresh').mockImplementation(stat),
    ];
    onCleanup(() => {
      for (const spy of spies) spy.mockRestore();
    });
    await expect(api.acquireLock(path, { timeout: 2.5 * LEASE })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      message: expect.stringContaining('of its lease of 1 s'),
    });
  });

  test('does not run out while the answer of the server is late', async () => {
    const path = distantOwner('nfs', null);
    const beating = await startProcess([process.execPath, BEATS, ownerFile(path), String(LEASE / 6)]);
    expect(await beating.message()).toBe('beating');
    const { files } = api.backend;
    const stat = files.statDescriptor.bind(files);
    let looks = 0;
    const late = vi.spyOn(files, 'statFresh').mockImplementation((fd) => {
      const status = stat(fd);
      looks += 1;
      if (looks % 2 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.2 * LEASE);
      return status;
    });
    onCleanup(() => late.mockRestore());
    const error = await api.acquireLock(path, { timeout: 5 * LEASE }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    // Three late answers are longer than three leases.
    expect(looks).toBeGreaterThanOrEqual(6);
  });

  test('may be renewed by a clock of two seconds', async () => {
    const path = distantOwner('vfat', () => new Date(2000 * Math.floor(Date.now() / 2000)));
    await expect(api.acquireLock(path, { timeout: 4.5 * LEASE })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
  });

  test('is not recorded on one where no other kernel would see it renewed', () => {
    pretendFilesystem(api.backend, 'hostfs');
    const lock = api.acquireLockSync(newPath());
    expect(lock.owner).toMatchObject({ witness: null, lease: null });
    lock.releaseSync();
  });

  test('cannot be seen to last, or to end, on one that never looks again', async () => {
    const path = distantOwner('hostfs');
    const { files } = api.backend;
    const stat = files.statDescriptor.bind(files);
    pretendFilesystem(api.backend, 'hostfs');
    const fresh = vi.spyOn(files, 'statFresh').mockImplementation((fd) => ({ ...stat(fd), mtimeMs: 1 }));
    onCleanup(() => fresh.mockRestore());
    await expect(api.acquireLock(path, { timeout: 2.5 * LEASE })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      message: expect.stringContaining('hostfs'),
    });
  });
});

describe('a lease that another program recorded', () => {
  isolationTest('shorter than a second is not believed', async () => {
    const path = newPath();
    const [ownerBox, waiterBox] = await Promise.all([openBox(), openBox()]);
    const owner = await startAgent({ box: ownerBox });
    // Its lifeline would show the death at once.
    const identity = { ...(await owner.self()), lifeline: null };
    writeLockOf(path, identity, { lease: { durationMs: 10 } });
    await ownerBox.kill();
    const waiter = await Owner.start('native', waiterBox);
    const began = now();
    const { at } = await waiter.acquire(path, { timeout: 10 * LEASE });
    expect(at - began).toBeGreaterThan(LEASE);
  }, [isBuilt(), hasBackend('native')]);
});
