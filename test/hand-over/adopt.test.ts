import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { acquireLock, adoptLock, inspectLockSync } from '../../src/index.js';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { describeConcurrent, describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { AdoptingHeir, isAlive, kill, killAfterwards } from './heirs.js';

const VARIABLE = 'KERNEL_IDENTITY_HANDED_OVER';
const NONCE = '0123456789abcdef0123456789abcdef';

function newPath(): string {
  return join(tempDir(), 'job.lock');
}

/** An agent that has handed the lock over to a program, which has adopted it. */
async function startAdopted(
  path: string,
  backends: { readonly parent?: 'native' | 'procfs'; readonly heir?: 'native' | 'procfs' } = {},
  lease?: number,
): Promise<{ parent: Agent; heir: AdoptingHeir; pid: number }> {
  const parent = await startAgent(backends.parent === undefined ? {} : { backend: backends.parent });
  await parent.acquire(path, { handOver: true, ...(lease === undefined ? {} : { lease }) });
  const heir = new AdoptingHeir();
  const env = { ...process.env, KERNEL_IDENTITY_BACKEND: backends.heir ?? '' };
  await parent.handOver(path, heir.command, { env });
  const report = await heir.report();
  expect(report).toMatchObject({ adopted: path, owner: parent.pid, verified: true, again: null });
  return { parent, heir, pid: report.pid };
}

for (const parent of TESTED) {
  for (const heirBackend of TESTED) {
    const title = `a lock adopted on the ${heirBackend} backend from the ${parent} one`;
    describeConcurrent([hasBackend(parent), hasBackend(heirBackend), isBuilt()], title, () => {
      const backends = { parent, heir: heirBackend };

      testRequiring([], 'is released by the heir, while its parent lives and when it is dead', async () => {
        for (const dies of [false, true]) {
          const path = newPath();
          const { parent, heir, pid } = await startAdopted(path, backends);
          if (dies) await parent.kill();
          expect(inspectLockSync(path).state).not.toBe('stale');
          process.kill(pid, 'SIGUSR2');
          expect(await heir.report()).toMatchObject({ released: true });
          expect(existsSync(path)).toBe(false);
          const next = await acquireLock(path, { timeout: 0 });
          await kill(pid);
          await sleep(50);
          expect(next.verify()).toBe(true);
          await next.release();
        }
      });

      testRequiring([], 'has its lease kept by the heir when its parent is dead', async () => {
        const path = newPath();
        const { parent, pid } = await startAdopted(path, backends, 1_000);
        await parent.kill();
        const waits = TESTED.map(async (observer) => {
          const other = await startAgent({ backend: observer });
          const waited = other.acquire(path, { timeout: 2_500 });
          await expect(waited, observer).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
        });
        await Promise.all(waits);
        expect(isAlive(pid)).toBe(true);
      });
    });
  }
}

describeRequiring([hasBackend('native'), isBuilt()], 'an adopted lock', () => {
  test('is free at once when the heir is killed', async () => {
    const path = newPath();
    const { parent, pid } = await startAdopted(path);
    await parent.kill();
    await kill(pid);
    expect(inspectLockSync(path)).toMatchObject({ state: 'stale', verdict: { state: 'dead' } });
  });

  test('can be handed over again, and is then held by the last heir alone', async () => {
    const path = newPath();
    const { parent, heir, pid } = await startAdopted(path);
    process.kill(pid, 'SIGHUP');
    const { heir: last } = await heir.report();
    killAfterwards(last as number);
    await parent.kill();
    await kill(pid);
    expect(inspectLockSync(path)).toMatchObject({ state: 'held', owner: { pid: parent.pid } });
    await kill(last as number);
    expect(inspectLockSync(path).state).toBe('stale');
  });

  test('is adopted through a shell between the two', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const heir = new AdoptingHeir();
    const words = heir.command.map((word) => `'${word}'`).join(' ');
    await parent.handOver(path, ['sh', '-c', `${words}; true`]);
    const { pid } = await heir.report();
    process.kill(pid, 'SIGUSR2');
    expect(await heir.report()).toMatchObject({ released: true });
    expect(existsSync(path)).toBe(false);
  });

  test('is lost where its descriptors were not passed on', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const heir = new AdoptingHeir();
    const words = heir.command.map((word) => `'${word}'`).join(' ');
    // Other shells than bash close only descriptors of one digit.
    await parent.handOver(path, ['bash', '-c', `${words} 20>&-; true`]);
    expect(await heir.report()).toMatchObject({
      error: { code: 'ERR_LOCK_LOST', message: expect.stringContaining('descriptor 20') },
    });
    // The shell still has them.
    expect(inspectLockSync(path).state).toBe('held');
  });

  test('is lost where another lock stands in its place', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const heir = new AdoptingHeir();
    const start = join(tempDir(), 'start');
    const words = heir.command.map((word) => `'${word}'`).join(' ');
    await parent.handOver(path, ['sh', '-c', `until test -e '${start}'; do sleep 0.01; done; exec ${words}`]);
    rmSync(path, { recursive: true });
    const successor = await acquireLock(path, { timeout: 2_000 });
    writeFileSync(start, '');
    expect(await heir.report()).toMatchObject({ error: { code: 'ERR_LOCK_LOST' } });
    expect(successor.verify()).toBe(true);
    await successor.release();
  });

  test('is not adopted by the name of another one', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const heir = new AdoptingHeir();
    await parent.handOver(path, ['env', `${VARIABLE}=${NONCE}:${path}`, ...heir.command]);
    expect(await heir.report()).toMatchObject({ error: { code: 'ERR_LOCK_LOST' } });
    expect(inspectLockSync(path).state).toBe('held');
  });

  test('is nothing that the programs started by the heir inherit', async () => {
    const path = newPath();
    const { parent, pid } = await startAdopted(path);
    const flags = execFileSync(
      'cat',
      [20, 21, 22].map((fd) => `/proc/${pid}/fdinfo/${fd}`),
      {
        encoding: 'utf8',
      },
    ).match(/^flags:\s+(\d+)$/gm);
    expect(flags).toHaveLength(3);
    for (const flag of flags ?? []) expect(Number.parseInt(flag.slice(6), 8) & 0o2000000).not.toBe(0);
    await parent.kill();
  });

  test('is no lock that its heir would wait for', async () => {
    const path = newPath();
    const parent = await startAgent();
    await parent.acquire(path, { handOver: true });
    const script = `
      import { acquireLockSync, adoptLock } from '${new URL('../../dist/index.js', import.meta.url)}';
      import { writeFileSync } from 'node:fs';
      const lock = adoptLock();
      let code = 'acquired';
      try { acquireLockSync(lock.path); } catch (error) { code = error.code; }
      lock.releaseSync();
      writeFileSync(process.argv[1], code);`;
    const told = join(tempDir(), 'code');
    await parent.handOver(path, [process.execPath, '--input-type=module', '-e', script, told]);
    const code = await until(
      'it is told',
      () => (existsSync(told) && readFileSync(told, 'utf8')) || undefined,
    );
    expect(code).toBe('EDEADLK');
  });
});

for (const backend of TESTED) {
  describeRequiring([hasBackend('native'), isBuilt()], `adoptLock() on the ${backend} backend`, () => {
    test.each(['<', '<>'])(
      'refuses descriptors that were not inherited from the owner (%s)',
      async (mode) => {
        const path = newPath();
        const owner = await startAgent({ backend: 'native' });
        await owner.acquire(path, { handOver: true });
        const { nonce } = inspectLockSync(path).owner ?? {};
        const heir = new AdoptingHeir();
        const words = heir.command.map((word) => `'${word}'`).join(' ');
        const files = `20${mode}'${path}/owner.json' 21</proc/self/ns/time 22<'${path}'`;
        spawn('bash', ['-c', `exec ${files}; exec ${words}`], {
          stdio: 'ignore',
          env: { ...process.env, [VARIABLE]: `${nonce}:${path}`, KERNEL_IDENTITY_BACKEND: backend },
        });
        expect(await heir.report()).toMatchObject({
          error: { code: 'ERR_LOCK_LOST', message: expect.stringContaining('descriptor 20') },
        });
        expect(await owner.verify(path)).toBe(true);
      },
    );
  });
}

describe('adoptLock()', () => {
  afterEach(() => {
    delete process.env[VARIABLE];
  });

  test('leaves no variable that names the lock to the programs that the heir starts', async () => {
    const lock = await acquireLock(newPath(), { handOver: true });
    const script = `
      const { adoptLock } = await import(process.argv[1]);
      const lock = adoptLock();
      console.log(Object.keys(process.env).filter((name) => /^KERNEL_IDENTITY_(LOCK|HANDED_OVER)$/.test(name)).length);
      await lock.release();`;
    const words = ['--input-type=module', '-e', script, new URL('../../dist/index.js', import.meta.url).href];
    const heir = lock.handOver(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = await once(heir.stdout as NonNullable<typeof heir.stdout>, 'data');
    expect(String(text)).toBe('0\n');
    await once(heir, 'exit');
  });

  test('is null where no lock was handed over', () => {
    expect(adoptLock()).toBeNull();
  });

  test.each(['', 'x', NONCE, `${NONCE}:`, `${NONCE.toUpperCase()}:/tmp/a.lock`, `0${NONCE}:/tmp/a.lock`])(
    'refuses the variable %j',
    (value) => {
      process.env[VARIABLE] = value;
      expect(() => adoptLock()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    },
  );

  test('refuses a lock of others that the variable names', async () => {
    const path = newPath();
    const lock = await acquireLock(path, { handOver: true });
    process.env[VARIABLE] = `${lock.owner.nonce}:${path}`;
    expect(() => adoptLock()).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    expect(lock.verify()).toBe(true);
    await lock.release();
  });

  test('reports a parent directory that is missing', () => {
    process.env[VARIABLE] = `${NONCE}:${tempDir()}/missing/a.lock`;
    expect(() => adoptLock()).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
