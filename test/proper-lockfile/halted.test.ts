// A contender that stands still, for longer than a lock takes to grow old, before any one of its calls; and another that
// takes the lock meanwhile. The original in the place of the first one is the measure of how often two may have one lock
// where nothing but a time says whose it is.
import nodeFs, { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import original from 'proper-lockfile';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { hasBackend } from '../helpers/backends.js';
import { setMonotonicClock } from '../helpers/clock.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { foreignFs, loadEntry, type ProperLockfile } from './entries.js';

type Release = () => void;
type Contender = (file: string) => Release;

/** Milliseconds: the least that both packages allow, and how long somebody stands still. */
const STALE = 2_000;
const HALT = 3 * STALE;
/** Milliseconds by which the time of a file may be late: a tick of the kernel at most. */
const TICK = 10;

let api: ProperLockfile;
let backend: Backend;
/** Milliseconds by which the clocks of this process are ahead. */
let ahead = 0;
/** Called before each call of the contender that stands still, and of no other. */
let before: (() => void) | null = null;

function spiedFs(): object {
  const calls = Object.entries(foreignFs()) as [string, (...args: unknown[]) => unknown][];
  return Object.fromEntries(
    calls.map(([name, call]) => [
      name,
      (...args: unknown[]) => {
        before?.();
        return call(...args);
      },
    ]),
  );
}

/** For the one that stands still, the file system has no RENAME_NOREPLACE. */
let isRefused = false;

/** What makes several system calls at once makes them one by one here, so that somebody can stand still in between. */
function spyOnBackend(): void {
  const { files } = backend;
  vi.spyOn(files, 'createDirectoryAt').mockImplementation((parent, name) => {
    files.mkdirAt(parent, name);
    const descriptor = files.findDirectoryAt(parent, name);
    return descriptor === null ? null : { descriptor, ...files.statDescriptor(descriptor) };
  });
  vi.spyOn(files, 'rmdirIfAt').mockImplementation((parent, name, descriptor) => {
    if (files.isAt(parent, name, descriptor)) files.rmdirAt(parent, name);
  });
  hookFiles(backend, {
    before(operation) {
      before?.();
      if (!isRefused || operation !== 'renameNoReplaceAt') return;
      throw Object.assign(new Error('no'), { errno: -22, code: 'EINVAL', syscall: 'renameat2' });
    },
  });
  const witness = backend.directoryWitness as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of Object.keys(witness)) {
    const call = witness[name] as (...args: unknown[]) => unknown;
    vi.spyOn(witness, name).mockImplementation((...args) => {
      before?.();
      return call(...args);
    });
  }
}

const reclaimed: unknown[] = [];
const options = {
  stale: STALE,
  onCompromised: () => {},
  onReclaimed: (lock: unknown) => reclaimed.push(lock),
};
const HALTING: Readonly<Record<string, Contender>> = {
  kernel: (file) => api.lockSync(file, options),
  'in place': (file) => {
    isRefused = true;
    try {
      return api.lockSync(file, options);
    } finally {
      isRefused = false;
    }
  },
  time: (file) => api.lockSync(file, { ...options, fs: spiedFs() }),
  original: (file) => original.lockSync(file, { ...options, fs: spiedFs() }),
};
const OTHERS: Readonly<Record<string, Contender>> = {
  kernel: (file) => api.lockSync(file, options),
  time: (file) => api.lockSync(file, { ...options, fs: foreignFs() }),
  original: (file) => original.lockSync(file, options),
};

function attempt<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

function leaveOld(path: string): void {
  mkdirSync(path);
  utimesSync(path, new Date(0), new Date(0));
}

/** Tells a directory from one in its place. */
function identityOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return `${found?.ino}:${found?.birthtimeNs}`;
}

interface Scene {
  readonly halting: Contender;
  readonly other: Contender;
  readonly isOld: boolean;
  /** It stands still while it releases the lock. */
  readonly atRelease: boolean;
  /** The other has released the lock again when the first one goes on. */
  readonly isBrief: boolean;
}

/** What became of one scene that was played once for each call, with the numbers of the calls. */
interface Outcome {
  calls: number;
  /** Both have the lock. */
  both: number[];
  /** The lock of the other is gone, or has another in its place. */
  robbed: number[];
  /** Nobody gets the lock, long after both are done. */
  stuck: number[];
}

function play(scene: Scene): Outcome {
  const outcome: Outcome = { calls: 0, both: [], robbed: [], stuck: [] };
  for (let at = 0; playOnce(scene, at, outcome); at += 1) outcome.calls = at + 1;
  return outcome;
}

/** @returns false when there is no such call. */
function playOnce(
  { halting, other, isOld, atRelease, isBrief }: Scene,
  at: number,
  outcome: Outcome,
): boolean {
  const file = join(tempDir(), 'data');
  const path = `${file}.lock`;
  writeFileSync(file, '');
  if (isOld) leaveOld(path);
  ahead = 0;
  let call = 0;
  let others: Release | string = 'not reached';
  let identity = '';
  const standStill = () => {
    if (call++ !== at) return;
    before = null;
    ahead = HALT;
    const wasRefused = isRefused;
    isRefused = false;
    others = attempt(() => other(file));
    isRefused = wasRefused;
    if (typeof others === 'function') {
      if (isBrief) others();
      // For the clocks of the scene it was made just now.
      else utimesSync(path, new Date(Date.now()), new Date(Date.now()));
      identity = identityOf(path);
    }
    before = standStill;
  };
  if (!atRelease) before = standStill;
  const own = attempt(() => halting(file));
  before = standStill;
  if (atRelease && typeof own === 'function') attempt(own);
  before = null;
  if (call <= at) {
    if (!atRelease && typeof own === 'function') attempt(own);
    return false;
  }
  const isHeldByOther = typeof others === 'function' && !isBrief;
  if (isHeldByOther) {
    if (!atRelease && typeof own === 'function') outcome.both.push(at);
    if (identityOf(path) !== identity) outcome.robbed.push(at);
  }
  if (!atRelease && typeof own === 'function') attempt(own);
  if (isHeldByOther) attempt(others as unknown as Release);
  ahead = 3 * HALT;
  const next = attempt(() => other(file));
  if (typeof next !== 'function') outcome.stuck.push(at);
  else next();
  const left = readdirSync(dirname(file));
  if (left.length > 1) throw new Error(`left behind: ${left}`);
  return true;
}

const SITUATIONS = {
  'takes a free lock': { isOld: false, atRelease: false },
  'takes a lock that is old': { isOld: true, atRelease: false },
  'releases its lock': { isOld: false, atRelease: true },
};
type Situation = keyof typeof SITUATIONS;

function outcomeOf(halting: string, other: string, situation: Situation, isBrief = false): Outcome {
  const contenders = { halting: HALTING[halting] as Contender, other: OTHERS[other] as Contender };
  return play({ ...contenders, ...SITUATIONS[situation], isBrief });
}

/** For how many calls both have the lock, and for how many the other one loses it. */
const harm = ({ both, robbed }: Outcome) => [both.length, robbed.length];

/** The time alone decides between them, so a removal cannot be told from one that comes too late. */
const BY_TIME = {
  'takes a free lock': [0, 0],
  'takes a lock that is old': [1, 1],
  'releases its lock': [0, 1],
};

describeRequiring([hasBackend('native')], 'whoever stands still before any one of its calls', () => {
  beforeAll(async () => {
    api = await loadEntry('native');
    backend = (await import('../../src/backend/select.js')).currentBackend();
  });
  beforeEach(() => {
    const { now } = Date;
    const { bigint } = process.hrtime;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
    setMonotonicClock(() => Number(bigint.call(process.hrtime)) / 1e6 + ahead);
    spyOnBackend();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(Object.keys(SITUATIONS) as Situation[])('and %s', (situation) => {
    for (const isBrief of [false, true]) {
      const outcome = outcomeOf('kernel', 'kernel', situation, isBrief);
      expect(outcome).toMatchObject({ both: [], robbed: [], stuck: [] });
      expect(outcome.calls).toBeGreaterThan(5);
    }
    for (const [halting, other] of [
      ['kernel', 'time'],
      ['kernel', 'original'],
      ['in place', 'kernel'],
      ['in place', 'time'],
      ['time', 'kernel'],
      ['time', 'time'],
      ['time', 'original'],
    ] as const) {
      const outcome = outcomeOf(halting, other, situation);
      expect([halting, other, ...harm(outcome)]).toEqual([halting, other, ...BY_TIME[situation]]);
      expect(outcome.stuck).toEqual([]);
      const [both = 0, robbed = 0] = harm(outcomeOf('original', other, situation));
      expect(BY_TIME[situation][0], 'as often as the original').toBeLessThanOrEqual(both);
      expect(BY_TIME[situation][1], 'as often as the original').toBeLessThanOrEqual(robbed);
    }
    expect(outcomeOf('time', 'time', situation, true).stuck).toEqual([]);
  });

  test.each(['kernel', 'in place', 'time'])('has the lock (%s) if nobody took it', (halting) => {
    for (let at = 0, isOver = false; !isOver; at += 1) {
      const file = join(tempDir(), 'data');
      writeFileSync(file, '');
      ahead = 0;
      let call = 0;
      let wentOnAtMs = 0;
      before = () => {
        if (call++ !== at) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * TICK);
        ahead = HALT;
        wentOnAtMs = Date.now() - ahead;
      };
      reclaimed.length = 0;
      const own = attempt(() => (HALTING[halting] as Contender)(file));
      before = null;
      expect(own, `at call ${at}`).toBeTypeOf('function');
      // A directory from before has an old time, for which others may take it.
      const { birthtimeMs } = statSync(`${file}.lock`);
      if (halting === 'kernel') {
        expect(birthtimeMs, `at call ${at}`).toBeGreaterThan(wentOnAtMs - TICK);
        expect(reclaimed, `at call ${at}`).toEqual([]);
      }
      (own as Release)();
      isOver = call <= at;
      if (isOver) expect(at).toBeGreaterThan(2);
    }
  });
});

test('whoever lost the lock by which it removes an abandoned one leaves it to the next', async () => {
  const { lockSync } = await loadEntry('portable');
  const file = join(tempDir(), 'data');
  writeFileSync(file, '');
  leaveOld(`${file}.lock`);
  const guard = `${file}.lock.reclaim`;
  const rmdirSync = (path: string) => {
    nodeFs.rmdirSync(path);
    if (path === guard) return;
    nodeFs.rmdirSync(guard);
    mkdirSync(guard);
  };
  lockSync(file, { ...options, fs: { ...foreignFs(), rmdirSync } })();
  expect(readdirSync(dirname(file)).sort()).toEqual(['data', 'data.lock.reclaim']);
});

test('whoever stood still while it set the time of its lock does not take that of another for its own', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
  try {
    const { lockSync } = await loadEntry('portable');
    // What sets the time makes three calls: it looks, it sets the time, it looks once more.
    for (let at = 0; at < 3; at += 1) {
      const file = join(tempDir(), 'data');
      writeFileSync(file, '');
      const lost: unknown[] = [];
      const release = lockSync(file, {
        ...options,
        fs: spiedFs(),
        onCompromised: (error: Error) => lost.push(error),
      });
      let other: Release | null = null;
      let call = 0;
      before = () => {
        if (call++ !== at) return;
        before = null;
        utimesSync(`${file}.lock`, new Date(0), new Date(0));
        other = lockSync(file, { ...options, fs: foreignFs() });
      };
      await vi.advanceTimersByTimeAsync(3 * STALE);
      expect(lost, `at call ${at}`).toEqual([expect.objectContaining({ code: 'ECOMPROMISED' })]);
      expect(attempt(release)).toBe('ERELEASED');
      (other as unknown as Release)();
    }
  } finally {
    before = null;
    vi.useRealTimers();
  }
});
