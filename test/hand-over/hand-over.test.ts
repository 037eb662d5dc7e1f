import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentBackend } from '../../src/backend/select.js';
import {
  acquireLock,
  acquireLockSync,
  inspectLockSync,
  type Lock,
  selfIdentity,
  withLock,
} from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED, usesBackend } from '../helpers/backends.js';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { namespaceFds } from '../native/addon.js';
import { isAlive, kill, killAfterwards, SLEEP, untilState } from './heirs.js';

function newPath(): string {
  return join(tempDir(), 'job.lock');
}

function pidOf({ pid }: { readonly pid?: number | undefined }): number {
  if (pid === undefined) throw new Error('it was not started');
  return killAfterwards(pid);
}

/** Hands the lock over to a command that lives until it is killed. */
function handOver(lock: Lock): number {
  const [program, ...args] = SLEEP;
  return pidOf(lock.handOver(program, args, { stdio: 'ignore' }));
}

describeRequiring([usesBackend('native'), isBuilt()], 'a lock that was handed over', () => {
  test('says so in its record from the start, and has a lifeline of its own', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    expect(lock.owner).toMatchObject({ handedOver: true, lifeline: expect.stringMatching(/^time:\d+$/) });
    expect(lock.owner.lifeline).not.toBe(lock.owner.identity?.lifeline);
    await lock.release();
    const other = await acquireLock(path);
    expect(other.owner).toMatchObject({ handedOver: false });
    await other.release();
  });

  test('is inherited as three descriptors: owner.json, the lifeline, the directory', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    const heir = handOver(lock);
    expect([20, 21, 22].map((fd) => readlinkSync(`/proc/${heir}/fd/${fd}`))).toEqual([
      join(path, 'owner.json'),
      'time:[4026531834]',
      path,
    ]);
    // The lifelines of this process stay its own.
    expect(namespaceFds(heir)).toEqual(['21']);
    await kill(heir);
    await untilState(path, 'free');
  });

  test('takes its lifeline again when other code has closed the descriptor', async () => {
    selfIdentity();
    const before = namespaceFds();
    const lock = await acquireLock(newPath(), { handOver: true });
    const lifeline = lock.owner.lifeline ?? '';
    const { test: state } = currentBackend().lifeline;
    const [own] = namespaceFds().filter((fd) => !before.includes(fd));
    closeSync(Number(own));
    const taker = openSync('/dev/null', 'r');
    expect(state(lifeline)).toBe('free');
    expect(lock.verify()).toBe(true);
    expect(state(lifeline)).toBe('held');
    await lock.release();
    expect(state(lifeline)).toBe('free');
    // The number belongs to the other code, which still has its file open.
    expect(fstatSync(taker).isCharacterDevice()).toBe(true);
    closeSync(taker);
  });

  test('drops its lifeline with the release, and when it was not acquired after all', async () => {
    const path = newPath();
    selfIdentity();
    const before = namespaceFds().length;
    const lock = await acquireLock(path, { handOver: true });
    expect(namespaceFds()).toHaveLength(before + 1);
    await expect(acquireLock(path, { handOver: true, timeout: 0 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    expect(namespaceFds()).toHaveLength(before + 1);
    await lock.release();
    expect(namespaceFds()).toHaveLength(before);
  });

  test('is held while the command lives though its parent was killed, and free at once when it is dead', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const heir = killAfterwards((await parent.handOver(path, SLEEP)) as number);
    await parent.kill();
    expect(isAlive(heir)).toBe(true);
    expect(inspectLockSync(path)).toMatchObject({ state: 'held', verdict: { state: 'alive' } });
    await expect(acquireLock(path, { timeout: 50 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    await kill(heir);
    const lock = await acquireLock(path, { timeout: 2_000 });
    expect(lock.reclaimed).toMatchObject({ owner: { pid: parent.pid, handedOver: true } });
    await lock.release();
  });

  test('is held by a grandchild that inherited it', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const file = join(tempDir(), 'pid');
    const script = `sleep 600 & echo $! >${file}.new; mv ${file}.new ${file}; wait`;
    const child = killAfterwards((await parent.handOver(path, ['sh', '-c', script])) as number);
    await until('the grandchild was started', () => existsSync(file));
    const grandchild = killAfterwards(Number(readFileSync(file, 'utf8')));
    await kill(child);
    // A parent that has reaped its child has heard of its end, and must not remove what the grandchild holds.
    await until('the parent has reaped its child', () => !isAlive(child));
    await parent.self();
    expect(inspectLockSync(path).state).toBe('held');
    await parent.kill();
    expect(inspectLockSync(path).state).toBe('held');
    await kill(grandchild);
    expect(inspectLockSync(path)).toMatchObject({ state: 'stale', verdict: { state: 'dead' } });
  });

  test('is removed by its parent when the command ends', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    const heir = lock.handOver('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    pidOf(heir);
    expect(inspectLockSync(path).state).toBe('held');
    heir.stdin?.end();
    await once(heir, 'exit');
    expect(existsSync(path)).toBe(false);
  });

  test('is not the lock of its parent any more', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    expect(lock.verify()).toBe(true);
    const heir = handOver(lock);
    expect(lock.verify()).toBe(false);
    lock.releaseSync();
    await lock.release();
    expect(lock.signal.aborted).toBe(false);
    expect(() => lock.handOver('true')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    expect(inspectLockSync(path).state).toBe('held');
    await kill(heir);
    await untilState(path, 'free');
    expect(lock.signal.aborted).toBe(false);
    lock.releaseSync();
  });

  test('outlives the withLock() in which it was handed over', async () => {
    const path = newPath();
    const heir = await withLock(path, { handOver: true }, (lock) => handOver(lock));
    expect(inspectLockSync(path).state).toBe('held');
    await kill(heir);
    await untilState(path, 'free');
  });

  test('cannot be waited for by the thread that has to hear of its end', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    const heir = handOver(lock);
    expect(() => acquireLockSync(path)).toThrow(expect.objectContaining({ code: 'EDEADLK' }));
    const next = acquireLock(path, { timeout: 5_000 });
    await kill(heir);
    await (await next).release();
  });

  test('leaves the lock of its successor alone when the command ends', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    const heir = lock.handOver('sh', ['-c', `rm -rf '${path}'; read -r line`], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    pidOf(heir);
    await untilState(path, 'free');
    // It has neither a witness nor a lifeline, by which it would be seen to be held.
    const successor = await startAgent({ backend: 'procfs' });
    await successor.acquire(path);
    heir.stdin?.end('end\n');
    await once(heir, 'exit');
    expect(await successor.verify(path)).toBe(true);
  });
});

describeRequiring([isBuilt()], 'handOver()', () => {
  test('is refused for a lock that was not acquired for it, and for one that is not held', async () => {
    const path = newPath();
    const plain = await acquireLock(path);
    expect(() => plain.handOver('true')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_STATE', message: expect.stringContaining('handOver') }),
    );
    expect(plain.verify()).toBe(true);
    await plain.release();
    const released = await acquireLock(path, { handOver: true });
    await released.release();
    expect(() => released.handOver('true')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
  });

  test('is refused for a lock that is lost', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    rmSync(path, { recursive: true });
    expect(() => lock.handOver('true')).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    expect(lock.signal.aborted).toBe(true);
  });

  test('leaves the lock where it is when the command cannot be started', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    const heir = lock.handOver('/nowhere/to/be/found');
    const [error] = await once(heir, 'error');
    expect(error).toMatchObject({ code: 'ENOENT' });
    expect(() => lock.handOver('true\0')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(() => lock.handOver('true', { stdio: 'ignore' } as never)).toThrow(TypeError);
    expect(() => lock.handOver('true', [], { stdio: Array(21).fill('ignore') })).toThrow(RangeError);
    expect(lock.verify()).toBe(true);
    await lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    ['none', undefined, [true, true, true]],
    ['a word', 'ignore', [false, false, false]],
    ['a short list', ['ignore', 'pipe'], [false, true, true]],
    ['a long list', ['ignore', 'pipe', 'ignore', 'pipe'], [false, true, false, true]],
  ] as const)('keeps the files that the caller chose: %s', async (_, stdio, expected) => {
    const lock = await acquireLock(newPath(), { handOver: true });
    const options = stdio === undefined ? {} : { stdio: stdio as never };
    const heir = lock.handOver('true', [], options);
    expect(heir.stdio.slice(0, expected.length).map((file) => file !== null)).toEqual(expected);
    await once(heir, 'exit');
  });

  test('keeps the environment that the caller chose', async () => {
    const lock = await acquireLock(newPath(), { handOver: true });
    const heir = lock.handOver(
      'sh',
      ['-c', 'echo "$CHOSEN $HOME $KERNEL_IDENTITY_HANDED_OVER $KERNEL_IDENTITY_LOCK"'],
      {
        env: { CHOSEN: 'yes', PATH: process.env.PATH },
      },
    );
    const [text] = await once(heir.stdout as NonNullable<typeof heir.stdout>, 'data');
    expect(String(text)).toBe(`yes  ${lock.owner.nonce}:${lock.path} ${lock.path}\n`);
    await once(heir, 'exit');
  });

  test('takes true or false as the option of acquireLock()', async () => {
    await expect(acquireLock(newPath(), { handOver: 1 as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    const lock = await acquireLock(newPath(), { handOver: false });
    expect(lock.owner.handedOver).toBe(false);
    await lock.release();
  });
});

for (const backend of TESTED) {
  describeRequiring([hasBackend(backend), isBuilt()], `on the ${backend} backend`, () => {
    test('the death of the process that handed the lock over is not its end', async () => {
      const path = newPath();
      const parent = await startAgent({ backend });
      await parent.acquire(path, { handOver: true, lease: 60_000 });
      const heir = killAfterwards((await parent.handOver(path, SLEEP)) as number);
      await parent.kill();
      for (const observer of TESTED) {
        const other = await startAgent({ backend: observer });
        const { state, verdict } = await other.inspect(path);
        expect(['held', 'unknown'], observer).toContain(state);
        expect(verdict?.state, observer).not.toBe('dead');
        expect(await other.tryAcquire(path), observer).toBeNull();
      }
      expect(isAlive(heir)).toBe(true);
    });

    test('the lock is free when the command ends and its parent lives', async () => {
      const path = newPath();
      const parent = await startAgent({ backend });
      await parent.acquire(path, { handOver: true });
      const heir = killAfterwards((await parent.handOver(path, SLEEP)) as number);
      expect(inspectLockSync(path).state).not.toBe('stale');
      await kill(heir);
      await untilState(path, 'free');
    });

    test('a parent keeps the lease until the command ends', async () => {
      const path = newPath();
      const parent = await startAgent({ backend: 'procfs' });
      await parent.acquire(path, { handOver: true, lease: 1_000 });
      const heir = killAfterwards((await parent.handOver(path, SLEEP)) as number);
      await parent.release(path);
      const observer = await startAgent({ backend });
      const waited = observer.acquire(path, { timeout: 3_000 });
      await expect(waited).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
      expect(isAlive(heir)).toBe(true);
    });
  });
}
