import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compareIdentities } from '../../src/identity/compare.js';
import { parseIdentity } from '../../src/identity/format.js';
import { currentObserver } from '../../src/identity/observer.js';
import { probeIdentity, readSelf, selfIdentity } from '../../src/identity/read.js';
import { hasBackend } from '../helpers/backends.js';
import { NOBODY } from '../helpers/crafted.js';
import { startLeaderless, startZombie } from '../helpers/odd-processes.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt, testRequiring } from '../helpers/requirements.js';
import { fakeObserver, statOf } from './fake-observer.js';

const PRINT_IDENTITY = fileURLToPath(new URL('print-identity.mjs', import.meta.url));

function startPrinting(backend: string): Promise<TestProcess> {
  return startProcess([process.execPath, PRINT_IDENTITY], { env: { KERNEL_IDENTITY_BACKEND: backend } });
}

describe('selfIdentity', () => {
  test('is this process: number, platform, hostname', () => {
    expect(selfIdentity()).toMatchObject({
      version: 1,
      platform: process.platform,
      pid: process.pid,
      hostname: hostname(),
    });
  });

  test('is what /proc says, read by hand', () => {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    expect(selfIdentity()).toMatchObject({
      startTicks: ticks,
      startTolerance: 0,
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    });
    expect(`pid:[${selfIdentity().pidNamespace.inode}]`).toBe(readlinkSync('/proc/self/ns/pid'));
  });

  test('is read once, frozen, its namespace too', () => {
    expect(selfIdentity()).toBe(selfIdentity());
    expect(Object.isFrozen(selfIdentity())).toBe(true);
    expect(Object.isFrozen(selfIdentity().pidNamespace)).toBe(true);
  });

  test.each(['EMFILE', 'ENFILE', 'ENOMEM'])('is none where a call answered %s', (error) => {
    for (const answers of [{ stat: error }, { stat: statOf('R'), openPidfd: error }]) {
      const observer = fakeObserver({ 900: answers });
      expect(() => readSelf(observer)).toThrow(expect.objectContaining({ code: error }));
    }
  });

  test('is the same when the kernel is asked again', () => {
    const asked = { ...selfIdentity(), lifeline: null, hostname: null, containerId: null };
    expect(asked).toEqual(readSelf(currentObserver()));
    expect(selfIdentity()).toBe(selfIdentity());
  });

  test('survives being written down', () => {
    expect(parseIdentity(JSON.stringify(selfIdentity()))).toEqual(selfIdentity());
  });
});

describe('probeIdentity', () => {
  test('of the own number is selfIdentity without its lifeline, which an observer does not take', () => {
    expect(probeIdentity(process.pid)).toEqual({ ...selfIdentity(), lifeline: null });
  });

  test('of another process is another one, of this boot and namespace', async () => {
    const child = await startProcess(['sleep', '600']);
    const identity = probeIdentity(child.pid);
    expect(identity).toMatchObject({
      pid: child.pid,
      bootId: selfIdentity().bootId,
      pidNamespace: selfIdentity().pidNamespace,
      hostname: null,
    });
    expect(Object.isFrozen(identity)).toBe(true);
    expect(compareIdentities(identity as NonNullable<typeof identity>, selfIdentity())).toBe('different');
  });

  test('of one process is the same each time, also while it is stopped', async () => {
    const child = await startProcess(['sleep', '600']);
    const before = probeIdentity(child.pid);
    child.signal('SIGSTOP');
    expect(probeIdentity(child.pid)).toEqual(before);
  });

  test('of a number that no process has is null', () => {
    expect(probeIdentity(NOBODY)).toBeNull();
    expect(probeIdentity(0x7fff_ffff)).toBeNull();
  });

  test('of a process that has ended is null', async () => {
    const child = await startProcess(['sleep', '600']);
    await child.kill();
    expect(probeIdentity(child.pid)).toBeNull();
  });

  test('of a thread of this process is null', () => {
    const threads = readdirSync('/proc/self/task').map(Number);
    const other = threads.filter((id) => id !== process.pid);
    expect(other.length).toBeGreaterThan(0);
    for (const id of other) expect(probeIdentity(id)).toBeNull();
  });

  test('of a zombie is its identity: the number is still taken', async () => {
    const zombie = await startZombie();
    expect(probeIdentity(zombie.hostPid)).toMatchObject({ pid: zombie.hostPid });
  });

  testRequiring(
    [hasProgram('python3')],
    'of a process whose first thread has ended is its identity',
    async () => {
      const leaderless = await startLeaderless();
      expect(probeIdentity(leaderless.hostPid)).toMatchObject({ pid: leaderless.hostPid });
    },
  );

  test.each([0, -1, 2 ** 31, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'of %s is an ERR_OUT_OF_RANGE',
    (pid) => {
      expect(() => probeIdentity(pid as number)).toThrow(RangeError);
      expect(() => probeIdentity(pid as number)).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
    },
  );

  test.each(['7', null, undefined, 7n, {}, Symbol('x')])('of %s is an ERR_INVALID_ARG_TYPE', (pid) => {
    expect(() => probeIdentity(pid as number)).toThrow(TypeError);
    expect(() => probeIdentity(pid as number)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

for (const backend of ['native', 'procfs'] as const) {
  describeRequiring([isBuilt(), hasBackend(backend)], `a process that reads itself by ${backend}`, () => {
    test('is the same to itself and to its parent', async () => {
      const child = await startPrinting(backend);
      const own = parseIdentity(await child.line());
      const probed = probeIdentity(child.pid);
      expect(own.pid).toBe(child.pid);
      expect(probed).toMatchObject({
        startTicks: own.startTicks,
        pidNamespace: { inode: own.pidNamespace.inode },
      });
      expect(compareIdentities(own, probed as NonNullable<typeof probed>)).toBe('same');
    });

    test('is another one than its sibling', async () => {
      const [one, other] = await Promise.all([startPrinting(backend), startPrinting(backend)]);
      const [own, others] = [parseIdentity(await one.line()), parseIdentity(await other.line())];
      expect(compareIdentities(own, others)).toBe('different');
    });
  });
}
