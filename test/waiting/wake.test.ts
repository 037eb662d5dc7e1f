import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Agent, type AgentOptions, startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { writeLock } from '../helpers/crafted.js';
import { startProcess } from '../helpers/processes.js';
import {
  canIsolate,
  describeRequiring,
  isBuilt,
  isolationTest,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { sleepsOf, watchesOf } from './process-state.js';

// A waiter that hears of everything looks again by itself only after 15 s. If it has the lock within this
// time, it was woken or it polled; the number of its sleeps while nothing happens shows which.
const WOKEN_MS = 3000;
/** Long enough for a waiter to have fallen asleep. */
const ASLEEP_MS = 150;
/** A waiter that polls looks at least five times within this time. */
const UNDISTURBED_MS = 650;
const MOST_SLEEPS = 4;

const CALLS = ['acquire', 'acquireSync'] as const;

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

/**
 * Lets the waiter fall asleep and checks that it stays asleep, then frees the lock. @returns ms from then
 * until the waiter has it.
 */
async function timeWaking(
  waiter: Agent,
  call: (typeof CALLS)[number],
  path: string,
  free: () => unknown,
  isPolling = false,
): Promise<number> {
  const waiting = waiter[call](path, { timeout: 9000 });
  await sleep(ASLEEP_MS);
  const before = sleepsOf(waiter.hostPid);
  await sleep(UNDISTURBED_MS);
  const sleeps = sleepsOf(waiter.hostPid) - before;
  if (isPolling) expect(sleeps).toBeGreaterThan(MOST_SLEEPS);
  else expect(sleeps).toBeLessThanOrEqual(MOST_SLEEPS);
  const freed = performance.now();
  await free();
  await waiting;
  const took = performance.now() - freed;
  expect(await waiter.verify(path)).toBe(true);
  expect(readdirSync(dirname(path))).toEqual(['install.lock']);
  return took;
}

describeRequiring([isBuilt(), hasBackend('native')], 'a waiter is woken', () => {
  for (const call of CALLS) {
    for (const owner of ['native', 'procfs'] as const) {
      testRequiring([], `by a release (${call}, ${owner} owner)`, async () => {
        const path = newPath();
        const [holder, waiter] = await startTwo({ backend: owner }, {});
        await holder.acquire(path);
        expect(await timeWaking(waiter, call, path, () => holder.release(path))).toBeLessThan(WOKEN_MS);
      });

      testRequiring([], `by SIGKILL of the owner (${call}, ${owner} owner)`, async () => {
        const path = newPath();
        const [holder, waiter] = await startTwo({ backend: owner }, {});
        await holder.acquire(path);
        expect(await timeWaking(waiter, call, path, () => holder.kill())).toBeLessThan(WOKEN_MS);
      });
    }

    isolationTest(`by SIGKILL of the owner in a sibling PID namespace (${call})`, async () => {
      const path = newPath();
      const [ownerBox, waiterBox] = await Promise.all([openBox(), openBox()]);
      const [holder, waiter] = await startTwo({ box: ownerBox }, { box: waiterBox });
      await holder.acquire(path);
      expect(await timeWaking(waiter, call, path, () => holder.kill())).toBeLessThan(WOKEN_MS);
    });

    isolationTest(`by the end of the container of its owner (${call})`, async () => {
      const path = newPath();
      const [ownerBox, waiterBox] = await Promise.all([openBox(), openBox()]);
      const [holder, waiter] = await startTwo({ box: ownerBox }, { box: waiterBox });
      await holder.acquire(path);
      expect(await timeWaking(waiter, call, path, () => ownerBox.kill())).toBeLessThan(WOKEN_MS);
    });

    isolationTest(`by a release in a sibling PID namespace (${call})`, async () => {
      const path = newPath();
      const [ownerBox, waiterBox] = await Promise.all([openBox(), openBox()]);
      const [holder, waiter] = await startTwo({ box: ownerBox }, { box: waiterBox });
      await holder.acquire(path);
      expect(await timeWaking(waiter, call, path, () => holder.release(path))).toBeLessThan(WOKEN_MS);
    });

    testRequiring([], `by an older program that deletes its lock recursively (${call})`, async () => {
      const path = newPath();
      const [older, waiter] = await Promise.all([startProcess(['cat']), startAgent({})]);
      writeLock(path, { pid: older.pid, createdAtMs: Date.now() });
      const free = () => rmSync(path, { recursive: true });
      expect(await timeWaking(waiter, call, path, free)).toBeLessThan(WOKEN_MS);
    });

    testRequiring([], `by SIGKILL of an older program, which has no file open (${call})`, async () => {
      const path = newPath();
      const [older, waiter] = await Promise.all([startProcess(['cat']), startAgent({})]);
      writeLock(path, { pid: older.pid, createdAtMs: Date.now() });
      expect(await timeWaking(waiter, call, path, () => older.kill())).toBeLessThan(WOKEN_MS);
    });

    testRequiring([], `by SIGKILL of the second of two that wrote one owner.json (${call})`, async () => {
      const path = newPath();
      const [first, second, waiter] = await Promise.all([
        startProcess(['cat']),
        startProcess(['cat']),
        startAgent({}),
      ]);
      writeLock(path, { pid: first.pid, createdAtMs: Date.now() });
      const waiting = waiter[call](path, { timeout: 9000 });
      await sleep(2 * ASLEEP_MS);
      writeLock(path, { pid: second.pid, createdAtMs: Date.now() });
      await sleep(2 * ASLEEP_MS);
      const killed = performance.now();
      await second.kill();
      await waiting;
      expect(performance.now() - killed).toBeLessThan(WOKEN_MS);
    });

    testRequiring(
      [],
      `when a directory got an owner while it waited, and that one let go (${call})`,
      async () => {
        const path = newPath();
        const [older, waiter] = await Promise.all([startProcess(['cat']), startAgent({})]);
        const file = writeLock(path, '');
        rmSync(file);
        const waiting = waiter[call](path, { timeout: 9000 });
        await sleep(ASLEEP_MS);
        writeLock(path, { pid: older.pid, createdAtMs: Date.now() });
        await sleep(2 * ASLEEP_MS);
        const freed = performance.now();
        rmSync(path, { recursive: true });
        await waiting;
        expect(performance.now() - freed).toBeLessThan(WOKEN_MS);
        expect(await waiter.verify(path)).toBe(true);
      },
    );

    testRequiring(
      [],
      `when another takes the lock before it, and again when that one lets go (${call})`,
      async () => {
        const path = newPath();
        const [first, waiter] = await startTwo({}, {});
        const second = await startAgent({});
        await first.acquire(path);
        const waiting = waiter[call](path, { timeout: 9000 });
        await sleep(ASLEEP_MS);
        // If the waiter is faster, it takes its turn now, and the second one comes later.
        await first.release(path);
        const stolen = await second.tryAcquire(path);
        await sleep(ASLEEP_MS);
        if (stolen !== null) await second.release(path);
        await waiting;
        expect(await waiter.verify(path)).toBe(true);
      },
    );

    testRequiring([], `by nothing, and yet takes a directory that gets no owner (${call})`, async () => {
      const path = newPath();
      const waiter = await startAgent({});
      rmSync(writeLock(path, ''));
      const { wallMs } = await waiter[call](path, { ownerlessGrace: 800, timeout: 9000 });
      expect(wallMs).toBeGreaterThan(500);
      expect(wallMs).toBeLessThan(WOKEN_MS);
      expect(await waiter.verify(path)).toBe(true);
    });

    testRequiring([], `and fails with ENOENT when the parent directory is gone (${call})`, async () => {
      const path = newPath();
      const [holder, waiter] = await startTwo({}, {});
      await holder.acquire(path);
      const waiting = waiter[call](path, { timeout: 9000 });
      const failed = expect(waiting).rejects.toMatchObject({ code: 'ENOENT', path });
      await sleep(ASLEEP_MS);
      const deleted = performance.now();
      rmSync(dirname(path), { recursive: true });
      await failed;
      expect(performance.now() - deleted).toBeLessThan(WOKEN_MS);
      expect(existsSync(dirname(path))).toBe(false);
    });
  }
});

// A user namespace has its own limits (user_namespaces(7)), so inotify on the rest of the machine is not
// affected.
const WITHOUT = {
  'inotify instances': 'max_inotify_instances',
  'inotify watches': 'max_inotify_watches',
};

describeRequiring(
  [isBuilt(), hasBackend('native'), canIsolate()],
  'a waiter that gets no more inotify',
  () => {
    for (const [what, limit] of Object.entries(WITHOUT)) {
      const through = ['unshare', '--user', '--map-root-user', 'sh', '-c'];
      const command = [...through, `echo 0 >/proc/sys/user/${limit} && exec "$@"`, 'sh'];

      for (const call of CALLS) {
        testRequiring([], `(${what}) polls instead (${call})`, async () => {
          const path = newPath();
          const [holder, waiter] = await startTwo({}, { through: command });
          await holder.acquire(path);
          const waiting = waiter[call](path, { timeout: 9000 });
          await sleep(2 * ASLEEP_MS);
          expect(watchesOf(waiter.hostPid)).toBe(0);
          await holder.release(path);
          const { value } = await waiting;
          expect(value.pid).toBe(waiter.pid);
          await waiter.release(path);

          await holder.acquire(path);
          const kill = () => holder.kill();
          expect(await timeWaking(waiter, call, path, kill, true)).toBeLessThan(WOKEN_MS);
        });
      }
    }

    testRequiring([], 'while others do get it: the limits are real', async () => {
      const path = newPath();
      const [holder, waiter] = await startTwo({}, {});
      await holder.acquire(path);
      const waiting = waiter.acquire(path, { timeout: 9000 });
      await until('it watches', () => watchesOf(waiter.hostPid) > 0);
      await holder.release(path);
      await waiting;
    });
  },
);

async function startTwo(one: AgentOptions, other: AgentOptions): Promise<[Agent, Agent]> {
  return Promise.all([startAgent(one), startAgent(other)]);
}
