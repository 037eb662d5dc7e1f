import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { Verdict } from '../../src/judge/verdict.js';
import { type Agent, startAgent } from '../helpers/agent.js';
import { TESTED, type TestedName } from '../helpers/backends.js';
import { type Box, openBox } from '../helpers/box.js';
import { writeLock, writeLockOf, writeOldLock } from '../helpers/crafted.js';
import { fixture } from '../helpers/processes.js';
import { canShiftTime, hasProgram, isRoot, type Requirement } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import {
  expectNotStolen,
  expectReclaimed,
  hasPidfdInodes,
  inWords,
  lockPath,
  trap,
  trapForEachCast,
  verdictOf,
} from './scene.js';

/** What test/fixtures/twins-judged.mjs prints; null when it found no such pair. */
interface Twins {
  readonly first: ProcessIdentity;
  readonly second: ProcessIdentity;
  readonly inspected: Verdict;
  readonly byTicksOnly: Verdict;
}

describe('equal pid and ticks within one tick', () => {
  const verdicts = {
    native: 'dead: pid-reused',
    // A wrong "alive" waits; a wrong "dead" would steal.
    procfs: 'alive: process-running',
  };
  for (const backend of TESTED) {
    const pidfds: Requirement[] = backend === 'native' ? [hasPidfdInodes()] : [];
    const what = backend === 'native' ? 'the pidfd inode tells them apart' : 'plain Node errs towards alive';
    trap(
      `equal pid and ticks within one tick: ${what}`,
      async () => {
        const box = await openBox();
        const env = { KERNEL_IDENTITY_BACKEND: backend };
        const script = await box.node('twins-judged.mjs', ['20000', lockPath()], { env });
        const twins = (await script.message<Twins | null>()) as Twins;
        expect(twins.first).toMatchObject({ pid: 20_000, startTicks: twins.second.startTicks });
        expect(inWords(twins.inspected)).toBe(verdicts[backend]);
        expect(inWords(twins.byTicksOnly)).toBe('alive: process-running');
      },
      pidfds,
    );
  }
});

interface Shift {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * Nanoseconds that are no whole tick leave one tick open. Negative shifts count their nanoseconds upwards.
 */
const SHIFTS: readonly Shift[] = [
  { seconds: 100_000, nanoseconds: 0 },
  { seconds: 100_000, nanoseconds: 123_456_789 },
  { seconds: -3, nanoseconds: 500_000_000 },
  { seconds: -3, nanoseconds: 1 },
];

const AHEAD = SHIFTS[1] as Shift;
const BEHIND = SHIFTS[3] as Shift;

const shiftable = [canShiftTime(), hasProgram('perl')];

describe('shifted time namespace', () => {
  trapForEachCast(
    'shifted time namespace, judged from outside by ticks: alive, and dead once reused',
    async ({ owner, observer }) => {
      const box = await openBox();
      const watcher = await startAgent({ box, backend: observer });
      await Promise.all(
        SHIFTS.map(async (shift) => {
          const shifted = await startShifted(box, owner, shift);
          await expectJudgedByTicks(shifted, watcher, shift);
        }),
      );
    },
    shiftable,
  );

  trapForEachCast(
    'shifted time namespace, judged from inside by ticks: alive, and dead once reused',
    async ({ owner, observer }) => {
      const box = await openBox();
      const plain = await startAgent({ box, backend: owner });
      for (const shift of SHIFTS) {
        await expectJudgedByTicks(plain, await startShifted(box, observer, shift), shift);
      }
    },
    shiftable,
  );

  trapForEachCast(
    'shifted time namespace, judged from another shifted one by ticks: alive, and dead once reused',
    async ({ owner, observer }) => {
      const box = await openBox();
      for (const [ofOwner, ofWatcher] of [
        [AHEAD, BEHIND],
        [BEHIND, AHEAD],
      ] as const) {
        const watcher = await startShifted(box, observer, ofWatcher);
        const shifted = await startShifted(box, owner, ofOwner);
        await expectJudgedByTicks(shifted, watcher, ofOwner);
      }
    },
    shiftable,
  );

  trapForEachCast(
    'shifted time namespace of a whole box, judged from the host by ticks: alive',
    async ({ owner, observer }) => {
      const onHost = await startAgent({ backend: observer });
      for (const shift of [AHEAD, BEHIND]) {
        const inBox = await startAgent({ box: await openBox({ bootOffset: shift }), backend: owner });
        const identity = { ...(await inBox.self()), pidfdInode: null, lifeline: null };
        expect(inWords(await onHost.judge(identity))).toBe('alive: process-running');
      }
    },
    shiftable,
  );

  for (const backend of TESTED) {
    trap(
      `shifted time namespace that began after the owner's birth: never dead (${backend} observer)`,
      async () => {
        const path = lockPath();
        const box = await openBox();
        const owner = await startAgent({ box, backend: 'procfs' });
        await owner.acquire(path);
        // The owner was born before a clock that starts anew, so its birth lies below zero, which the kernel
        // prints as a huge number.
        const bornS = Math.ceil(uptime());
        await until('a second has begun since', () => uptime() > bornS + 0.1);
        const watcher = await startShifted(box, backend, { seconds: -bornS, nanoseconds: 0 });
        expect(await verdictOf(watcher, path)).toBe('unknown: process-hidden');
        await expectNotStolen(watcher, path);
        await owner.kill();
        expect(await verdictOf(watcher, path)).toBe('dead: no-such-process');
        await expectReclaimed(watcher, path);
      },
      shiftable,
    );

    trap(
      `shifted time namespace, record of an older program: never dead (${backend} observer)`,
      async () => {
        const box = await openBox();
        const owner = await startAgent({ box, backend });
        const starttime = Number((await owner.self()).startTicks);
        for (const shift of SHIFTS) {
          const path = lockPath();
          const watcher = await startShifted(box, backend, shift);
          writeLock(path, { pid: owner.pid, starttime, createdAtMs: Date.now() });
          expect(await verdictOf(watcher, path)).toBe('alive: legacy-start-matches');
          writeLock(path, { pid: owner.pid, createdAtMs: Date.now() });
          expect(await verdictOf(watcher, path)).toBe('alive: legacy-born-before-record');
        }
      },
      shiftable,
    );

    trap(
      `record of an older program in a third time namespace: never dead (${backend} observer)`,
      async () => {
        const box = await openBox();
        const observers = [
          await startAgent({ box, backend }),
          await startShifted(box, backend, { seconds: 5000, nanoseconds: 2 }),
        ];
        for (const shift of SHIFTS) {
          const { pid, starttime } = await writerIn(box, shift);
          for (const observer of observers) {
            const path = lockPath();
            writeLock(path, { pid, starttime, createdAtMs: Date.now() });
            expect(await verdictOf(observer, path), JSON.stringify(shift)).toBe(
              'alive: legacy-start-matches',
            );
            await expectNotStolen(observer, path);
            writeLock(path, { pid, starttime: starttime + 100, createdAtMs: Date.now() });
            expect(await verdictOf(observer, path), JSON.stringify(shift)).not.toMatch(/^dead/);
          }
        }
      },
      shiftable,
    );

    trap(`record of an older program, whose time namespace may not be read: judged by birth (${backend} observer)`, async () => {
      const box = await openBox();
      const { pid, starttime } = await writerIn(box, AHEAD);
      const observer = await startAgent({ box, backend, uid: 65_534 });
      for (const recorded of [starttime, starttime + 100]) {
        const path = lockPath();
        writeLock(path, { pid, starttime: recorded, createdAtMs: Date.now() });
        expect(await verdictOf(observer, path)).toBe('alive: legacy-born-before-record');
        const anHourAgo = Date.now() - 3_600_000;
        writeOldLock(path, { pid, starttime: recorded, createdAtMs: anHourAgo }, anHourAgo);
        expect(await verdictOf(observer, path)).toBe('dead: legacy-born-after-record');
      }
    }, [...shiftable, isRoot()]);
  }
});

/** Starts a process in a time namespace of its own, and returns its PID and its start ticks as it reads them itself. */
async function writerIn(box: Box, shift: Shift): Promise<{ pid: number; starttime: number }> {
  const writer = await startShifted(box, 'procfs', shift);
  const { value } = await writer.acquire(lockPath());
  return { pid: writer.pid, starttime: value.starttime as number };
}

/** Starts an agent in the box, but in its own time namespace. */
function startShifted(box: Box, backend: TestedName, { seconds, nanoseconds }: Shift): Promise<Agent> {
  const through = ['perl', fixture('unshare-time.pl'), String(seconds), String(nanoseconds)];
  return startAgent({ box, backend, through });
}

/** The owner and the observer are in one PID namespace, and their clocks differ. */
async function expectJudgedByTicks(owner: Agent, observer: Agent, shift: Shift): Promise<void> {
  const path = lockPath();
  const identity = { ...(await owner.self()), pidfdInode: null };
  const starttime = Number(identity.startTicks);
  writeLockOf(path, identity);
  expect(await verdictOf(observer, path), JSON.stringify(shift)).toBe('alive: process-running');
  await expectNotStolen(observer, path);
  // These are identities of another process with that number, born a second earlier or later.
  for (const ticks of [starttime - 100, starttime + 100]) {
    const reused = { ...identity, startTicks: String(ticks) };
    expect(inWords(await observer.judge(reused)), JSON.stringify(shift)).toBe('dead: pid-reused');
  }
}

/** Seconds since boot. */
function uptime(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
}
