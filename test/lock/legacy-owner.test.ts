import { existsSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { writeLock, writeOldLock } from '../helpers/crafted.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

const HOUR = 3_600_000;

interface Writer {
  readonly pid: number;
  /** The start ticks of the process. */
  readonly starttime: number;
}

/** The three records that OpenClaw has used over time, each made for a writer and a time of writing. */
const RECORDS: Record<string, (writer: Writer, ms: number) => object> = {
  '{ pid, createdAtMs }': ({ pid }, ms) => ({ pid, createdAtMs: ms }),
  '{ pid, startedAt }': ({ pid }, ms) => ({ pid, startedAt: new Date(ms).toISOString() }),
  '{ pid, starttime, createdAtMs }': (writer, ms) => ({ ...writer, createdAtMs: ms }),
};

describeForEachBackend(`an older program's lock`, (api) => {
  function newPath(): string {
    return join(tempDir(), 'install.lock');
  }

  /** Writes the lock as it was at that time: the file is then as old as the record in it. */
  function expectHeld(path: string, state: 'held' | 'unknown', reason: string): void {
    const before = snapshot(dirname(path));
    expect(api.inspectLockSync(path)).toMatchObject({
      format: 'openclaw-directory',
      state,
      verdict: { certainty: 'assumed', reason },
    });
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false, state });
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(snapshot(dirname(path))).toEqual(before);
  }

  function expectStale(path: string, reason: string): void {
    expect(api.inspectLockSync(path)).toMatchObject({
      format: 'openclaw-directory',
      state: 'stale',
      verdict: { state: 'dead', certainty: 'assumed', reason },
    });
    const lock = api.acquireLockSync(path, { timeout: 0 });
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  }

  function startTicksOf(pid: number): number {
    return Number(api.probeIdentity(pid)?.startTicks);
  }

  test('that this very process wrote before its clock was set forward is not taken', () => {
    const path = newPath();
    writeLock(path, { pid: process.pid, createdAtMs: Date.now() });
    const real = Date.now.bind(Date);
    const later = vi.spyOn(Date, 'now').mockImplementation(() => real() + HOUR);
    onCleanup(() => later.mockRestore());
    expectHeld(path, 'unknown', 'legacy-time-unclear');
  });

  async function startWriter(): Promise<{ process: TestProcess; writer: Writer }> {
    const process = await startProcess(['cat']);
    // The birth times of /proc have a resolution of 10 ms, and the record must be later than the birth.
    await sleep(30);
    return { process, writer: { pid: process.pid, starttime: startTicksOf(process.pid) } };
  }

  for (const [fields, recordOf] of Object.entries(RECORDS)) {
    const hasStart = fields.includes('starttime');

    test(`${fields} of a live owner is held`, async () => {
      const path = newPath();
      const { writer } = await startWriter();
      writeLock(path, recordOf(writer, Date.now()));
      expectHeld(path, 'held', hasStart ? 'legacy-start-matches' : 'legacy-born-before-record');
    });

    test(`${fields} of an owner that is gone is free`, async () => {
      const path = newPath();
      const { process: owner, writer } = await startWriter();
      writeLock(path, recordOf(writer, Date.now()));
      await owner.kill();
      expectStale(path, 'legacy-no-such-process');
    });

    test(`${fields} with the own pid, written before this process was born, is free`, () => {
      const path = newPath();
      const bornMs = Date.now() - process.uptime() * 1000;
      const writer = { pid: process.pid, starttime: startTicksOf(process.pid) - 500 };
      writeOldLock(path, recordOf(writer, bornMs - 5000), bornMs - 5000);
      expectStale(path, 'legacy-own-pid-reused');
    });

    test(`${fields} with a pid that another process has by now is free`, async () => {
      const path = newPath();
      const { writer } = await startWriter();
      const former = { ...writer, starttime: writer.starttime - 100 };
      const longAgo = Date.now() - HOUR;
      writeOldLock(path, recordOf(former, longAgo), longAgo);
      expectStale(path, 'legacy-born-after-record');
    });

    test(`${fields} that can be reclaimed is reclaimed once`, async () => {
      const path = newPath();
      const { process: owner, writer } = await startWriter();
      writeLock(path, recordOf(writer, Date.now()));
      await owner.kill();
      expect(api.reclaimLockSync(path)).toMatchObject({
        reclaimed: true,
        state: 'free',
        owner: { pid: writer.pid },
      });
      expect(await api.reclaimLock(path)).toMatchObject({ reclaimed: false, state: 'free', owner: null });
      expect(existsSync(path)).toBe(false);
    });

    test(`${fields} is never judged with legacy: 'unknown'`, async () => {
      const path = newPath();
      const { process: owner, writer } = await startWriter();
      writeLock(path, recordOf(writer, Date.now()));
      await owner.kill();
      const options = { legacy: 'unknown' } as const;
      expect(api.inspectLockSync(path, options)).toMatchObject({
        state: 'unknown',
        verdict: { reason: 'legacy-not-assumed' },
      });
      expect(api.tryAcquireLockSync(path, options)).toBeNull();
      expect(api.reclaimLockSync(path, options).reclaimed).toBe(false);
    });
  }

  test('written a little before another process was born is unknown: the clock may have been set', async () => {
    const path = newPath();
    const { writer } = await startWriter();
    const createdAtMs = Date.now() - 20_000;
    writeOldLock(path, { pid: writer.pid, createdAtMs }, createdAtMs);
    expectHeld(path, 'unknown', 'legacy-time-unclear');
    expect(api.inspectLockSync(path, { clockSlack: 1000 }).state).toBe('stale');
  });

  test('written by a clock that was never set is unknown', async () => {
    const path = newPath();
    const { writer } = await startWriter();
    writeOldLock(path, { pid: writer.pid, createdAtMs: 86_400_000 }, 86_400_000);
    expectHeld(path, 'unknown', 'legacy-time-unclear');
  });

  test('whose file was written later than the record says is as young as its file', async () => {
    const path = newPath();
    const { writer } = await startWriter();
    writeLock(path, { pid: writer.pid, createdAtMs: Date.now() - HOUR });
    expectHeld(path, 'held', 'legacy-born-before-record');
  });

  test('without a time is judged by the time of its file', async () => {
    const path = newPath();
    const { writer } = await startWriter();
    const file = writeLock(path, { pid: writer.pid });
    expectHeld(path, 'held', 'legacy-born-before-record');
    const anHourAgo = (Date.now() - HOUR) / 1000;
    utimesSync(file, anHourAgo, anHourAgo);
    expectStale(path, 'legacy-born-after-record');
  });

  test('without a time is as old as its file at each look, though nothing else has changed', () => {
    const path = newPath();
    const file = writeLock(path, { pid: process.pid });
    for (const seconds of [1_700_000_000, 1_600_000_000]) {
      utimesSync(file, seconds, seconds);
      expect(api.inspectLockSync(path).owner?.recordedAt?.ms).toBe(1000 * seconds);
    }
  });

  test('that is held for hours by a live owner is never expired by age', () => {
    const path = newPath();
    // Process 1 is older than every record.
    writeLock(path, { pid: 1, createdAtMs: Date.now() });
    const ancient = 1_700_000_000;
    utimesSync(path, ancient, ancient);
    expect(api.inspectLockSync(path).state).toBe('held');
    expect(api.tryAcquireLockSync(path, { ownerlessGrace: 0 })).toBeNull();
  });
});
