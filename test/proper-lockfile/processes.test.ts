// Owners that are killed, stopped or blocked, and contenders of both packages on one path. All scenes go on at once, because
// a lock of proper-lockfile takes at least two seconds to grow old.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import original from 'proper-lockfile';
import { afterAll, beforeAll, expect } from 'vitest';
import { hasBackend, loadBackend } from '../helpers/backends.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { loadEntry, type ProperLockfile } from './entries.js';

const OURS = fileURLToPath(new URL('../../dist/proper-lockfile/index.cjs', import.meta.url));
const THEIRS = createRequire(import.meta.url).resolve('proper-lockfile');
const HOLDER = fileURLToPath(new URL('fixtures/holder.cjs', import.meta.url));
/** The least that both packages allow. */
const STALE = { stale: 2_000 };
/** Longer than that, and than a beat. */
const LONG = 3_200;

type Contender = Pick<typeof original, 'check' | 'lock' | 'lockSync'>;

let directory = '';
let made = 0;
let ours: ProperLockfile;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kernel-identity-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function newFile(): string {
  made += 1;
  const file = join(directory, `data-${made}`);
  writeFileSync(file, '');
  return file;
}

async function hold(module: string, file: string, options: object = STALE, env = {}): Promise<TestProcess> {
  const holder = await startProcess([process.execPath, HOLDER, module, file, JSON.stringify(options)], {
    env,
  });
  expect(await holder.message()).toBe('held');
  return holder;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error) => error.code,
  );

/** Asks again and again, and expects each package to find it held all the time. */
async function expectHeld(
  file: string,
  ms: number,
  packages: readonly Contender[] = [ours, original],
): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    for (const { check, lock } of packages) {
      expect([await check(file, STALE), await codeOf(lock(file, STALE))]).toEqual([true, 'ELOCKED']);
    }
    await sleep(50);
  }
}

/** Tries once and again. @returns after how many milliseconds it got the lock, which it releases. */
async function timeToGet({ lockSync }: Contender, file: string): Promise<number> {
  const started = performance.now();
  const attempt = () => {
    try {
      return lockSync(file, STALE);
    } catch {
      return false;
    }
  };
  const release = await until('it gets the lock', attempt, STALE.stale + 4_000);
  release();
  return performance.now() - started;
}

/** A program that tries once and prints what became of it. */
async function tryElsewhere(
  file: string,
  env: Readonly<Record<string, string>>,
  first = '',
): Promise<string> {
  const code = `${first}; require(${JSON.stringify(OURS)}).lock(${JSON.stringify(file)}, { stale: 2000 })
    .then(() => 'got it', (error) => error.code).then((word) => console.log(JSON.stringify(word)))`;
  const program = await startProcess([process.execPath, '-e', code], { env });
  const word = await program.message<string>();
  await program.exited;
  return word;
}

const PLAIN = { KERNEL_IDENTITY_BACKEND: 'procfs' };
const PORTABLE = { KERNEL_IDENTITY_BACKEND: 'portable' };

const scenes: Readonly<Record<string, () => Promise<void>>> = {
  'an owner that is killed: a waiter has the lock at once, and hears whose it was': async () => {
    const file = newFile();
    const holder = await hold(OURS, file);
    const seen: unknown[] = [];
    const waiting = ours.lock(file, { retries: 5, onReclaimed: (reclaimed) => seen.push(reclaimed) });
    await sleep(50);
    const started = performance.now();
    await holder.kill();
    await (await waiting)();
    // By its time it would be old only after the ten seconds of the default.
    expect(performance.now() - started).toBeLessThan(5_000);
    const owner = { pid: holder.pid, acquiredAtMs: expect.any(Number) };
    expect(seen).toEqual([{ holder: owner, ageMs: expect.any(Number) }]);
  },

  'an owner that is killed: a single try has the lock at once': async () => {
    const file = newFile();
    await (await hold(OURS, file)).kill();
    expect(ours.checkSync(file)).toBe(false);
    ours.lockSync(file)();
  },

  'an owner that is killed: proper-lockfile gets the lock once it is old': async () => {
    const file = newFile();
    await (await hold(OURS, file)).kill();
    expect(await timeToGet(original, file)).toBeGreaterThan(500);
    expect(readdirSync(directory)).not.toContain(`${basename(file)}.lock`);
  },

  'an owner whose event loop is blocked keeps its lock': async () => {
    const file = newFile();
    const holder = await hold(OURS, file);
    holder.send({ block: LONG });
    await expectHeld(file, LONG - 200);
    expect(await holder.message()).toBe('unblocked');
    holder.send({ release: true });
    expect(await holder.message()).toBe('released');
  },

  'an owner that is stopped keeps its lock from all but proper-lockfile': async () => {
    const file = newFile();
    const holder = await hold(OURS, file);
    holder.signal('SIGSTOP');
    await expectHeld(file, LONG, [ours]);
    // Its time is old by now, so that it would be taken if the kernel did not know better.
    expect(Date.now() - statSync(`${file}.lock`).mtimeMs).toBeGreaterThan(STALE.stale);
    // Plain Node sees the lock in the list of all locks.
    expect(await tryElsewhere(file, PLAIN)).toBe('ELOCKED');
    holder.signal('SIGCONT');
    holder.send({ release: true });
    expect(await holder.message()).toBe('released');
  },

  'an owner is safe from a contender whose clock is an hour ahead': async () => {
    const file = newFile();
    const holder = await hold(OURS, file);
    const ahead = 'const { now } = Date; Date.now = () => now() + 3600e3';
    expect(await tryElsewhere(file, {}, ahead)).toBe('ELOCKED');
    holder.send({ release: true });
    expect(await holder.message()).toBe('released');
  },

  'an owner that ends removes its lock': async () => {
    const file = newFile();
    const holder = await hold(OURS, file);
    holder.send({ exit: 7 });
    expect(await holder.exited).toMatchObject({ code: 7 });
    expect(readdirSync(directory)).not.toContain(`${basename(file)}.lock`);
  },

  'a thread that is terminated, or ends itself, has no lock any more': async () => {
    for (const end of ['', 'setImmediate(() => process.exit())']) {
      const file = newFile();
      const code = `require(${JSON.stringify(OURS)}).lockSync(${JSON.stringify(file)});
        require('node:worker_threads').parentPort.postMessage('held'); setInterval(() => {}, 1e6); ${end}`;
      const thread = new Worker(code, { eval: true });
      const ended = once(thread, 'exit');
      await once(thread, 'message');
      if (end === '') {
        expect(ours.checkSync(file)).toBe(true);
        await thread.terminate();
      }
      await ended;
      ours.lockSync(file)();
    }
  },

  'a lock of proper-lockfile is never taken from a live owner of the same threshold': async () => {
    const file = newFile();
    const holder = await hold(THEIRS, file);
    await expectHeld(file, LONG, [ours]);
    expect(await tryElsewhere(file, PLAIN)).toBe('ELOCKED');
    holder.send({ release: true });
    expect(await holder.message()).toBe('released');
  },

  'a lock of proper-lockfile whose owner was killed is taken once it is old': async () => {
    const file = newFile();
    await (await hold(THEIRS, file)).kill();
    expect(await timeToGet(ours, file)).toBeLessThan(STALE.stale + 1_000);
  },

  'plain Node: a lock whose owner was killed is taken once it is old': async () => {
    const file = newFile();
    const holder = await hold(OURS, file, STALE, PORTABLE);
    expect(await tryElsewhere(file, PLAIN)).toBe('ELOCKED');
    await holder.kill();
    expect(await timeToGet(ours, file)).toBeLessThan(STALE.stale + 1_000);
  },

  'the rest of the package sees such a lock as held': async () => {
    const { inspectLockSync, tryAcquireLockSync } = await import('../../src/index.js');
    const file = newFile();
    const holder = await hold(OURS, file);
    holder.signal('SIGSTOP');
    const old = new Date(Date.now() - 3_600_000);
    utimesSync(`${file}.lock`, old, old);
    expect(inspectLockSync(`${file}.lock`).state).toBe('held');
    expect(tryAcquireLockSync(`${file}.lock`)).toBeNull();
    holder.signal('SIGCONT');
    holder.send({ release: true });
    expect(await holder.message()).toBe('released');
  },

  'the record of another directory says nothing': async () => {
    const file = newFile();
    const holder = await hold(OURS, file);
    const copy = newFile();
    // As cp -a does.
    spawnSync('cp', ['-a', `${file}.lock`, `${copy}.lock`]);
    await holder.kill();
    expect(ours.checkSync(file)).toBe(false);
    expect([ours.checkSync(copy), await codeOf(ours.lock(copy))]).toEqual([true, 'ELOCKED']);
    expect(readRecord(`${copy}.lock`)).toBe(readRecord(`${file}.lock`));
  },
};

function readRecord(path: string): string | null {
  const { files, directoryWitness } = loadBackend('native');
  const parent = files.openParent(join(path, '..'));
  const found = files.findDirectoryAt(parent, basename(path)) as number;
  try {
    return directoryWitness?.readRecord(found) ?? null;
  } finally {
    files.close(found);
    files.close(parent);
  }
}

testRequiring([isBuilt(), hasBackend('native')], 'owners and contenders of both packages', async () => {
  ours = await loadEntry('native');
  // A process that a scene starts belongs to the test that runs, so there is one test.
  const outcomes = await Promise.allSettled(Object.values(scenes).map((scene) => scene()));
  const failures = Object.keys(scenes).flatMap((name, index) => {
    const outcome = outcomes[index];
    return outcome?.status === 'rejected' ? [`${name}: ${outcome.reason.stack}`] : [];
  });
  expect(failures.join('\n\n')).toBe('');
});
