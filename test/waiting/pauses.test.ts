import { rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { probeIdentity } from '../../src/identity/read.js';
import type { WaitReport } from '../../src/lock/events.js';
import { Lock } from '../../src/lock/lock.js';
import type { AcquireOptions } from '../../src/lock/options.js';
import type { LockView } from '../../src/lock/protocol/view.js';
import { Acquisition } from '../../src/lock/waiting/acquisition.js';
import type { ChangeWatch } from '../../src/lock/waiting/change-watch.js';
import { setMonotonicClock } from '../helpers/clock.js';
import { editOwner, writeLock, writeLockOf } from '../helpers/crafted.js';
import { startProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';

// These tests wait without taking time: the acquisition says how long it wants to pause, and the test sets
// the clocks.

const NOW = Date.now();
let elapsed = 0;

beforeEach(() => {
  elapsed = 0;
  setMonotonicClock(() => 5_000_000 + elapsed);
  vi.spyOn(Date, 'now').mockImplementation(() => NOW + elapsed);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes a lock held by a process that provably lives, recorded `age` ms ago. */
async function heldLock(age = 0): Promise<string> {
  const path = join(tempDir(), 'install.lock');
  const { pid } = await startProcess(['cat']);
  writeLockOf(path, probeIdentity(pid) as ProcessIdentity, { createdAtMs: NOW - age });
  return path;
}

/** Neither of the two ever reports a change. */
const COMPLETE: ChangeWatch = { complete: true, close() {} };
const INCOMPLETE: ChangeWatch = { complete: false, close() {} };

/** Lets `ms` pass in pauses as long as the acquisition asks for. Returns the pauses. */
function wait(
  path: string,
  ms: number,
  options: AcquireOptions = {},
  watch: ChangeWatch | null = COMPLETE,
): number[] {
  const acquisition = new Acquisition(path, options, () => watch);
  const pauses: number[] = [];
  const steps = acquisition.steps();
  try {
    while (elapsed < ms) {
      const step = steps.next(null);
      if (step.done === true) throw new Error('it has the lock');
      pauses.push(step.value.ms);
      // Timers are late rather than early.
      elapsed += step.value.ms + 0.3;
    }
    return pauses;
  } finally {
    acquisition.close();
  }
}

/** Collects the reports of such a wait. */
function reportsOf(path: string, ms: number, options: AcquireOptions = {}, watch = COMPLETE): WaitReport[] {
  const reports: WaitReport[] = [];
  wait(path, ms, { onWait: (report) => void reports.push(report), ...options }, watch);
  return reports;
}

describe('a waiter', () => {
  test('reports at the beginning, and then every 10 s', async () => {
    const reports = reportsOf(await heldLock(), 35_000);
    expect(reports.map(({ waited }) => Math.round(waited / 100) / 10)).toEqual([0, 10, 20, 30]);
  });

  test('reports an overdue owner when it becomes overdue', async () => {
    const reports = reportsOf(await heldLock(1000), 9000, { expectedHold: 5000 });
    expect(reports.map(({ overdue }) => overdue)).toEqual([false, true]);
    expect(reports[1]?.ownerAge).toBeGreaterThan(5000);
    expect(reports[1]?.ownerAge).toBeLessThan(5010);
  });

  test('reports an owner that is overdue from the beginning once', async () => {
    const reports = reportsOf(await heldLock(60_000), 9000, { expectedHold: 5000 });
    expect(reports.map(({ overdue }) => overdue)).toEqual([true]);
  });

  test('does not report again because its description counts milliseconds', () => {
    const path = join(tempDir(), 'install.lock');
    writeLock(path, '');
    const reports = reportsOf(path, 2000, { ownerlessGrace: 60_000 }, INCOMPLETE);
    expect(reports).toHaveLength(1);
  });

  test('sleeps until it is woken: it looks by itself five times a minute at most', async () => {
    const pauses = wait(await heldLock(), 600_000);
    expect(pauses.length).toBeGreaterThan(30);
    expect(pauses.length).toBeLessThanOrEqual(50);
  });

  test('wakes up to report as well, if there is an onWait', async () => {
    const pauses = wait(await heldLock(), 600_000, { onWait: () => {} });
    expect(pauses.length).toBeGreaterThanOrEqual(60);
    expect(pauses.length).toBeLessThanOrEqual(110);
  });

  test('looks ten times a second where nothing wakes it, and not in step with others', async () => {
    const path = await heldLock();
    for (const watch of [null, INCOMPLETE]) {
      elapsed = 0;
      const pauses = wait(path, 20_000, {}, watch);
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(79);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(121);
      expect(new Set(pauses.map((ms) => Math.round(ms))).size).toBeGreaterThan(10);
    }
  });

  test('that was woken for nothing looks again soon, and later: the change that woke it may go on', async () => {
    const acquisition = new Acquisition(await heldLock(), {}, () => COMPLETE);
    const steps = acquisition.steps();
    const pause = () => (steps.next(null).value as { ms: number }).ms;
    elapsed += pause() / 3;
    for (const limit of [3, 20, 120]) {
      const soon = pause();
      expect(soon).toBeLessThanOrEqual(limit);
      expect(soon).toBeGreaterThan(limit / 3);
      elapsed += soon;
    }
    expect(pause()).toBeGreaterThan(10_000);
    acquisition.close();
  });

  test('that comes between two steps of a release has the lock a few milliseconds after the last', async () => {
    const path = await heldLock();
    const watchOf = (view: LockView) => (view.record === null ? INCOMPLETE : COMPLETE);
    const acquisition = new Acquisition(path, { ownerlessGrace: 60_000 }, watchOf);
    const steps = acquisition.steps();
    elapsed += (steps.next(null).value as { ms: number }).ms / 3;
    // The removal of a directory that another process has open raises no inotify event.
    rmSync(join(path, 'owner.json'));
    const { ms } = steps.next(null).value as { ms: number };
    expect(ms).toBeLessThanOrEqual(3);
    rmdirSync(path);
    elapsed += ms;
    const last = steps.next(null);
    if (last.done !== true) throw new Error('it still waits');
    acquisition.close();
    new Lock(last.value).releaseSync();
  });

  test('whose holder changes at every look looks again soon: it cannot know what its watch has missed', async () => {
    const path = await heldLock();
    let holders = 0;
    const acquisition = new Acquisition(path, {}, () => {
      holders += 1;
      editOwner(path, (owner) => ({ ...owner, nonce: String(holders).padStart(32, '0') }));
      return COMPLETE;
    });
    const steps = acquisition.steps();
    for (let pauses = 0; pauses < 3; pauses += 1) {
      const before = holders;
      const { ms } = steps.next(null).value as { ms: number };
      expect(ms).toBeLessThanOrEqual(120);
      expect(holders - before).toBeGreaterThan(1);
      expect(holders - before).toBeLessThan(20);
      elapsed += ms;
    }
    acquisition.close();
  });

  test('never sleeps beyond its timeout', async () => {
    const path = await heldLock();
    for (const watch of [COMPLETE, null]) {
      elapsed = 0;
      let pauses = 0;
      const acquisition = new Acquisition(path, { timeout: 1234 }, () => watch);
      const steps = acquisition.steps();
      const run = () => {
        for (;;) {
          const step = steps.next(null);
          if (step.done === true) throw new Error('it has the lock');
          pauses += step.value.ms;
          elapsed += step.value.ms;
        }
      };
      expect(run).toThrow(expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' }));
      expect(pauses).toBeCloseTo(1234, 5);
      acquisition.close();
    }
  });
});
