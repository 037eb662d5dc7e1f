import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WatchOperations } from '../../src/backend/backend.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { NewOwnerRecord } from '../../src/record/format.js';
import { witnessOn, writeLockOf } from '../helpers/crafted.js';
import { describeForBackends } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { nativeFixture } from '../native/addon.js';

// A waiter with a complete change watch looks again by itself only after 12 s at the earliest.
const SOON_MS = 3000;
const TIMEOUT_MS = 9000;
/** ms in which a waiter that polls would have looked several times. */
const POLLED_MS = 700;

let lastOffset = 2n ** 57n + BigInt(process.pid) * 1_000_000n;

afterEach(() => {
  vi.restoreAllMocks();
});

describeRequiring([hasProgram('python3')], 'a lifeline', () => {
  describeForBackends(['native'], 'that a waiter watches', (api) => {
    let path: string;
    let bell: TestProcess;
    let lifeline: string;
    let living: ProcessIdentity;

    const watch = () => api.backend.watch as WatchOperations;

    beforeEach(async () => {
      path = join(tempDir(), 'install.lock');
      lastOffset += 2n;
      lifeline = `time:${lastOffset}`;
      bell = await startProcess(['python3', nativeFixture('bell.py'), 'time', String(lastOffset), '0']);
      await bell.message();
      const owner = await startProcess(['cat']);
      living = { ...(api.probeIdentity(owner.pid) as ProcessIdentity), lifeline: null };
    });

    /** Makes a lock whose changes raise no event, as another machine's on a network filesystem. */
    function silentLock(changes: Partial<NewOwnerRecord>, identity = living, type = 'nfs'): void {
      writeLockOf(path, identity, { filesystem: type, ...changes });
      pretendFilesystem(api.backend, type);
      vi.spyOn(watch(), 'onLockChange').mockReturnValue(4711);
      const elsewhere = api.backend.files.openParent(tempDir());
      const { openChangeMonitor } = watch();
      vi.spyOn(watch(), 'openChangeMonitor').mockImplementation(() => openChangeMonitor(elsewhere));
    }

    /** Waits for the lock, and says how many ms have passed since `since` when it is there. */
    async function timed(waiting: Promise<{ releaseSync(): void }>): Promise<number> {
      const since = performance.now();
      (await waiting).releaseSync();
      return performance.now() - since;
    }

    test('as one of the lock itself wakes it at its end, and spares it the polling', async () => {
      silentLock({ lifeline });
      const onLifelineEnd = vi.spyOn(watch(), 'onLifelineEnd');
      let acquired = false;
      const waiting = api.acquireLock(path, { timeout: TIMEOUT_MS });
      void waiting.then(() => {
        acquired = true;
      });
      await until('it watches the lifeline', () => onLifelineEnd.mock.calls.length > 0);
      expect(onLifelineEnd.mock.calls[0]?.[0]).toBe(lifeline);
      rmSync(path, { recursive: true });
      await sleep(POLLED_MS);
      expect(acquired).toBe(false);
      await bell.kill();
      expect(await timed(waiting)).toBeLessThan(SOON_MS);
    });

    test('wakes a thread that blocks', async () => {
      silentLock({ lifeline });
      await startProcess(['sh', '-c', `sleep 0.5; rm -r "${path}"; sleep 0.5; kill -9 ${bell.pid}`]);
      const block = vi.spyOn(watch(), 'block');
      const started = performance.now();
      api.acquireLockSync(path, { timeout: TIMEOUT_MS }).releaseSync();
      expect(performance.now() - started).toBeLessThan(SOON_MS + 1000);
      expect(block.mock.results.map(({ value }) => value)).toContain('exit');
      // A few looks follow each event, and none is due in the second in which nothing is heard.
      expect(block.mock.calls.length).toBeLessThan(8);
    });

    test('that cannot be watched makes it poll', async () => {
      silentLock({ lifeline });
      vi.spyOn(watch(), 'onLifelineEnd').mockReturnValue('EMFILE');
      const waiting = api.acquireLock(path, { timeout: TIMEOUT_MS });
      await sleep(300);
      rmSync(path, { recursive: true });
      expect(await timed(waiting)).toBeLessThan(SOON_MS);
    });

    test('of an owner in a sibling container wakes it too, but it polls, because the owner may release the lock', async () => {
      const pidNamespace = { inode: '1', id: null };
      silentLock({}, { ...living, pidNamespace, pidfdInode: null, lifeline });
      const onLifelineEnd = vi.spyOn(watch(), 'onLifelineEnd');
      const waiting = api.acquireLock(path, { timeout: TIMEOUT_MS });
      await until('it watches the lifeline', () => onLifelineEnd.mock.calls.length > 0);
      expect(onLifelineEnd.mock.calls[0]?.[0]).toBe(lifeline);
      rmSync(path, { recursive: true });
      expect(await timed(waiting)).toBeLessThan(SOON_MS);
    });

    test('is left alone by all but the first in line', async () => {
      silentLock({ lifeline });
      const onLifelineEnd = vi.spyOn(watch(), 'onLifelineEnd');
      const head = new AbortController();
      const waiters = Array.from({ length: 20 }, (_, index) =>
        api.acquireLock(path, { timeout: TIMEOUT_MS, ...(index === 0 ? { signal: head.signal } : {}) }),
      );
      await until('the first one watches', () => onLifelineEnd.mock.calls.length > 0);
      await sleep(POLLED_MS);
      expect(onLifelineEnd).toHaveBeenCalledTimes(1);
      head.abort(new Error('enough'));
      await expect(waiters[0]).rejects.toThrow('enough');
      await until('the next one watches', () => onLifelineEnd.mock.calls.length === 2);
      rmSync(path, { recursive: true });
      await bell.kill();
      for (const waiter of waiters.slice(1)) (await waiter).releaseSync();
    });

    test.each([
      { what: 'is not watched where the close of owner.json shows the end', handedOver: false, times: 0 },
      {
        what: 'is watched beside the file where another process may have inherited one of both',
        handedOver: true,
        times: 1,
      },
    ])('$what', async ({ handedOver, times }) => {
      const file = writeLockOf(path, living);
      writeLockOf(path, living, { lifeline, handedOver, witness: witnessOn(file) });
      vi.spyOn(api.backend.witness, 'test').mockReturnValue('held');
      const onLifelineEnd = vi.spyOn(watch(), 'onLifelineEnd');
      await expect(api.acquireLock(path, { timeout: 300 })).rejects.toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' }),
      );
      expect(onLifelineEnd).toHaveBeenCalledTimes(times);
    });
  });
});

describeForBackends(['native'], 'a waiter that sees the file of the lock through another mount', (api) => {
  test('polls, because it hears nothing of what the owner does with its file', async () => {
    const path = join(tempDir(), 'install.lock');
    const owner = await startProcess(['cat']);
    const identity = { ...(api.probeIdentity(owner.pid) as ProcessIdentity), lifeline: null };
    // An overlay that is mounted anew has another device, and its files may have other inodes.
    const filesystem = 'overlay';
    const file = writeLockOf(path, identity, { filesystem });
    const witness = { ...witnessOn(file), device: '1', inode: '1', directory: null };
    writeLockOf(path, identity, { filesystem, witness });
    pretendFilesystem(api.backend, filesystem);
    vi.spyOn(api.backend.watch as WatchOperations, 'onLockChange').mockReturnValue(4711);
    const waiting = api.acquireLock(path, { timeout: TIMEOUT_MS });
    await sleep(300);
    rmSync(path, { recursive: true });
    const removed = performance.now();
    (await waiting).releaseSync();
    expect(performance.now() - removed).toBeLessThan(SOON_MS);
  });
});
